"""Events and what they name: messages, signals, errors, escalations, links; who catches them."""

from collections.abc import Iterator

from bpmn.checks.drawing import Node, Scope, Xml
from bpmn.checks.saying import error, warning
from bpmn.findings import Finding

NAMED = {  # kind of event: its attribute, and its words
    "message": ("messageRef", "消息", "message"),
    "signal": ("signalRef", "信号", "signal"),
    "error": ("errorRef", "错误", "error"),
    "escalation": ("escalationRef", "升级", "escalation"),
}
CAN_FAIL = frozenset(["serviceTask", "callActivity", "subProcess", "transaction"])
NEVER_WAIT = frozenset(["scriptTask", "businessRuleTask", "sendTask"])


def references(scope: Scope) -> Iterator[Finding]:
    for node in scope.nodes.values():
        for kind, xml in _named(node):
            yield from _reference(node, kind, xml)


def _named(node: Node) -> Iterator[tuple[str, Xml]]:
    """The kinds of event at this node that must say which one, and where they say it."""
    if node.tag in ("sendTask", "receiveTask"):
        yield "message", node.xml
    for kind, xml in zip(node.events, node.definitions, strict=True):
        if kind in NAMED:
            yield kind, xml


def _reference(node: Node, kind: str, xml: Xml) -> Iterator[Finding]:
    attribute, zh, en = NAMED[kind]
    ref, meant = xml.get(attribute), node.scope.drawing.named(xml.get(attribute), kind)
    if ref is None and kind in ("error", "escalation") and _catches(node):
        return  # catches every one
    if ref is None:
        yield error(
            f"no-{kind}",
            node,
            f"“{node.shown}”没有指定{zh}，请选择一个。",
            f"“{node.shown}” names no {en}: choose one.",
        )
    elif meant is None:
        yield error(
            f"unknown-{kind}",
            node,
            f"“{node.shown}”引用的{zh} {ref} 不存在，请重新选择。",
            f"“{node.shown}” refers to the {en} {ref}, which is not there: choose another.",
        )
    elif not (meant.get("name") or "").strip() and kind in ("message", "signal"):
        yield error(
            f"{kind}-without-name",
            node,
            f"“{node.shown}”的{zh}没有名称，外部无法发送，请填写名称。",
            f"The {en} of “{node.shown}” has no name, so nobody can send it: give it one.",
        )
    elif not (meant.get(f"{kind}Code") or "").strip() and kind in ("error", "escalation"):
        yield error(
            f"{kind}-without-code",
            node,
            f"“{node.shown}”的{zh}没有代码，请填写代码，捕获时按代码匹配。",
            f"The {en} of “{node.shown}” has no code: give it one, it is what catching goes by.",
        )


def links(scope: Scope) -> Iterator[Finding]:
    throws = {n: _link_name(n) for n in scope.of("intermediateThrowEvent") if "link" in n.events}
    catches = {n: _link_name(n) for n in scope.of("intermediateCatchEvent") if "link" in n.events}
    for node, name in throws.items():
        if name not in catches.values():
            yield error(
                "link-without-catch",
                node,
                f"链接“{name}”没有同名的接收事件，请在同一层画一个。",
                f"The link “{name}” has no catching event of that name: draw one beside it.",
            )
    for node, name in catches.items():
        if name not in throws.values():
            yield error(
                "link-without-throw",
                node,
                f"链接“{name}”没有同名的发出事件，请在同一层画一个。",
                f"The link “{name}” has no throwing event of that name: draw one beside it.",
            )
        if list(catches.values()).count(name) > 1:
            yield error(
                "link-twice",
                node,
                f"链接“{name}”有多个接收事件，请只留一个。",
                f"The link “{name}” has several catching events: keep one.",
            )


def boundaries(scope: Scope) -> Iterator[Finding]:
    """What boundary events can catch where they are."""
    for node in scope.of("boundaryEvent"):
        host, kind = node.host, node.events[0] if len(node.events) == 1 else ""
        if host is None:
            continue
        if kind == "error" and not node.is_interrupting:
            yield error(
                "error-not-interrupting",
                node,
                f"错误事件“{node.shown}”必须中断所在步骤，请改为中断型。",
                f"The error event “{node.shown}” must interrupt its step: make it interrupting.",
            )
        if kind == "cancel" and host.tag != "transaction":
            yield error(
                "cancel-without-transaction",
                node,
                f"取消事件“{node.shown}”只能放在事务子流程上。",
                f"The cancel event “{node.shown}” can only stand on a transaction.",
            )
        if _never_happens(kind, host.tag):
            yield warning(
                "never-happens",
                node,
                f"“{host.shown}”不会等待也不会发出它，“{node.shown}”永远不会发生，"
                "请删除或换一个步骤。",
                f"“{host.shown}” neither waits nor throws this, so “{node.shown}” never happens: "
                "remove it or put it on another step.",
            )


def cancel_ends(scope: Scope) -> Iterator[Finding]:
    for node in scope.of("endEvent"):
        if "cancel" in node.events and not (scope.owner and scope.owner.tag == "transaction"):
            yield error(
                "cancel-without-transaction",
                node,
                f"取消结束事件“{node.shown}”只能放在事务子流程里。",
                f"The cancel end event “{node.shown}” can only stand in a transaction.",
            )
        elif "cancel" in node.events and not _is_caught(node, "cancel", None):
            yield _uncaught(node, "取消", "cancellation")


def uncaught_errors(scope: Scope) -> Iterator[Finding]:
    for node in scope.of("endEvent"):
        for xml in node.definitions if "error" in node.events else ():
            meant = scope.drawing.named(xml.get("errorRef"), "error")
            code = None if meant is None else meant.get("errorCode")
            if not _is_caught(node, "error", code) and not _is_called(node):
                yield _uncaught(node, "错误", "error")


def _uncaught(node: Node, zh: str, en: str) -> Finding:
    return warning(
        "uncaught",
        node,
        f"没有事件捕获“{node.shown}”的{zh}，运行会停下成为异常，请在外层加一个边界事件。",
        f"No event catches the {en} of “{node.shown}”, so the run stops as an incident: "
        "put a boundary event round it.",
    )


def _is_caught(node: Node, kind: str, code: str | None) -> bool:
    scope: Scope | None = node.scope
    while scope is not None:
        owner = scope.owner
        listening = [n for s in scope.inner if s.is_for_event for n in s.of("startEvent")]
        for catcher in [*listening, *(owner.attached if owner else ())]:
            if kind in catcher.events and _code(catcher, kind) in (None, code):
                return True
        scope = owner.scope if owner else None
    return False


def _code(node: Node, kind: str) -> str | None:
    ref = node.definitions[node.events.index(kind)].get(f"{kind}Ref")
    meant = node.scope.drawing.named(ref, kind)
    return None if meant is None else meant.get(f"{kind}Code")


def _is_called(node: Node) -> bool:
    """The error may be caught where the process is called."""
    process = node.scope
    while process.owner:
        process = process.owner.scope
    return any(
        call.xml.get("calledElement") == process.id
        for call in process.drawing.nodes()
        if call.tag == "callActivity"
    )


def _never_happens(kind: str, host: str) -> bool:
    if kind in ("error", "escalation"):
        return host not in CAN_FAIL
    return host in NEVER_WAIT


def _catches(node: Node) -> bool:
    return node.tag in ("boundaryEvent", "startEvent")


def _link_name(node: Node) -> str:
    return str(node.definitions[node.events.index("link")].get("name") or "")
