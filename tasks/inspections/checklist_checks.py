"""What the policies "checklists" and "inspections" must be. Called when one is published
(policy_checks.py).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.findings import Finding, expect_known, expect_map, expect_names, expect_number

KINDS = ("number", "yes_no", "text")
NATURES = ("danger", "ageing", "data", "need")
OBJECTS = ("port", "device")
COMPARED = ("device", "contacts")
OF_AN_ITEM = {"zh", "en", "kind", "unit", "good", "bad", "nature", "most_change", "each", "compare"}
OF_A_ROOM = {"zh", "en", "least_circuits", "minutes", "items"}
PLANNING = {  # least and most
    "least_notice_days": (1, 30),
    "crew_days": (2, 60),
    "look_ahead_days": (1, 120),
    "opening_days": (3, 120),
    "report_days": (1, 30),
}
ASSURANCE = {"least_hours": (1, 48), "most_days": (1, 120), "summary_days": (1, 30)}
ASSURANCE |= {"note_hours": (1, 72)}
CUTOVER = {"notice_days": (0, 30), "call_back_hours": (1, 168)}
GRADES = ("AAA", "AA", "A", "std")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
Map = Mapping[str, Any]


def check_checklists(content: Map) -> Iterator[Finding]:
    yield from expect_known("", content, {"units", "items", "rooms"})
    for part in ("units", "items", "rooms"):
        yield from expect_map(part, content.get(part))
        for key, each in _map(content.get(part)).items():
            yield from expect_names(f"{part}.{key}", _map(each))
    units, items = _map(content.get("units")), _map(content.get("items"))
    for key, item in items.items():
        yield from _item(f"items.{key}", _map(item), units)
    rooms = _map(content.get("rooms"))
    for key, room in rooms.items():
        yield from _room(f"rooms.{key}", _map(room), items)
    if rooms and not any(_map(room).get("least_circuits") == 0 for room in rooms.values()):
        zh, en = "要有一种机房从 0 条电路起", "One type of room has to begin at 0 circuits"
        yield Finding("rooms", zh, en)


def check_inspections(content: Map) -> Iterator[Finding]:
    yield from expect_known("", content, {"planning", "assurance", "cutover"})
    planning, assurance, cutover = (
        _map(content.get(part)) for part in ("planning", "assurance", "cutover")
    )
    known = {*PLANNING, "calendar", "slots", "opening_grades"}
    yield from _numbers("planning", planning, PLANNING, known)
    yield from _slots(planning.get("slots"))
    yield from _grades("planning.opening_grades", planning.get("opening_grades"))
    if not isinstance(planning.get("calendar"), str):
        zh, en = "请写一个日历的名称,如 office", "Name a calendar, such as office"
        yield Finding("planning.calendar", zh, en)
    yield from _numbers("assurance", assurance, ASSURANCE, {*ASSURANCE, "levels"})
    yield from expect_map("assurance.levels", assurance.get("levels"))
    for key, level in _map(assurance.get("levels")).items():
        yield from _level(f"assurance.levels.{key}", _map(level))
    known = {*CUTOVER, "window", "notice_days_by_grade"}
    yield from _numbers("cutover", cutover, CUTOVER, known)
    yield from _clocks("cutover.window", cutover.get("window"), 2, 2)
    by_grade = _map(cutover.get("notice_days_by_grade"))
    yield from _grades("cutover.notice_days_by_grade", list(by_grade))
    for grade, days in by_grade.items():
        path = f"cutover.notice_days_by_grade.{grade}"
        yield from expect_number(path, days, 0, 30, is_whole=True)


def _item(path: str, item: Map, units: Map) -> Iterator[Finding]:
    yield from expect_known(path, item, OF_AN_ITEM)
    yield from _one_of(f"{path}.kind", item.get("kind"), KINDS)
    yield from _one_of(f"{path}.nature", item.get("nature"), NATURES)
    for name, some in (("each", OBJECTS), ("compare", COMPARED)):
        if name in item:
            yield from _one_of(f"{path}.{name}", item[name], some)
    if item.get("kind") != "number":
        return
    yield from _one_of(f"{path}.unit", item.get("unit"), tuple(units))
    for name in ("good", "bad"):
        yield from _range(f"{path}.{name}", item.get(name))
    if "most_change" in item:
        yield from expect_number(f"{path}.most_change", item["most_change"], 0, 1_000_000)


def _room(path: str, room: Map, items: Map) -> Iterator[Finding]:
    yield from expect_known(path, room, OF_A_ROOM)
    yield from expect_number(
        f"{path}.least_circuits", room.get("least_circuits"), 0, 100_000, is_whole=True
    )
    yield from expect_number(f"{path}.minutes", room.get("minutes"), 10, 480, is_whole=True)
    listed = room.get("items")
    if not isinstance(listed, list) or not listed:
        yield Finding(f"{path}.items", "请列出至少一个检查项", "List one item at least")
        return
    for n, key in enumerate(listed):
        yield from _one_of(f"{path}.items.{n}", key, tuple(items))
    if len({str(key) for key in listed}) < len(listed):
        yield Finding(f"{path}.items", "检查项有重复", "An item is there twice")


def _level(path: str, level: Map) -> Iterator[Finding]:
    yield from expect_known(
        path, level, {"zh", "en", "inspect_from_days", "inspect_by_days", "freezes"}
    )
    yield from expect_names(path, level)
    first, last = level.get("inspect_from_days"), level.get("inspect_by_days")
    for name, given in (("inspect_from_days", first), ("inspect_by_days", last)):
        yield from expect_number(f"{path}.{name}", given, 0, 90, is_whole=True)
    if isinstance(first, int) and isinstance(last, int) and first <= last:
        zh, en = "要比 inspect_by_days 早", "This has to be earlier than inspect_by_days"
        yield Finding(f"{path}.inspect_from_days", zh, en)
    if not isinstance(level.get("freezes"), bool):
        yield Finding(f"{path}.freezes", "应为 true 或 false", "This is true or false")


def _slots(given: Any) -> Iterator[Finding]:
    yield from _clocks("planning.slots", given, 1, 12)
    if isinstance(given, list) and given != sorted(set(map(str, given))):
        zh, en = "时段要从早到晚、不重复", "Slots go from early to late, none twice"
        yield Finding("planning.slots", zh, en)


def _clocks(path: str, given: Any, least: int, most: int) -> Iterator[Finding]:
    is_list = isinstance(given, list) and least <= len(given) <= most
    if not is_list or not all(isinstance(c, str) and CLOCK.fullmatch(c) for c in given):
        zh = f"应为 {least} 至 {most} 个时刻的列表,如 09:00"
        yield Finding(path, zh, f"This is a list of {least} to {most} times, such as 09:00")


def _numbers(
    path: str, part: Map, numbers: Mapping[str, tuple[int, int]], known: set[str]
) -> Iterator[Finding]:
    yield from expect_known(path, part, known)
    for key, (least, most) in numbers.items():
        yield from expect_number(f"{path}.{key}", part.get(key), least, most, is_whole=True)


def _grades(path: str, given: Any) -> Iterator[Finding]:
    if not isinstance(given, list) or not set(map(str, given)) <= set(GRADES):
        some = ", ".join(GRADES)
        yield Finding(path, f"等级应为 {some}", f"Grades are {some}")


def _range(path: str, given: Any) -> Iterator[Finding]:
    is_pair = isinstance(given, list) and len(given) == 2
    numbers = [one for one in given or () if isinstance(one, int | float)] if is_pair else []
    if len(numbers) < 2 or not numbers[0] < numbers[1]:
        yield Finding(path, "应为从小到大的两个数", "This is two numbers, the smaller one first")


def _one_of(path: str, given: Any, some: tuple[str, ...]) -> Iterator[Finding]:
    if given not in some:
        told = ", ".join(some)
        yield Finding(path, f"没有“{given}”,可用:{told}", f"No “{given}”: use {told}")


def _map(content: Any) -> Map:
    """What is no map has been said already."""
    return content if isinstance(content, Mapping) else {}
