"""Steps, once and several times. Each row is proved by test_support.py."""

from tests.diagram_maker import extended, gate, node, process, script, service, several, subprocess
from tests.support_rows import DECIDES, MULTI, TABLE, loop, refused, runs

BESIDE = extended(
    "<spiffworkflow:preScript>n = n + 1</spiffworkflow:preScript>"
    "<spiffworkflow:postScript>n = n * 10</spiffworkflow:postScript>"
)
TASKS = [
    runs("抽象 / Abstract: a person does it", [node("task", "A")], "s A e", does="A; do A; end e"),
    runs("用户 / User", [], "s A B e", does='A; do A cause=cable; B; cause="cable"'),
    runs("人工 / Manual", [node("manualTask", "A")], "s A e", does="A; do A; end e"),
    runs(
        "服务，当场返回 / Service that answers at once",
        [service("X", "echo", a="n + 1")],
        "s X A e",
        does='A; r={"a": 2}',
        data={"n": 1},
    ),
    runs(
        "服务，稍后返回 / Service that answers later",
        [service("X", "later"), gate("g", "parallel")],
        "s g X A e",
        "g B e2",
        does='B; answer X 7; A B; r={"n": 7}',
    ),
    runs("脚本 / Script", [script("X", "n = n + 1")], "s X A e", does="A; n=2", data={"n": 1}),
    refused(
        "脚本，其他语言 / Script in another language",
        "other-language",
        [node("scriptTask", "X", "<bpmn:script>x</bpmn:script>", scriptFormat="javascript")],
        "s X e",
    ),
    runs(
        "业务规则 / Business rule (DMN)",
        [node("businessRuleTask", "X", DECIDES)],
        "s X A e",
        does="A; hours=4",
        data={"grade": "AA"},
        files={"limit.dmn": TABLE},
    ),
    runs("发送 / Send", [node("sendTask", "X", messageRef="msg")], "s X A e", does="A; told msg"),
    refused(
        "发送，没有消息 / Send without a message", "no-message", [node("sendTask", "X")], "s X e"
    ),
    runs(
        "接收 / Receive",
        [node("receiveTask", "X", messageRef="msg")],
        "s X A e",
        does="-; hear msg; A; do A; end e",
    ),
    runs(
        "步骤的前后脚本 / Scripts before and after a step",
        [node("userTask", "A", BESIDE)],
        "s A B e",
        does="A; n=2; do A; B; n=20",
        data={"n": 1},
    ),
    refused(
        "事件或网关的前后脚本 / Scripts before and after an event or a gateway",
        "idle-script",
        [node("exclusiveGateway", "g", BESIDE)],
        "s g A e",
    ),
    refused(
        "补偿任务 / Compensation task",
        "unsupported-attribute",
        [node("userTask", "A", isForCompensation="true")],
        "s A e",
    ),
    refused(
        "起始或完成数量 / Start or completion quantity",
        "unsupported-attribute",
        [node("userTask", "A", startQuantity="2")],
        "s A e",
    ),
]

REPEATS = [
    runs(
        "多实例，同时 / Multi-instance, side by side",
        [node("userTask", "A", several("sites"))],
        "s A B e",
        does="A A; do A; A; do A; B",
        data={"sites": [1, 2]},
    ),
    runs(
        "多实例，依次 / Multi-instance, in turn",
        [node("userTask", "A", several("sites", in_turn=True))],
        "s A B e",
        does="A; do A; A; do A; B",
        data={"sites": [1, 2]},
    ),
    runs(
        "多实例，按数量 / Multi-instance, by number",
        [node("userTask", "A", several(times="n + 1"))],
        "s A B e",
        does="A A A; do A; do A; do A; B",
        data={"n": 2},
    ),
    runs(
        "多实例，收集结果 / Multi-instance, collecting results",
        [node("userTask", "A", several("sites", into="results", in_turn=True))],
        "s A B e",
        does="do A out=1; do A out=2; B; results=[1, 2]",
        data={"sites": ["a", "b"]},
    ),
    runs(
        "多实例，按数量并收集 / Multi-instance, by number, collecting results",
        [node("userTask", "A", several(times="2", into="results", in_turn=True))],
        "s A B e",
        does="do A out=1; do A out=2; B; results=[1, 2]",
        data={"results": [0]},
    ),
    runs(
        "多实例，完成条件 / Multi-instance, completion condition",
        [node("userTask", "A", several("sites", until="nrOfCompletedInstances == 1"))],
        "s A B e",
        does="A A A; do A; B",
        data={"sites": [1, 2, 3]},
    ),
    runs(
        "多实例，空集合 / Multi-instance of nothing",
        [node("userTask", "A", several("sites"))],
        "s A B e",
        does="B",
        data={"sites": []},
    ),
    runs(
        "多实例，子流程 / Multi-instance subprocess",
        [subprocess("S", [], "s_S B e_S").replace('name="S">', f'name="S">{several("sites")}', 1)],
        "s S A e",
        does="B B; do B; do B; A",
        data={"sites": [1, 2]},
    ),
    runs(
        "多实例，调用 / Multi-instance call activity",
        [node("callActivity", "X", several("sites"), calledElement="q")],
        "s X A e",
        does="B B; do B; do B; A",
        data={"sites": [1, 2]},
        more=process("q", [], "s_q B e_q"),
    ),
    runs(
        "多实例，服务 / Multi-instance service",
        [
            service("X", "echo", a="item").replace(
                "</bpmn:serviceTask>", several("sites") + "</bpmn:serviceTask>"
            )
        ],
        "s X A e",
        does="A; done X 2",
        data={"sites": [1, 2]},
    ),
    refused(
        "多实例，没有集合 / Multi-instance without a collection",
        "instances-of-nothing",
        [node("userTask", "A", f"<bpmn:{MULTI}/>")],
        "s A e",
    ),
    refused(
        "多实例，行为事件 / Multi-instance with behaviour events",
        "unsupported-attribute",
        [
            node(
                "userTask",
                "A",
                several("sites").replace(f"<bpmn:{MULTI}", f'<bpmn:{MULTI} behavior="One"'),
            )
        ],
        "s A e",
    ),
    runs(
        "标准循环，条件 / Standard loop, condition",
        [node("userTask", "A", loop("<bpmn:loopCondition>again</bpmn:loopCondition>"))],
        "s A B e",
        does="do A again=true; A; do A again=false; B",
    ),
    runs(
        "标准循环，次数 / Standard loop, maximum",
        [node("userTask", "A", loop(loopMaximum="2"))],
        "s A B e",
        does="do A; A; do A; B",
    ),
    runs(
        "标准循环，先判断 / Standard loop, tested before",
        [
            node(
                "userTask",
                "A",
                loop("<bpmn:loopCondition>again</bpmn:loopCondition>", testBefore="true"),
            )
        ],
        "s A B e",
        does="B",
        data={"again": False},
    ),
    refused(
        "标准循环，没有界限 / Standard loop without a bound",
        "loop-without-end",
        [node("userTask", "A", loop())],
        "s A e",
    ),
]
