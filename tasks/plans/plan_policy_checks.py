"""What the policy "plans" must be. Called when one is published."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.findings import Finding, expect_known, expect_map, expect_names, expect_types

Map = Mapping[str, Any]
NUMBERS: dict[str, dict[str, tuple[int, int]]] = {  # by part: each whole number, and its bounds
    "review": {
        "review_days": (1, 3_650),
        "drill_days": (1, 3_650),
        "ahead_days": (0, 365),
        "repeat_days": (1, 365),
    },
    "resources": {"check_days": (1, 3_650), "overdue_days": (0, 365)},
    "offers": {"look_seconds": (5, 3_600), "look_minutes": (1, 1_440)},
    "callout": {"rounds": (1, 20)},
    "closing": {"review_days": (1, 90)},
    "score": {"in_time": (0, 100), "informed": (0, 100), "restored": (0, 100)},
}
NEEDED = {"command", "speak"}  # powers that every plan gives to somebody


def check_plans(content: Map) -> Iterator[Finding]:
    yield from expect_known("", content, {*NUMBERS, "powers", "kinds"})
    for part, bounds in NUMBERS.items():
        yield from _numbers(part, content.get(part), bounds)
    yield from _named("powers", content.get("powers"), set())
    yield from _named("kinds", content.get("kinds"), {"unit_zh", "unit_en"})
    yield from _needed(content.get("powers"))
    yield from _weights(content.get("score"))


def _numbers(part: str, content: Any, bounds: Mapping[str, tuple[int, int]]) -> Iterator[Finding]:
    if not isinstance(content, Mapping):
        yield Finding(part, "这里应当是一个对象", "This must be an object")
        return
    yield from expect_known(part, content, {*bounds, *({"guardians"} if part == "review" else ())})
    for key, (least, most) in bounds.items():
        value = content.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            zh = f"应为 {least} 至 {most} 之间的整数"
            yield Finding(f"{part}.{key}", zh, f"This is a whole number from {least} to {most}")
    guardians = content.get("guardians", "" if part == "review" else "-")
    if not isinstance(guardians, str) or not 0 < len(guardians) <= 100:
        yield Finding(f"{part}.guardians", "请填班组代号", "Give the key of a group")


def _named(part: str, content: Any, more: set[str]) -> Iterator[Finding]:
    yield from expect_map(part, content)
    for key, each in content.items() if isinstance(content, Mapping) else ():
        if not isinstance(each, Mapping):
            yield Finding(f"{part}.{key}", "这里应当是一个对象", "This must be an object")
            continue
        yield from expect_known(f"{part}.{key}", each, {"zh", "en", *more})
        yield from expect_names(f"{part}.{key}", each)
        yield from expect_types(f"{part}.{key}", each, dict.fromkeys(more, str))


def _needed(powers: Any) -> Iterator[Finding]:
    gone = NEEDED - powers.keys() if isinstance(powers, Mapping) else set()
    for key in sorted(gone):
        zh, en = "每个预案都要用到这项权力,请保留", "Every plan gives this power: keep it"
        yield Finding(f"powers.{key}", zh, en)


def _weights(score: Any) -> Iterator[Finding]:
    told: Map = score if isinstance(score, Mapping) else {}
    numbers: list[Any] = [told.get(key) for key in NUMBERS["score"]] if told else []
    if numbers and all(type(one) is int for one in numbers) and sum(numbers) != 100:
        zh, en = "三项权重之和须为 100", "The three weights add up to 100"
        yield Finding("score", zh, en)
