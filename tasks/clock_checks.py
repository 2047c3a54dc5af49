"""What a policy of clocks must be. Called when one is published (policy_checks.py).

What the content means: clock_definitions.py. What a limit and a ladder must be: limits.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.clock_definitions import CONDITIONS, UNITS, VERBS
from tasks.findings import Finding, expect_known, expect_map, expect_names
from tasks.limits import is_length

KINDS = {"SLA": "与客户的承诺", "OLA": "内部时限", "UC": "与合作方的约定"}
SETTINGS = {"zh", "en", "kind", "limit", "unit", "calendar", "is_repeating", "allowances"}
SETTINGS |= {"only_if_over", "lengthened_by", *CONDITIONS}
OF_A_CONDITION = {"verb", "where", "at", "until", "keeps_start"}


def check_clocks(content: Mapping[str, Any]) -> Iterator[Finding]:
    yield from expect_known("", content, {"clocks"})
    clocks = content.get("clocks")
    yield from expect_map("clocks", clocks)
    for name, clock in clocks.items() if isinstance(clocks, Mapping) else ():
        path = f"clocks.{name}"
        yield from expect_map(path, clock)
        if isinstance(clock, Mapping):
            yield from expect_names(path, clock)
            yield from expect_known(path, clock, SETTINGS)
            yield from _settings(path, clock)
            yield from _conditions(path, clock)


def _settings(path: str, clock: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _one_of(f"{path}.kind", clock.get("kind"), tuple(KINDS))
    yield from _one_of(f"{path}.unit", clock.get("unit", UNITS[0]), UNITS)
    limit = clock.get("limit")
    if not (isinstance(limit, str) and limit) and not is_length(limit):
        zh = "时限应为时限表的列名,或大于 0 的数"
        yield Finding(
            f"{path}.limit", zh, "A limit is a column of the table of limits, or a number above 0"
        )
    for key in ("calendar", "only_if_over"):
        if not isinstance(clock.get(key, ""), str):
            yield Finding(f"{path}.{key}", "应为文字", "This is a text")
    for key in ("allowances", "lengthened_by"):
        if not _is_texts(clock.get(key, [])):
            yield Finding(f"{path}.{key}", "应为文字的列表", "This is a list of texts")
    if not isinstance(clock.get("is_repeating", False), bool):
        yield Finding(f"{path}.is_repeating", "应为 true 或 false", "This is true or false")


def _conditions(path: str, clock: Mapping[str, Any]) -> Iterator[Finding]:
    for kind in CONDITIONS:
        told = clock.get(kind, [])
        where = f"{path}.{kind}"
        if not isinstance(told, list):
            yield Finding(where, "应为条件的列表", "This is a list of conditions")
            continue
        if kind in ("start", "stop") and not told:
            zh, en = "没有条件,时钟不会开始或停止", "Without a condition it never starts or stops"
            yield Finding(where, zh, en)
        for place, each in enumerate(told):
            yield from _condition(f"{where}.{place}", kind, each)
    if clock.get("pause") and not clock.get("resume"):
        zh, en = "能暂停而不能继续", "It can pause and never goes on"
        yield Finding(f"{path}.resume", f"{zh},请填条件", f"{en}: say when it does")


def _condition(path: str, kind: str, told: Any) -> Iterator[Finding]:
    if isinstance(told, Mapping):
        yield from expect_known(path, told, OF_A_CONDITION)
        if not isinstance(told.get("where", {}), Mapping):
            yield Finding(f"{path}.where", "应为 名称: 值", "Write it as name: value")
        if told.get("until") and kind != "pause":
            zh, en = "只有暂停可以写 until", "Only a pause has an until"
            yield Finding(f"{path}.until", zh, en)
    verb = told.get("verb") if isinstance(told, Mapping) else told
    if not isinstance(verb, str) or verb not in VERBS:
        known = ", ".join(sorted(VERBS))
        zh, en = f"没有动作“{verb}”,可用:{known}", f"Nothing records “{verb}”: there are {known}"
        yield Finding(path, zh, en)


def _one_of(path: str, value: Any, known: tuple[str, ...]) -> Iterator[Finding]:
    if value not in known:
        some = ", ".join(known)
        yield Finding(path, f"应为 {some} 之一", f"This is one of {some}")


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
