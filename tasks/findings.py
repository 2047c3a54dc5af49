"""What is wrong with a policy: one sentence each, in both languages. Made by the checks.

A path says where it is: "calendars.office.years.2027". What is checked by what: policy_checks.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from notifications.refusals import Finding

__all__ = [
    "Finding",
    "Types",
    "expect_known",
    "expect_map",
    "expect_names",
    "expect_number",
    "expect_types",
]
LONGEST = 100  # characters of a name: titles of notices have several
Types = dict[str, type]
NAMES: dict[type, tuple[str, str]] = {
    str: ("应为文字", "This is a text"),
    bool: ("应为 true 或 false", "This is true or false"),
    list: ("应为文字的列表", "This is a list of texts"),
}


def expect_names(path: str, content: Mapping[str, Any]) -> Iterator[Finding]:
    """Whatever has a key has a Chinese and an English name."""
    for language, zh in (("zh", "中文名称"), ("en", "英文名称")):
        name = content.get(language)
        if not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST:
            en = "Chinese" if language == "zh" else "English"
            yield Finding(
                f"{path}.{language}",
                f"请填{zh},最多 {LONGEST} 字",
                f"Give it a name in {en}, {LONGEST} characters at most",
            )


def expect_known(
    path: str, content: Mapping[str, Any], known: frozenset[str] | set[str]
) -> Iterator[Finding]:
    """A misspelt setting would silently do nothing."""
    for key in sorted(content.keys() - known):
        some = ", ".join(sorted(known))
        yield Finding(
            f"{path}.{key}".lstrip("."),
            f"没有“{key}”这一项,可用:{some}",
            f"There is no setting “{key}”: use {some}",
        )


def expect_map(path: str, content: Any) -> Iterator[Finding]:
    if not isinstance(content, Mapping) or not content:
        yield Finding(
            path, "这里应当是至少一项的对照表", "This must be a map with at least one entry"
        )
    for key in content if isinstance(content, Mapping) else ():
        if not 0 < len(key) <= LONGEST:
            zh, en = f"名称应为 1 至 {LONGEST} 字", f"A key has 1 to {LONGEST} characters"
            yield Finding(f"{path}.{key[:LONGEST]}", zh, en)


def expect_types(path: str, content: Mapping[str, Any], types: Types) -> Iterator[Finding]:
    """Of those that are there; a list is one of texts."""
    for key, wanted in types.items():
        value = content.get(key)
        is_right = isinstance(value, wanted) and (wanted is not list or _is_texts(value))
        if key in content and not is_right:
            yield Finding(f"{path}.{key}".lstrip("."), *NAMES[wanted])


def expect_number(
    path: str, given: Any, least: float, most: float, *, is_whole: bool = False
) -> Iterator[Finding]:
    is_kind = isinstance(given, int if is_whole else int | float) and not isinstance(given, bool)
    if not is_kind or not least <= given <= most:
        zh, en = ("整数", "a whole number") if is_whole else ("数", "a number")
        yield Finding(
            path, f"应为 {least} 至 {most} 的{zh}", f"This is {en} from {least} to {most}"
        )


def _is_texts(value: Any) -> bool:
    return all(isinstance(each, str) for each in value)
