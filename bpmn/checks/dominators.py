"""Which node every way to another leads through (Cooper, Harvey and Kennedy's algorithm)."""

from collections.abc import Iterator

from bpmn.checks import graph
from bpmn.checks.drawing import Node, Scope

Above = dict[Node, Node | None]  # node: the nearest one above it, None for a start


def above(scope: Scope) -> Above:
    """For each node that can be reached: the nearest node through which every way to it leads."""
    order = _in_order(scope)
    place = {node: n for n, node in enumerate(order)}
    before = graph.backward(scope)
    nearest: dict[int, int] = {n: -1 for n, node in enumerate(order) if graph.is_start(node)}
    is_settled = False
    while not is_settled:
        is_settled = True
        for n, node in enumerate(order):
            known = [at for each in before(node) if (at := place.get(each, -1)) in nearest]
            if not graph.is_start(node) and known:
                found = known[0]
                for other in known[1:]:
                    found = _meet(nearest, found, other)
                is_settled = is_settled and nearest.get(n) == found
                nearest[n] = found
    return {order[n]: order[up] if up >= 0 else None for n, up in nearest.items()}


def chain(above: Above, node: Node) -> Iterator[Node]:
    """The nodes above, nearest first."""
    up = above.get(node)
    while up is not None:
        yield up
        up = above.get(up)


def _meet(nearest: dict[int, int], a: int, b: int) -> int:
    while a != b:
        if a > b:
            a = nearest[a]
        else:
            b = nearest[b]
    return a


def _in_order(scope: Scope) -> list[Node]:
    """Reverse postorder: on ways without loops, a node comes after those before it."""
    done: dict[Node, None] = {}
    seen = set[Node]()
    for start in graph.starts(scope):
        pending: list[tuple[Node, Iterator[Node]]] = [(start, iter(start.next))]
        seen.add(start)
        while pending:
            node, following = pending[-1]
            following_node = next((each for each in following if each not in seen), None)
            if following_node is None:
                done[node] = None
                pending.pop()
            else:
                seen.add(following_node)
                pending.append((following_node, iter(following_node.next)))
    return list(reversed(done))
