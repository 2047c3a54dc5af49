"""What the policy "hot_issues" must be. Called when one is published."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.findings import (
    Finding,
    expect_known,
    expect_map,
    expect_names,
    expect_number,
    expect_types,
)

Map = Mapping[str, Any]
NUMBERS: dict[str, tuple[float, float, bool]] = {  # least, most, whole
    "window_hours": (1, 168, True),
    "days_before": (1, 90, True),
    "amber_percent": (1, 100, True),
    "quiet_hours": (1, 720, True),
    "red.volume": (1, 100_000, True),
    "red.volume_growth": (0, 1_000, False),
    "red.growth": (1, 1_000, False),
    "red.growth_volume": (1, 100_000, True),
    "red.press": (1, 1_000, True),
    "found.least_cases": (2, 100_000, True),
    "found.least_words": (1, 50, True),
    "found.new_times": (1, 1_000, False),
}
PARTS = {"red", "found"}
OTHERS = {"plan", "told", "readers", "themes"}
MOST_THEMES, MOST_WORDS = 200, 50


def check_hot_issues(content: Map) -> Iterator[Finding]:
    tops = {name for name in NUMBERS if "." not in name}
    yield from expect_known("", content, tops | PARTS | OTHERS)
    for part in sorted(PARTS):
        inside = {name.partition(".")[2] for name in NUMBERS if name.startswith(f"{part}.")}
        yield from expect_known(part, _map(content.get(part)), inside)
    for name, (least, most, is_whole) in NUMBERS.items():
        part, _, key = name.rpartition(".")
        given = _map(content.get(part)).get(key) if part else content.get(key)
        yield from expect_number(name, given, least, most, is_whole=is_whole)
    yield from _others(content)
    yield from _themes(content.get("themes"))


def _others(content: Map) -> Iterator[Finding]:
    """Nobody told of it would be silence."""
    yield from expect_types("", content, {"plan": str, "told": list, "readers": list})
    for name, zh, en in (
        ("plan", "请填预案代号", "Name the plan that is proposed"),
        ("told", "请填要通知的班组", "Name the groups that are told"),
    ):
        if not content.get(name):
            yield Finding(name, zh, en)


def _themes(themes: Any) -> Iterator[Finding]:
    yield from expect_map("themes", themes)
    if len(_map(themes)) > MOST_THEMES:
        yield Finding("themes", f"最多 {MOST_THEMES} 个主题", f"There are {MOST_THEMES} at most")
    for key, theme in _map(themes).items():
        path = f"themes.{key}"
        yield from expect_known(path, _map(theme), {"zh", "en", "category", "all"})
        yield from expect_names(path, _map(theme))
        yield from expect_types(path, _map(theme), {"category": str})
        yield from _words(path, _map(theme).get("all"))


def _words(path: str, all_: Any) -> Iterator[Finding]:
    """A list without words would fit every case."""
    lists = all_ if isinstance(all_, list) and all_ else [None]
    for at, words in enumerate(lists):
        texts = words if isinstance(words, list) else []
        is_right = all(isinstance(each, str) and each.strip() == each != "" for each in texts)
        is_plain = is_right and all(each == each.casefold() for each in texts)
        if not 0 < len(texts) <= MOST_WORDS or not is_plain:
            zh = "每组 1 至 50 个词,英文用小写,前后无空格"
            en = "Each list has 1 to 50 words, in lower case, without blanks at the ends"
            yield Finding(f"{path}.all.{at}", zh, en)


def _map(content: Any) -> Map:
    return content if isinstance(content, Mapping) else {}
