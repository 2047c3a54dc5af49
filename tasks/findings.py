"""What is wrong with a policy: one sentence each, in both languages. Made by the checks.

A path says where it is: "calendars.office.years.2027". What is checked by what: policy_checks.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from notifications.refusals import Finding

__all__ = ["Finding", "expect_known", "expect_map", "expect_names"]


def expect_names(path: str, content: Mapping[str, Any]) -> Iterator[Finding]:
    """Whatever has a key has a Chinese and an English name."""
    for language, zh in (("zh", "中文名称"), ("en", "英文名称")):
        name = content.get(language)
        if not isinstance(name, str) or not name.strip():
            en = "Chinese" if language == "zh" else "English"
            yield Finding(f"{path}.{language}", f"请填{zh}", f"Give it a name in {en}")


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
