"""Ways through a scope: what can be reached from where, and what lies on a cycle."""

from collections.abc import Callable, Iterable

from bpmn.checks.drawing import Node, Scope

Step = Callable[[Node], Iterable[Node]]


def starts(scope: Scope) -> list[Node]:
    """Where tokens come into being: starts, event subprocesses, and the far ends of links."""
    return [node for node in scope.nodes.values() if is_start(node)]


def is_start(node: Node) -> bool:
    return node.tag == "startEvent" or node.is_event_subprocess or is_link_catch(node)


def is_link_catch(node: Node) -> bool:
    return node.tag == "intermediateCatchEvent" and "link" in node.events


def forward(node: Node) -> list[Node]:
    return node.next


def reach(
    origins: Iterable[Node], step: Step = forward, avoiding: Iterable[Node] = ()
) -> set[Node]:
    """The origins and everything behind them, without going through what is avoided."""
    closed = set(avoiding)
    seen, pending = set[Node](), [node for node in origins if node not in closed]
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending += [each for each in step(node) if each not in closed]
    return seen


def backward(scope: Scope) -> Step:
    """Against the flows: from a boundary event one comes to its host."""
    before: dict[Node, list[Node]] = {}
    for node in scope.nodes.values():
        for after in node.next:
            before.setdefault(after, []).append(node)
    return lambda node: before.get(node, [])


def on_cycles(nodes: Iterable[Node]) -> list[Node]:
    """The nodes on cycles that go through none but these (and what lies between two cycles)."""
    left = dict.fromkeys(nodes)
    before = len(left) + 1
    while len(left) < before:
        before = len(left)
        left = _without_ends(_without_starts(left))
    return list(left)


def _without_ends(nodes: dict[Node, None]) -> dict[Node, None]:
    """What can go on for ever: peel off, again and again, the nodes that lead nowhere."""
    targets = {node: [each for each in node.next if each in nodes] for node in nodes}
    return _peeled(targets)


def _without_starts(nodes: dict[Node, None]) -> dict[Node, None]:
    sources: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in nodes:
        for each in node.next:
            if each in nodes:
                sources[each].append(node)
    return _peeled(sources)


def _peeled(edges: dict[Node, list[Node]]) -> dict[Node, None]:
    counts = {node: len(each) for node, each in edges.items()}
    users: dict[Node, list[Node]] = {}
    for node, each in edges.items():
        for other in each:
            users.setdefault(other, []).append(node)
    pending = [node for node, count in counts.items() if not count]
    while pending:
        node = pending.pop()
        del counts[node]
        for user in users.get(node, []):
            counts[user] -= 1
            if not counts[user]:
                pending.append(user)
    return dict.fromkeys(counts)
