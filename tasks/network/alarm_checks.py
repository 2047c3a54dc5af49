"""What a policy of alarms must be. Called when one is published (policy_checks.py)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.findings import Finding, Types, expect_known, expect_map, expect_names, expect_types

HOUR, DAY = 3_600, 86_400
NUMBERS = {  # path: from, to
    "hold_off.default": (0, HOUR),
    "flapping.times": (2, 1_000),
    "flapping.seconds": (10, DAY),
    "stable_seconds": (0, DAY),
    "settle_seconds": (0, HOUR),
    "gap_seconds": (0, DAY),
    "unknown_tickets": (0, 1_000),
    "resync.first_seconds": (5, HOUR),
    "resync.longest_seconds": (5, DAY),
    "shelf_hours": (1, 24 * 31),
    "planned_work.notice_hours": (0, 24 * 31),
    "planned_work.longest_hours": (1, 24 * 31),
    "window.seconds": (1, HOUR),
    "window.longest_seconds": (1, DAY),
}
WHOLE = ("flapping.times", "unknown_tickets")
KNOWN: dict[str, set[str]] = {
    "hold_off": {"default", "causes"},
    "flapping": {"times", "seconds"},
    "planned_work": {"notice_hours", "longest_hours"},
    "resync": {"first_seconds", "longest_seconds"},
    "window": {"seconds", "longest_seconds"},
}
TOP = {
    *KNOWN,
    *("stable_seconds", "settle_seconds", "gap_seconds", "shelf_hours"),
    "unknown_tickets",
    *("layers", "default_layer", "consequences"),
}
LAYER: Types = {"key": str, "zh": str, "en": str, "causes": list}


def check_alarms(content: Mapping[str, Any]) -> Iterator[Finding]:
    yield from expect_known("", content, TOP)
    for path, known in KNOWN.items():
        yield from expect_known(path, _map(content, path), known)
    for path, (least, most) in NUMBERS.items():
        yield from _number(path, _at(content, path), least, most)
    causes = _map(content, "hold_off").get("causes")
    yield from expect_map("hold_off.causes", causes)
    for cause, seconds in causes.items() if isinstance(causes, Mapping) else ():
        yield from _number(f"hold_off.causes.{cause}", seconds, 0, HOUR)
    yield from _longest("window", "seconds", content)
    yield from _longest("resync", "first_seconds", content)
    yield from _layers(content)
    if "consequences" not in content:
        yield Finding("consequences", "请列出(可以为空)", "List them; the list may be empty")
    yield from expect_types("", content, {"consequences": list})


def _longest(path: str, first: str, content: Mapping[str, Any]) -> Iterator[Finding]:
    given = _map(content, path)
    one, most = given.get(first), given.get("longest_seconds")
    if isinstance(one, int | float) and isinstance(most, int | float) and one > most:
        zh, en = f"不能短于 {path}.{first}", f"This is not shorter than {path}.{first}"
        yield Finding(f"{path}.longest_seconds", zh, en)


def _layers(content: Mapping[str, Any]) -> Iterator[Finding]:
    layers, seen = content.get("layers"), dict[str, str]()
    if not isinstance(layers, list) or not 0 < len(layers) <= 20:
        yield Finding("layers", "应为 1 至 20 层的列表", "This is a list of 1 to 20 layers")
        return
    for place, layer in enumerate(layers):
        yield from _layer(f"layers.{place}", layer, seen)
    keys = [layer.get("key") for layer in layers if isinstance(layer, Mapping)]
    if content.get("default_layer") not in keys:
        some = ", ".join(key for key in keys if isinstance(key, str))
        yield Finding("default_layer", f"应为 {some} 之一", f"This is one of {some}")
    if len({str(key) for key in keys}) < len(keys):
        yield Finding("layers", "各层的 key 不能相同", "Each layer has a key of its own")


def _layer(path: str, layer: Any, seen: dict[str, str]) -> Iterator[Finding]:
    """`seen`: where each cause was met so far."""
    if not isinstance(layer, Mapping) or not layer.keys() >= LAYER.keys():
        zh, en = "请写明 key、zh、en、causes", "Give it key, zh, en and causes"
        yield Finding(path, zh, en)
        return
    yield from expect_known(path, layer, set(LAYER))
    yield from expect_names(path, layer)
    yield from expect_types(path, layer, LAYER)
    for cause in layer["causes"] if isinstance(layer["causes"], list) else ():
        if seen.setdefault(str(cause), path) != path:
            zh, en = f"“{cause}”已在 {seen[str(cause)]}", f"“{cause}” is in {seen[str(cause)]}"
            yield Finding(f"{path}.causes", zh, en)


def _number(path: str, given: Any, least: int, most: int) -> Iterator[Finding]:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    is_whole = path not in WHOLE or isinstance(given, int)
    if not is_number or not is_whole or not least <= given <= most:
        yield Finding(
            path,
            f"应为 {least} 与 {most} 之间的数",
            f"This is a number from {least} to {most}",
        )


def _at(content: Mapping[str, Any], path: str) -> Any:
    first, _, rest = path.partition(".")
    return _map(content, first).get(rest) if rest else content.get(first)


def _map(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = content.get(key)
    return found if isinstance(found, Mapping) else {}
