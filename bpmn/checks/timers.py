"""Timers: exactly one time, in a place where it means something, and a literal that can be read."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bpmn import sandbox
from bpmn.checks.code import Source, sources
from bpmn.checks.drawing import Node, Scope, Xml, child
from bpmn.checks.saying import error, warning
from bpmn.findings import Finding
from bpmn.wall import timing

SHORTEST = timing.read_duration("PT1M")  # of a repetition
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
WANTED = {
    "timeDate": ("时刻（如 2026-08-01T12:00）", "an instant such as 2026-08-01T12:00"),
    "timeDuration": ("不为负的时长（如 PT2H）", "a duration such as PT2H, not negative"),
    "timeCycle": ("周期（如 R3/PT30M）", "a repetition such as R3/PT30M"),
}
READERS: dict[str, Callable[[object], object]] = {
    "timeDate": timing.read_instant,
    "timeDuration": timing.read_duration,
    "timeCycle": lambda value: timing.read_cycle(value, SOME_DAY),
}


def times(scope: Scope) -> Iterator[Finding]:
    for node in scope.nodes.values():
        for xml in node.definitions if node.events == ["timer"] else ():
            yield from _timer(node, xml)


def literals(scope: Scope) -> Iterator[Finding]:
    """What depends on no data is known now."""
    for source in sources(scope):
        if source.clock and source.text.strip() and not _needs_data(source.text):
            yield from _literal(source)


def _needs_data(text: str) -> bool:
    try:
        return bool(sandbox.names(text))
    except sandbox.ScriptRefused:
        return True  # a finding already


def _literal(source: Source) -> Iterator[Finding]:
    try:
        value = sandbox.evaluate(source.text, {})
        READERS[source.clock](value)
    except (sandbox.ScriptFailed, timing.BadTime, OverflowError):
        yield _bad_time(source)
    else:
        if source.clock == "timeCycle":
            yield from _cycle(source, value)


def _cycle(source: Source, value: str) -> Iterator[Finding]:
    times, *parts = value.strip().split("/")
    period = next(part for part in parts if part.startswith("P"))
    if times == "R0":
        yield _bad_time(source)
    elif timing.read_duration(period).after(SOME_DAY) < SHORTEST.after(SOME_DAY):
        yield warning(
            "hasty-cycle",
            source.at,
            f"“{source.at.shown}”每 {period} 触发一次，过于频繁，请改为一分钟以上。",
            f"“{source.at.shown}” fires every {period}, which is hasty: make it a minute or more.",
        )


def _bad_time(source: Source) -> Finding:
    zh, en = WANTED[source.clock]
    said = source.text.strip()[:80]
    return error(
        "bad-time",
        source.at,
        f"“{source.at.shown}”的时间 {said} 不可用，这里需要{zh}。",
        f"“{source.at.shown}” cannot wait for {said}: it needs {en}.",
    )


def _timer(node: Node, xml: Xml) -> Iterator[Finding]:
    clocks = [c for c in WANTED if child(xml, c) is not None]
    if len(clocks) != 1:
        yield error(
            "no-time",
            node,
            f"定时器“{node.shown}”应当有且只有一个时间，请填写时刻、时长或周期之一。",
            f"The timer “{node.shown}” needs exactly one time: "
            "an instant, a duration or a repetition.",
        )
    elif clocks == ["timeCycle"] and not _may_repeat(node):
        yield error(
            "cycle-fires-once",
            node,
            f"“{node.shown}”在这里只会触发一次，请改用时长，或改为非中断事件。",
            f"“{node.shown}” would fire only once here: use a duration, or make the event "
            "non-interrupting.",
        )


def _may_repeat(node: Node) -> bool:
    if node.tag == "boundaryEvent":
        return not node.is_interrupting
    return node.scope.is_for_event and node.xml.get("isInterrupting", "true") == "false"
