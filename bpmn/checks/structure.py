"""Whether the drawing holds together: starts, ends, flows, and a way through for every step."""

from collections.abc import Iterator

from bpmn.checks import graph
from bpmn.checks.drawing import ACTIVITIES, Flow, Node, Scope
from bpmn.checks.saying import error
from bpmn.findings import Finding

ELSEWHERE = ("另一个子流程或泳池里的", "in another subprocess or pool")
NOWHERE = ("不存在的", "not in the diagram")


def begins(scope: Scope) -> Iterator[Finding]:
    starts = scope.of("startEvent")
    if not starts:
        yield error(
            "no-start",
            scope,
            f"“{scope.shown}”没有开始事件，请画一个。",
            f"“{scope.shown}” has no start event: draw one.",
        )
    for extra in starts[1:]:
        yield error(
            "several-starts",
            extra,
            f"“{scope.shown}”有多个开始事件，请只留一个，其余改为事件子流程或另一张图。",
            f"“{scope.shown}” has several start events: keep one, and make the others event "
            "subprocesses or diagrams of their own.",
        )


def ends(scope: Scope) -> Iterator[Finding]:
    if not scope.of("endEvent"):
        yield error(
            "no-end",
            scope,
            f"“{scope.shown}”没有结束事件，请画一个。",
            f"“{scope.shown}” has no end event: draw one.",
        )


def unreachable(scope: Scope) -> Iterator[Finding]:
    reached = graph.reach(graph.starts(scope))
    for node in scope.nodes.values():
        if node not in reached and not node.is_for_undoing:
            yield error(
                "unreachable",
                node,
                f"从开始事件走不到“{node.shown}”，请连上线或删除它。",
                f"No way leads from the start to “{node.shown}”: connect it or remove it.",
            )


def dead_ends(scope: Scope) -> Iterator[Finding]:
    ends = [node for node in scope.nodes.values() if _is_end(node)]
    leading = graph.reach(ends, graph.backward(scope))
    for node in scope.nodes.values():
        if node not in leading and not (node.is_event_subprocess or node.is_for_undoing):
            yield error(
                "dead-end",
                node,
                f"从“{node.shown}”走不到结束事件，请连到下一步或结束事件。",
                f"No way leads from “{node.shown}” to an end event: connect it to what comes next.",
            )


def loose_flows(scope: Scope) -> Iterator[Finding]:
    for flow in scope.flows:
        for ref in (flow.source, flow.target):
            if ref not in scope.nodes:
                yield _loose(scope, flow, ref)


def wrong_ways(scope: Scope) -> Iterator[Finding]:
    """Flows into starts and boundary events, out of ends, and round event subprocesses."""
    for node in scope.nodes.values():
        if node.incoming and _takes_none(node):
            yield error(
                "flow-into",
                node,
                f"连线不能进入“{node.shown}”，请改连到后面的步骤。",
                f"No flow can lead into “{node.shown}”: connect it to the step after.",
            )
        if node.outgoing and (_is_end(node) or node.is_event_subprocess):
            yield error(
                "flow-out-of",
                node,
                f"连线不能从“{node.shown}”出来，请删除或改连。",
                f"No flow can lead out of “{node.shown}”: remove it or connect it elsewhere.",
            )


def hidden_splits(scope: Scope) -> Iterator[Finding]:
    for node in scope.nodes.values():
        if len(node.outgoing) > 1 and "Gateway" not in node.tag:
            yield error(
                "hidden-split",
                node,
                f"“{node.shown}”有 {len(node.outgoing)} 条出线，看不出是都走还是选一条，"
                "请接一个网关。",
                f"{len(node.outgoing)} flows leave “{node.shown}”: put a gateway behind it "
                "that says whether all are taken or one.",
            )


def loose_boundaries(scope: Scope) -> Iterator[Finding]:
    for node in scope.of("boundaryEvent"):
        if node.host is None or node.host.tag not in ACTIVITIES or node.host.is_event_subprocess:
            yield error(
                "loose-boundary",
                node,
                f"边界事件“{node.shown}”没有附着在步骤上，请放到步骤的边上。",
                f"The boundary event “{node.shown}” is attached to no step: put it on the edge "
                "of one.",
            )


def _loose(scope: Scope, flow: Flow, ref: str) -> Finding:
    is_elsewhere = ref in scope.drawing.ids
    where = ELSEWHERE if is_elsewhere else NOWHERE
    return error(
        "loose-flow",
        flow,
        f"连线“{flow.shown}”的一端是{where[0]}元素 {ref}，请重新连接。",
        f"One end of the flow “{flow.shown}” ({ref}) is {where[1]}: connect it again.",
    )


def _is_end(node: Node) -> bool:
    return node.tag == "endEvent" or (
        node.tag == "intermediateThrowEvent" and "link" in node.events
    )


def _takes_none(node: Node) -> bool:
    is_entry = node.tag in ("startEvent", "boundaryEvent") or graph.is_link_catch(node)
    return is_entry or node.is_event_subprocess
