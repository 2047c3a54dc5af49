"""Subprocesses, calls, and what is drawn round the steps. Each row is proved by test_support.py."""

from tests.diagram_maker import node, process, properties, subprocess
from tests.support_rows import refused, runs, transaction

POOL = (
    '<bpmn:collaboration id="co">'
    '<bpmn:participant id="pa" processRef="p"/>'
    '<bpmn:participant id="pb" name="客户"/>'
    '<bpmn:messageFlow id="mf" sourceRef="pb" targetRef="A"/>'
    "</bpmn:collaboration>"
)
CORRELATION = (
    '<bpmn:correlationProperty id="cp">'
    '<bpmn:correlationPropertyRetrievalExpression messageRef="msg">'
    "<bpmn:messagePath>x</bpmn:messagePath></bpmn:correlationPropertyRetrievalExpression>"
    "</bpmn:correlationProperty>"
)
REMARKS = (
    '<bpmn:textAnnotation id="ta"><bpmn:text>x</bpmn:text></bpmn:textAnnotation>'
    '<bpmn:association id="as" sourceRef="A" targetRef="ta"/>'
    '<bpmn:group id="gr"/>'
)
ASSOCIATION = (
    '<bpmn:dataInputAssociation id="da">'
    "<bpmn:sourceRef>dr</bpmn:sourceRef>"
    "<bpmn:targetRef>dr</bpmn:targetRef></bpmn:dataInputAssociation>"
)
OBJECT = '<bpmn:dataObject id="do"/><bpmn:dataObjectReference id="dr" dataObjectRef="do"/>'

SUBPROCESSES = [
    runs(
        "内嵌子流程 / Embedded subprocess",
        [subprocess("S", [], "s_S B e_S")],
        "s S A e",
        does="B; do B x=1; A; x=1",
    ),
    runs(
        "多层子流程 / Subprocess in a subprocess",
        [subprocess("S", [subprocess("T", [], "s_T C e_T")], "s_S T B e_S")],
        "s S A e",
        does="C; do C; B; do B; A",
    ),
    refused(
        "没有开始事件的子流程 / Subprocess without a start event",
        "no-start",
        [subprocess("S", [], "B e_S")],
        "s S e",
    ),
    runs(
        "调用 / Call activity",
        [node("callActivity", "X", calledElement="q")],
        "s X A e",
        does="B; do B x=1; A; x=1",
        more=process("q", [], "s_q B e_q"),
    ),
    refused(
        "调用不存在的图 / Call of an unknown diagram",
        "unknown-diagram",
        [node("callActivity", "X", calledElement="nope")],
        "s X e",
    ),
    refused(
        "调用全局任务 / Call of a global task",
        "unknown-diagram",
        [node("callActivity", "X", calledElement="gt")],
        "s X e",
        extra='<bpmn:globalUserTask id="gt"/>',
    ),
    refused(
        "调用转回自己 / Calls in a circle",
        "calls-itself",
        [node("callActivity", "X", calledElement="p")],
        "s X e",
    ),
    runs(
        "事务 / Transaction",
        [transaction("S", [], "s_S B e_S")],
        "s S A e",
        does="B; do B; A; do A; end e",
    ),
    refused(
        "特别子流程 / Ad-hoc subprocess",
        "unsupported-element",
        [node("adHocSubProcess", "S", node("userTask", "B"))],
        "s S e",
    ),
]

DRAWING = [
    runs("泳道 / Lanes", [], "s A e", does="A; do A; end e"),
    runs(
        "只画出的泳池与消息流 / A pool that is only drawn",
        [],
        "s A e",
        does="A; do A; end e",
        extra=POOL,
    ),
    refused(
        "两个可执行的泳池 / Two executable pools",
        "several-processes",
        [],
        "s A e",
        more=process("q", [], "s_q B e_q"),
    ),
    runs(
        "数据对象，只画出 / Data object, only drawn",
        [OBJECT],
        "s A e",
        does="A; do A; end e",
    ),
    refused(
        "数据关联 / Data association",
        "data-association",
        [
            OBJECT,
            node(
                "userTask",
                "A",
                ASSOCIATION,
            ),
        ],
        "s A e",
    ),
    refused(
        "数据存储 / Data store",
        "unsupported-element",
        ['<bpmn:dataStoreReference id="ds"/>'],
        "s A e",
    ),
    runs(
        "文字注释与分组 / Text annotation and group",
        [],
        "s A e",
        does="A; do A; end e",
        tail=REMARKS,
    ),
    runs(
        "关联键属性 / Correlation by the property correlationKey",
        [node("receiveTask", "X", properties(correlationKey="id"), messageRef="msg")],
        "s X A e",
        does="-; hear msg 8; -; hear msg 7; A",
        data={"id": 7},
    ),
    refused(
        "关联属性 / Correlation by correlationProperty",
        "correlation-property",
        [node("receiveTask", "X", messageRef="msg")],
        "s X A e",
        extra=CORRELATION,
    ),
]
