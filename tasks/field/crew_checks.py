"""What the policy "crews" must be. Called when one is published (policy_checks.py)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.findings import Finding, expect_known, expect_map, expect_names, expect_number

NUMBERS = {"most_people": (1, 20), "radius_km": (1, 5_000)}
MAPS = {"skills": "is_certified", "instruments": "is_calibrated", "vehicles": None}
WEIGHTS = frozenset({
    "travel_minute", "skill_level", "booked_hour", "knows_place", "one_team", "own_vehicle",
    "lacking",
})  # fmt: skip


def check_crews(content: Mapping[str, Any]) -> Iterator[Finding]:
    yield from expect_known("", content, {*NUMBERS, *MAPS, "groups", "warn_days", "weights"})
    for key, (least, most) in NUMBERS.items():
        yield from expect_number(key, content.get(key), least, most, is_whole=key == "most_people")
    for part, question in MAPS.items():
        yield from _named(part, content.get(part), question)
    yield from _groups(content.get("groups"))
    yield from check_days("warn_days", content.get("warn_days"), most=3_650)
    yield from _weights(content.get("weights"))


def check_days(path: str, given: Any, *, most: int) -> Iterator[Finding]:
    """A list of whole numbers, none twice."""
    if not isinstance(given, list) or not given:
        yield Finding(path, "应为至少一个整数的列表", "This is a list with at least one number")
        return
    for n, each in enumerate(given):
        yield from expect_number(f"{path}.{n}", each, 0, most, is_whole=True)


def _named(part: str, content: Any, question: str | None) -> Iterator[Finding]:
    yield from expect_map(part, content)
    for key, each in content.items() if isinstance(content, Mapping) else ():
        if not isinstance(each, Mapping):
            yield Finding(f"{part}.{key}", "请写明 zh 和 en", "Give it zh and en")
            continue
        yield from expect_names(f"{part}.{key}", each)
        yield from expect_known(f"{part}.{key}", each, {"zh", "en"} | {question or "zh"})
        if question and not isinstance(each.get(question), bool):
            yield Finding(f"{part}.{key}.{question}", "应为 true 或 false", "This is true or false")
        if ":" in key:
            yield Finding(f"{part}.{key}", "名称里不能有冒号", "A key has no colon in it")


def _groups(groups: Any) -> Iterator[Finding]:
    is_list = isinstance(groups, list) and groups
    if not is_list or not all(isinstance(each, str) and each for each in groups):
        yield Finding("groups", "请列出上门人员所在的组", "List the groups whose people go out")


def _weights(weights: Any) -> Iterator[Finding]:
    if not isinstance(weights, Mapping):
        yield Finding("weights", "应为权重的对照表", "This is a map of weights")
        return
    yield from expect_known("weights", weights, WEIGHTS)
    for key in sorted(WEIGHTS):
        yield from expect_number(f"weights.{key}", weights.get(key), -1_000, 1_000)
