"""What the policies "knowledge" and "points" must be. Called when one is published."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.findings import Finding, expect_known, expect_map, expect_names, expect_types

Map = Mapping[str, Any]
Bounds = Mapping[str, tuple[int, int]]
NUMBERS: dict[str, Bounds] = {  # by part: each whole number, and its bounds
    "review": {"ahead_days": (0, 365), "remind_days": (1, 365), "grace_days": (1, 3_650)},
    "search": {"needs_percent": (1, 100)},
    "suggest": {
        "needs_percent": (1, 100),
        "cause": (0, 1_000),
        "category": (0, 1_000),
        "solved": (0, 1_000),
        "candidates": (1, 200),
    },
    "push": {
        "ack_minutes": (1, 43_200),
        "remind_minutes": (5, 43_200),
        "reminders": (0, 20),
        "lasts_days": (1, 365),
    },
    "experts": {
        "most": (1, 1_000),
        "term_days": (1, 3_650),
        "skilled": (0, 1_000),
        "near": (0, 1_000),
        "accepted": (0, 1_000),
        "each_open": (-1_000, 0),
    },
}
NAMED: dict[str, Bounds] = {  # parts whose every entry has names, and these numbers
    "categories": {},
    "kinds": {"review_days": (1, 3_650)},
    "triggers": {},
    "levels": {"minutes": (1, 43_200), "experts": (1, 100)},
}
KINDS = {"offer", "terminal", "fault"}
MORE = {"categories": {"skills"}, "levels": {"next"}}


def check_knowledge(content: Map) -> Iterator[Finding]:
    yield from expect_known("", content, {*NUMBERS, *NAMED})
    for part, bounds in NUMBERS.items():
        more = {"guardians"} if part == "review" else set()
        yield from _numbers(part, content.get(part), bounds, more)
    for part, bounds in NAMED.items():
        yield from _named(part, content.get(part), bounds, MORE.get(part, set()))
    yield from _text("review.guardians", _map(content.get("review")).get("guardians"))
    yield from _kinds(_map(content.get("kinds")))
    yield from _levels(_map(content.get("levels")))


def check_points(content: Map) -> Iterator[Finding]:
    bounds = {"daily": (1, 100_000), "pair_daily": (1, 1_000), "named": (0, 1_000)}
    yield from _numbers("", content, bounds, {"earned"})
    yield from _named("earned", content.get("earned"), {"points": (0, 10_000)}, set())


def _numbers(path: str, content: Any, bounds: Bounds, more: set[str]) -> Iterator[Finding]:
    if not isinstance(content, Mapping):
        yield Finding(path, "这里应当是一个对象", "This must be an object")
        return
    yield from expect_known(path, content, {*bounds, *more})
    for key, (least, most) in bounds.items():
        value = content.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            zh = f"应为 {least} 至 {most} 之间的整数"
            en = f"This is a whole number from {least} to {most}"
            yield Finding(f"{path}.{key}".lstrip("."), zh, en)


def _named(part: str, content: Any, bounds: Bounds, more: set[str]) -> Iterator[Finding]:
    yield from expect_map(part, content)
    for key, each in _map(content).items():
        yield from _numbers(f"{part}.{key}", each, bounds, {"zh", "en", *more})
        if isinstance(each, Mapping):
            yield from expect_names(f"{part}.{key}", each)
            yield from expect_types(f"{part}.{key}", each, {"skills": list, "next": str})


def _text(path: str, value: Any) -> Iterator[Finding]:
    if not isinstance(value, str) or not 0 < len(value) <= 100:
        yield Finding(path, "请填班组代号", "Give the key of a group")


def _kinds(kinds: Map) -> Iterator[Finding]:
    if kinds and set(kinds) != KINDS:
        some = ", ".join(sorted(KINDS))
        zh, en = f"须恰有这些种类:{some}", f"There are these kinds, no more and no less: {some}"
        yield Finding("kinds", zh, en)


def _levels(levels: Map) -> Iterator[Finding]:
    """From the first on, each leads to the next, and the last to none."""
    keys = list(levels)
    for key, after in zip(keys, [*keys[1:], ""], strict=False):
        if isinstance(levels[key], Mapping) and levels[key].get("next") != after:
            zh = f"下一级应为“{after}”:级别按顺序逐级上升,最后一级之后为空"
            en = f"The next one is “{after}”: levels rise in their order, and the last has none"
            yield Finding(f"levels.{key}.next", zh, en)


def _map(content: Any) -> Map:
    return content if isinstance(content, Mapping) else {}
