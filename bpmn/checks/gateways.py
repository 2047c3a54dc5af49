"""Choices: every gateway that chooses must always have a way to go, and nothing else chooses."""

import ast
from collections.abc import Iterator

from bpmn.checks.drawing import Flow, Node, Scope
from bpmn.checks.saying import error
from bpmn.findings import Finding

LONGEST = 500  # characters of a condition that is looked into
CHOOSING = ("exclusiveGateway", "inclusiveGateway")
OPPOSITES = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


def missing_defaults(scope: Scope) -> Iterator[Finding]:
    for node in scope.of(*CHOOSING):
        conditions = [flow.condition for flow in node.outgoing]
        if node.xml.get("default") or None in conditions or not conditions:
            continue  # a flow without a condition is a finding of its own
        if not is_always_true([text for text in conditions if text is not None]):
            yield error(
                "needs-default",
                node,
                f"网关“{node.shown}”的条件可能都不成立，请指定一条默认连线。",
                f"The gateway “{node.shown}” needs a default flow, "
                "for when none of its conditions holds.",
            )


def missing_conditions(scope: Scope) -> Iterator[Finding]:
    for node in scope.of(*CHOOSING):
        for flow in node.outgoing if node.is_split else ():
            if flow.condition is None and flow.id != node.xml.get("default"):
                yield error(
                    "missing-condition",
                    flow,
                    f"网关“{node.shown}”的连线“{flow.shown}”没有条件，请填写条件或设为默认连线。",
                    f"The flow “{flow.shown}” out of “{node.shown}” has no condition: "
                    "write one or make it the default flow.",
                )


def wrong_defaults(scope: Scope) -> Iterator[Finding]:
    for node in scope.nodes.values():
        default = node.xml.get("default")
        flow = next((flow for flow in node.outgoing if flow.id == default), None)
        if default and not flow:
            yield error(
                "loose-default",
                node,
                f"“{node.shown}”的默认连线 {default} 不是从它出来的，请重新指定。",
                f"The default flow {default} does not leave “{node.shown}”: choose another.",
            )
        elif flow and flow.condition is not None:
            yield error(
                "condition-on-default",
                flow,
                f"默认连线“{flow.shown}”上的条件不会被计算，请删除条件或换一条默认连线。",
                f"The condition on the default flow “{flow.shown}” is never looked at: "
                "remove it or make another flow the default.",
            )


def idle_conditions(scope: Scope) -> Iterator[Finding]:
    for node in scope.nodes.values():
        if node.tag not in CHOOSING:
            for flow in node.outgoing:
                if flow.condition is not None:
                    yield _idle(flow, node)


def event_gateways(scope: Scope) -> Iterator[Finding]:
    for node in scope.of("eventBasedGateway"):
        if len(node.outgoing) < 2:
            yield error(
                "one-event",
                node,
                f"事件网关“{node.shown}”至少要有两个事件可等，请补充或删除网关。",
                f"The event gateway “{node.shown}” needs two events or more: add one or remove it.",
            )
        for target in node.next:
            if not _is_awaited(target) or len(target.incoming) > 1 or target.is_repeated:
                yield error(
                    "no-event-behind",
                    target,
                    f"事件网关“{node.shown}”后面只能直接接消息、信号、定时事件或接收任务，"
                    f"且不能有别的入线，请修改“{target.shown}”。",
                    f"Behind the event gateway “{node.shown}” stand only message, signal and timer "
                    f"events and receive tasks with no other flow in: change “{target.shown}”.",
                )


def is_always_true(conditions: list[str]) -> bool:
    """Whether one of the conditions certainly holds: a constant, or two that are opposites."""
    trees = [tree for text in conditions if (tree := _read(text)) is not None]
    said = {ast.dump(tree) for tree in trees}
    for tree in trees:
        if isinstance(tree, ast.Constant) and tree.value:
            return True
        if any(ast.dump(other) in said for other in _opposites(tree)):
            return True
    return False


def _opposites(tree: ast.expr) -> Iterator[ast.expr]:
    yield ast.UnaryOp(ast.Not(), tree)
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        yield tree.operand
    elif isinstance(tree, ast.Compare) and len(tree.ops) == 1:
        sign = OPPOSITES[type(tree.ops[0])]()
        yield ast.Compare(tree.left, [sign], tree.comparators)


def _read(text: str) -> ast.expr | None:
    if len(text) > LONGEST:
        return None
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_awaited(node: Node) -> bool:
    """An event, or a receive task without events at its edge: those would go on waiting."""
    if node.tag == "receiveTask":
        return not node.attached
    return node.tag == "intermediateCatchEvent" and "link" not in node.events


def _idle(flow: Flow, node: Node) -> Finding:
    return error(
        "idle-condition",
        flow,
        f"“{node.shown}”后面的连线“{flow.shown}”上的条件不会被计算，请在它后面接一个排他网关。",
        f"The condition on “{flow.shown}” behind “{node.shown}” is never looked at: "
        "put an exclusive gateway there.",
    )
