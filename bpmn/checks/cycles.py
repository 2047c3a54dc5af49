"""Loops that never end or never rest, and joins that wait for a token that cannot come."""

from collections.abc import Iterator
from itertools import islice

from bpmn.checks import dominators, graph
from bpmn.checks.drawing import BY_ITSELF, CHOICES, GATEWAYS, Node, Scope
from bpmn.checks.saying import error, warning
from bpmn.findings import Finding

NEAREST = 5  # splits round a step that are looked at


def without_choice(scope: Scope) -> Iterator[Finding]:
    """A cycle needs a gateway that can choose to leave it (an interrupting event also does)."""
    stuck = graph.on_cycles(n for n in scope.nodes.values() if not _can_leave(n))
    if stuck:
        yield error(
            "endless-loop",
            stuck[0],
            f"从“{stuck[0].shown}”出发的循环没有出口，请加一个排他网关决定何时离开。",
            f"The loop through “{stuck[0].shown}” has no way out: "
            "put an exclusive gateway in it that decides when to leave.",
        )


def without_rest(scope: Scope) -> Iterator[Finding]:
    """A cycle of steps that all run at once spins until the engine stops it."""
    spinning = graph.on_cycles(n for n in scope.nodes.values() if _is_at_once(n))
    if spinning:
        yield warning(
            "spinning-loop",
            spinning[0],
            f"经过“{spinning[0].shown}”的循环中没有等待，重复太多会被停下成为异常，"
            "请确认次数有限或加一个定时器。",
            f"Nothing waits in the loop through “{spinning[0].shown}”: after too many rounds it is "
            "stopped as an incident. Make sure that the rounds are few, or put a timer in it.",
        )


def joins_fed_by_themselves(scope: Scope) -> Iterator[Finding]:
    above = dominators.above(scope)
    for join in _joins(scope):
        for flow in join.incoming:
            source = scope.nodes.get(flow.source)
            if source and (source is join or join in dominators.chain(above, source)):
                yield error(
                    "join-fed-by-itself",
                    join,
                    f"并行汇聚“{join.shown}”要等“{source.shown}”，而走到那里必须先经过这个汇聚，"
                    "请改用排他网关接收回路。",
                    f"The join “{join.shown}” waits for “{source.shown}”, which comes only after "
                    "the join itself: let an exclusive gateway take the flow back.",
                )


def joins_after_choices(scope: Scope) -> Iterator[Finding]:
    """One token enters a choice and one leaves it: a join behind it never has two."""
    above = dominators.above(scope)
    behind: dict[Node, list[Node]] = {}
    for join in _joins(scope):
        choice = next((node for node in dominators.chain(above, join) if _is_choice(node)), None)
        if choice:
            behind.setdefault(choice, []).append(join)
    for choice, joins in behind.items():
        ways = _ways_out(choice)
        for join in joins:
            if _starves(join, choice, ways):
                yield _starved(join, choice)


def tokens_taken_away(scope: Scope) -> Iterator[Finding]:
    """An interrupting event inside a parallel block that ends without coming to the join."""
    above = dominators.above(scope)
    for event in scope.of("boundaryEvent"):
        host = event.host if event.is_interrupting else None
        for join in _next_joins(host) if host else ():
            if host and _ends_apart(event, join) and _has_another_branch(host, join, above):
                yield _taken_away(event, join)


def _starved(join: Node, choice: Node) -> Finding:
    return error(
        "join-after-choice",
        join,
        f"“{choice.shown}”只选一条路，而并行汇聚“{join.shown}”要等全部，会一直等下去，"
        "请改用排他网关汇合。",
        f"“{choice.shown}” takes one way, but the parallel join “{join.shown}” waits for all of "
        "them, for ever: join with an exclusive gateway.",
    )


def _taken_away(event: Node, join: Node) -> Finding:
    return warning(
        "token-taken-away",
        event,
        f"“{event.shown}”发生后这条分支就结束了，并行汇聚“{join.shown}”会一直等它，"
        "请让它也走到汇聚，或用终止结束事件。",
        f"After “{event.shown}” this branch ends, and the parallel join “{join.shown}” waits for "
        "it for ever: lead it to the join as well, or end with a terminate event.",
    )


def _next_joins(host: Node) -> list[Node]:
    reached = graph.reach([host], lambda node: [] if _is_join(node) else _along_flows(node))
    return [node for node in reached if _is_join(node)]


def _ends_apart(event: Node, join: Node) -> bool:
    reached = graph.reach([event], avoiding=[join])
    return any(node.tag == "endEvent" and "terminate" not in node.events for node in reached)


def _has_another_branch(host: Node, join: Node, above: dominators.Above) -> bool:
    """A split leads to the host, and by another flow to the join without it."""
    splits = (node for node in dominators.chain(above, host) if _is_split(node))
    for split in islice(splits, NEAREST):
        others = [node for node in split.next if node is not host]
        if any(join in graph.reach([node], avoiding=[host, split]) for node in others):
            return True
    return False


def _ways_out(choice: Node) -> dict[str, set[Node]]:
    nodes = choice.scope.nodes
    return {
        flow.id: graph.reach([nodes[flow.target]], avoiding=[choice])
        for flow in choice.outgoing
        if flow.target in nodes
    }


def _starves(join: Node, choice: Node, ways: dict[str, set[Node]]) -> bool:
    """No one flow out of the choice leads to all inputs of the join."""
    inputs: list[set[str]] = []
    for flow in join.incoming:
        source = choice.scope.nodes.get(flow.source)
        if source is choice:
            inputs.append({flow.id})
        elif source:
            inputs.append({way for way, reached in ways.items() if source in reached})
    return bool(inputs) and not set.intersection(*inputs)


def _is_join(node: Node) -> bool:
    return node.tag == "parallelGateway" and len(node.incoming) > 1


def _is_split(node: Node) -> bool:
    return node.tag in ("parallelGateway", "inclusiveGateway") and node.is_split


def _joins(scope: Scope) -> list[Node]:
    return [node for node in scope.nodes.values() if _is_join(node)]


def _along_flows(node: Node) -> list[Node]:
    return [each for each in node.next if each.tag != "boundaryEvent"]


def _is_choice(node: Node) -> bool:
    return node.tag in ("exclusiveGateway", "eventBasedGateway") and node.is_split


def _can_leave(node: Node) -> bool:
    if node.tag in CHOICES:
        return len(node.outgoing) > 1
    return any(event.is_interrupting for event in node.attached)


def _is_at_once(node: Node) -> bool:
    if node.tag in GATEWAYS:
        return node.tag != "eventBasedGateway"
    return node.tag in BY_ITSELF or node.tag == "intermediateThrowEvent"
