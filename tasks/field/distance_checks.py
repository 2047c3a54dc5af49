"""What the policy "distances" must be. Called when one is published (policy_checks.py)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.findings import Finding, expect_known, expect_number

OF_A_SPEED = {"up_to_km": (0.1, 50_000), "kmh": (1, 200)}
OF_NIGHT = {"from": (0, 23), "to": (0, 23), "factor": (0.1, 2)}
NUMBERS = {"detour": (1, 5), "ready_minutes": (0, 240), "unknown_minutes": (1, 1_440)}


def check_distances(content: Mapping[str, Any]) -> Iterator[Finding]:
    yield from expect_known("", content, {*NUMBERS, "speeds", "night", "known"})
    for key, (least, most) in NUMBERS.items():
        yield from expect_number(key, content.get(key), least, most)
    yield from _speeds(content.get("speeds"))
    yield from _numbers("night", content.get("night"), OF_NIGHT)
    yield from _known(content.get("known", {}))


def _speeds(speeds: Any) -> Iterator[Finding]:
    if not isinstance(speeds, list) or not speeds:
        yield Finding("speeds", "至少要有一档车速", "Give at least one speed")
        return
    found = [each for n, speed in enumerate(speeds) for each in _speed(n, speed)]
    yield from found
    reach = [] if found else [speed["up_to_km"] for speed in speeds]
    if reach != sorted(set(reach)):
        zh = "各档的 up_to_km 应由小到大"
        yield Finding("speeds", zh, "Put the speeds in order of up_to_km, each farther")


def _speed(n: int, speed: Any) -> Iterator[Finding]:
    yield from _numbers(f"speeds.{n}", speed, OF_A_SPEED)


def _numbers(path: str, told: Any, bounds: Mapping[str, tuple[float, float]]) -> Iterator[Finding]:
    if not isinstance(told, Mapping):
        some = ", ".join(bounds)
        yield Finding(path, f"应为含 {some} 的对象", f"This is an object with {some}")
        return
    yield from expect_known(path, told, set(bounds))
    for key, (least, most) in bounds.items():
        yield from expect_number(f"{path}.{key}", told.get(key), least, most)


def _known(known: Any) -> Iterator[Finding]:
    if not isinstance(known, Mapping):
        yield Finding("known", "应为“站点|站点”到分钟数的对照表", "A map of “site|site” to minutes")
        return
    for pair, minutes in known.items():
        if len(set(pair.split("|"))) != 2:
            yield Finding(f"known.{pair}", "应写成“站点|站点”", "Write it as “site|site”")
        yield from expect_number(f"known.{pair}", minutes, 0, 1_440)
