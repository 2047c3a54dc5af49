"""Which elements may stand where: the white lists, and why the others are refused.

docs/bpmn-support.md is the proof: each line here is run, or seen to be refused, by a test.
"""

from collections.abc import Iterator

from bpmn.checks.drawing import (
    BPMN,
    EVENTS,
    NODES,
    SPIFF,
    Drawing,
    Node,
    Part,
    Scope,
    Xml,
    child,
    children,
    local,
    part,
)
from bpmn.checks.saying import error
from bpmn.findings import Finding

REMARKS = "documentation extensionElements textAnnotation association group auditing monitoring"
PEOPLE = "laneSet resourceRole performer humanPerformer potentialOwner"
DATA = "property dataObject dataObjectReference ioSpecification"
REPEATS = "multiInstanceLoopCharacteristics standardLoopCharacteristics"
DRAWN_ONLY = frozenset(f"{REMARKS} {PEOPLE} {DATA} {REPEATS} incoming outgoing supports".split())
RUNS = NODES - {"complexGateway", "adHocSubProcess"}

PLACES: dict[str, frozenset[str]] = {  # where an event stands: what it may wait for or throw
    "start": frozenset({"none", "message"}),
    "subprocess start": frozenset({"none"}),
    "event subprocess start": frozenset({"message", "signal", "timer", "error", "escalation"}),
    "catch": frozenset({"message", "signal", "timer", "link"}),
    "throw": frozenset({"none", "message", "signal", "escalation", "link"}),
    "end": frozenset({"none", "message", "signal", "error", "escalation", "terminate", "cancel"}),
    "boundary": frozenset({"message", "signal", "timer", "error", "escalation", "cancel"}),
}
WORDS = {  # place: in Chinese and English
    "start": ("流程的开始事件", "a start event"),
    "subprocess start": ("子流程的开始事件", "the start event of a subprocess"),
    "event subprocess start": ("事件子流程的开始事件", "the start event of an event subprocess"),
    "catch": ("中间捕获事件", "an intermediate catch event"),
    "throw": ("中间抛出事件", "an intermediate throw event"),
    "end": ("结束事件", "an end event"),
    "boundary": ("边界事件", "a boundary event"),
}
INSTEAD = {  # what to draw in the place of what is refused
    "complexGateway": (
        "请用排他、并行或包容网关表达。",
        "use exclusive, parallel or inclusive gateways.",
    ),
    "dataStoreReference": (
        "请用服务任务读写外部数据，图上可用文字注释。",
        "let a service read and write the data, and draw a text annotation.",
    ),
    "adHocSubProcess": (
        "请画成普通子流程，用网关表达可选步骤。",
        "draw a subprocess, with gateways for the optional steps.",
    ),
    "compensate": (
        "请画出撤销的步骤，用网关走到那里。",
        "draw the steps that undo it, and lead there by a gateway.",
    ),
    "conditional": (
        "请用信号或消息事件，由改变数据的一方发出。",
        "use a signal or message, sent by whoever changes the data.",
    ),
    "timer": (
        "请由排程启动流程，图中用空的开始事件。",
        "let the schedule start the run, and use a plain start event.",
    ),
    "signal": (
        "请用消息开始事件或空的开始事件。",
        "use a message start event or a plain one.",
    ),
    "none": ("请选择它等待什么。", "choose what it waits for."),
}
OTHERWISE = ("请换一种画法。", "draw it in another way.")


def place(node: Node) -> str:
    if node.tag == "startEvent" and node.scope.is_for_event:
        return "event subprocess start"
    if node.tag == "startEvent":
        return "subprocess start" if node.scope.owner else "start"
    return {
        "intermediateCatchEvent": "catch",
        "intermediateThrowEvent": "throw",
        "endEvent": "end",
        "boundaryEvent": "boundary",
    }[node.tag]


def unsupported(scope: Scope) -> Iterator[Finding]:
    for node in scope.nodes.values():
        if node.tag not in RUNS:
            yield _refused(node, node.tag)
    for other in scope.others:
        if local(other.xml) not in DRAWN_ONLY:
            yield _refused(other, local(other.xml))


def events(scope: Scope) -> Iterator[Finding]:
    for node in scope.nodes.values():
        if node.tag in EVENTS:
            yield from _event(node)
            if child(node.xml, "eventDefinitionRef") is not None:
                yield _refused(node, "eventDefinitionRef")


def _event(node: Node) -> Iterator[Finding]:
    if len(node.events) > 1 or node.xml.get("parallelMultiple", "false") != "false":
        yield error(
            "several-events",
            node,
            f"事件“{node.shown}”有多个触发条件，请拆成几个事件。",
            f"The event “{node.shown}” has several triggers: draw an event for each.",
        )
        return
    where, kind = place(node), node.events[0] if node.events else "none"
    if kind not in PLACES[where]:
        zh, en = INSTEAD.get(kind, OTHERWISE)
        yield error(
            "unsupported-event",
            node,
            f"{WORDS[where][0]}“{node.shown}”的类型（{kind}）不能执行：{zh}",
            f"“{node.shown}” ({kind}) cannot be run as {WORDS[where][1]}: {en}",
        )


def _refused(at: Part, tag: str) -> Finding:
    zh, en = INSTEAD.get(tag, OTHERWISE)
    return error(
        "unsupported-element",
        at,
        f"“{at.shown}”（{tag}）不能执行：{zh}",
        f"“{at.shown}” ({tag}) cannot be run: {en}",
    )


IGNORED = {  # attribute: the value with which it changes nothing
    "isForCompensation": "false",
    "instantiate": "false",
    "startQuantity": "1",
    "completionQuantity": "1",
    "eventGatewayType": "Exclusive",
    "behavior": "All",
}


def ignored_attributes(scope: Scope) -> Iterator[Finding]:
    """What BPMN gives a meaning to and the engine does not look at."""
    for node in scope.nodes.values():
        for xml in (node.xml, *children(node.xml)):
            for name, harmless in IGNORED.items():
                if xml.get(name, harmless) != harmless:
                    yield _not_done(node, f"{name}={xml.get(name)}")


def _not_done(node: Node, what: str) -> Finding:
    return error(
        "unsupported-attribute",
        node,
        f"“{node.shown}”的设置 {what} 不能执行，请去掉并换一种画法。",
        f"“{node.shown}” has the setting {what}, which cannot be run: take it away.",
    )


def data_links(scope: Scope) -> Iterator[Finding]:
    """Facts go by name; the engine would look for data objects that nothing fills."""
    for node in scope.nodes.values():
        linked = [e for e in children(node.xml) if local(e).endswith("Association")]
        declared = child(node.xml, "ioSpecification")
        if linked or (declared is not None and _lists_data(declared)):
            yield error(
                "data-association",
                node,
                f"“{node.shown}”的数据关联不能执行，数据按名称在步骤之间传递，请删除关联。",
                f"The data associations of “{node.shown}” cannot be run: facts go from step to "
                "step by name. Remove the associations.",
            )


def _lists_data(declared: Xml) -> bool:
    return any(local(e) in ("dataInput", "dataOutput") for e in children(declared))


def outside(drawing: Drawing) -> Iterator[Finding]:
    """What stands beside the processes and would be passed over in silence."""
    for xml in children(drawing.root, "dataStore"):
        yield _refused(part(xml), "dataStoreReference")
    for xml in drawing.root.iter(f"{{{BPMN}}}correlationProperty"):
        yield _no_correlation(part(xml))
    for xml in drawing.root.iter(f"{{{SPIFF}}}processVariableCorrelation"):
        yield _no_correlation(part(xml.getparent().getparent().getparent()))


def _no_correlation(at: Part) -> Finding:
    return error(
        "correlation-property",
        at,
        f"关联“{at.shown}”不会被计算，请在收发消息的元素上填写属性 correlationKey。",
        f"The correlation “{at.shown}” is never looked at: give the elements that send and "
        "receive the message the property correlationKey.",
    )
