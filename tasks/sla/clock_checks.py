"""What a policy of clocks must be. Called when one is published (policy_checks.py).

What the content means: clock_definitions.py. What a limit and a ladder must be: limits.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.findings import Finding, Types, expect_known, expect_map, expect_names, expect_types
from tasks.sla.clock_definitions import CONDITIONS, KINDS, UNITS, VERBS
from tasks.sla.limits import LONGEST, MOST_DAYS, SHORTEST, is_days, is_length

SETTINGS = {"zh", "en", "kind", "limit", "unit", "calendar", "is_repeating", "allowances"}
SETTINGS |= {"only_if_over", "lengthened_by", *CONDITIONS}
TYPES: Types = {"calendar": str, "only_if_over": str, "is_repeating": bool}
TYPES |= {"allowances": list, "lengthened_by": list}
AT_ODDS = (("start", "stop"), ("start", "cancel"), ("pause", "resume"))
OF_A_CONDITION = {"verb", "where", "at", "until", "keeps_start"}
TYPES_OF_A_CONDITION: Types = {"verb": str, "at": str, "until": str, "keeps_start": bool}
NEEDED = ("restore",)  # postponements and risks ask for it
LONGEST_SHOWN = 40  # characters of what somebody wrote by mistake


def check_clocks(content: Mapping[str, Any]) -> Iterator[Finding]:
    yield from expect_known("", content, {"clocks"})
    clocks = content.get("clocks")
    yield from expect_map("clocks", clocks)
    if not isinstance(clocks, Mapping):
        return
    for name in sorted(set(NEEDED) - clocks.keys()):
        zh, en = f"缺少时钟“{name}”,请补上", f"The clock “{name}” is needed: add it"
        yield Finding(f"clocks.{name}", zh, en)
    for name, clock in clocks.items():
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
        zh = f"时限应为时限表的列名,或 {SHORTEST} 至 {LONGEST} 的数"
        en = f"A limit is a column of the table of limits, or a number, {SHORTEST} to {LONGEST}"
        yield Finding(f"{path}.limit", zh, en)
    elif clock.get("unit") == "working_days" and not isinstance(limit, str) and not is_days(limit):
        zh = f"工作日应为 1 至 {MOST_DAYS} 的整数"
        yield Finding(f"{path}.limit", zh, f"Working days are a whole number, 1 to {MOST_DAYS}")
    yield from expect_types(path, clock, TYPES)
    for place, verb in enumerate(_listed(clock.get("lengthened_by"))):
        yield from _verb(f"{path}.lengthened_by.{place}", verb)


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
    for one, other in AT_ODDS:
        for place, each in enumerate(_listed(clock.get(other))):
            if each in _listed(clock.get(one)):
                zh = f"同一条件既是 {one} 又是 {other},请删去一处"
                en = f"The same condition is in {one} as well: take it out of one of them"
                yield Finding(f"{path}.{other}.{place}", zh, en)
    if clock.get("pause") and not clock.get("resume"):
        zh, en = "能暂停而不能继续", "It can pause and never goes on"
        yield Finding(f"{path}.resume", f"{zh},请填条件", f"{en}: say when it does")


def _condition(path: str, kind: str, told: Any) -> Iterator[Finding]:
    if isinstance(told, Mapping):
        yield from expect_known(path, told, OF_A_CONDITION)
        yield from expect_types(path, told, TYPES_OF_A_CONDITION)
        if not isinstance(told.get("where", {}), Mapping):
            yield Finding(f"{path}.where", "应为 名称: 值", "Write it as name: value")
        if told.get("until") and kind != "pause":
            zh, en = "只有暂停可以写 until", "Only a pause has an until"
            yield Finding(f"{path}.until", zh, en)
    yield from _verb(path, told.get("verb") if isinstance(told, Mapping) else told)


def _verb(path: str, verb: Any) -> Iterator[Finding]:
    if not isinstance(verb, str) or verb not in VERBS:
        known = ", ".join(sorted(VERBS))
        shown = str(verb)[:LONGEST_SHOWN]
        zh, en = f"没有动作“{shown}”,可用:{known}", f"Nothing records “{shown}”: there are {known}"
        yield Finding(path, zh, en)


def _one_of(path: str, value: Any, known: tuple[str, ...]) -> Iterator[Finding]:
    if value not in known:
        some = ", ".join(known)
        yield Finding(path, f"应为 {some} 之一", f"This is one of {some}")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
