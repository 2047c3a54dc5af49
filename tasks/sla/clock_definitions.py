"""What a clock is: when it starts, pauses, goes on, stops, begins anew, is dropped. Pure.

Its content is the policy "clocks"; what that must be: clock_checks.py; what comes of a definition
and a history: clock_courses.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

CONDITIONS = ("start", "pause", "resume", "stop", "reset", "cancel")
KINDS = {"SLA": "客户承诺", "OLA": "内部时限", "UC": "合作方约定"}
UNITS = ("minutes", "working_days")
FIRED = {"escalated": "升级", "limit missed": "超时"}  # entries of a rung that was told
VERBS = {  # what is recorded about a ticket, and may start or stop a clock; in Chinese
    "opened": "开单",
    "limit set": "定时限",
    "accepted": "接单",
    "judged": "预判",
    "repaired": "修复完成",
    "restored": "业务恢复",
    "restored with its parent": "随主单恢复",
    "reopened": "重新打开",
    "reopened with its parent": "随主单重新打开",
    "joined its parent": "并为副单",
    "left its parent": "脱离主单",
    "called back": "回访",
    "closed": "归档",
    "closed with its parent": "随主单归档",
    "report sent": "报告已发",
    "cancelled": "作废",
    "merged": "并单",
    "suspended": "挂起",
    "suspended with its parent": "随主单挂起",
    "suspended afterwards": "补挂起",
    "resumed": "解挂",
    "resumed with its parent": "随主单解挂",
    "regraded": "改级",
    "level raised": "提级",
    "customer called": "客户来电",
    "customer told": "告知客户",
    "progress told": "进展通报",
    "postponed": "延期",
    "plan proposed": "提出方案",
    "specialty added": "加派",
    "child merged": "副单并入",
}
HEARD = VERBS | FIRED  # entries that clocks are worked out from


class Told(Protocol):
    """An entry of history, as far as clocks read it."""

    @property
    def seq(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def verb(self) -> str: ...
    @property
    def particulars(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Condition:
    """An entry that counts, if its particulars are as `where` has them."""

    verb: str
    where: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    at: str = ""  # the particular that holds since when it is so, where that was earlier
    until: str = ""  # of a pause: the particular that holds its end
    keeps_start: bool = False  # of a reset: as if the clock had never stopped

    def holds(self, entry: Told) -> bool:
        told = entry.particulars
        return all(told.get(name) in values for name, values in self.where)


@dataclass(frozen=True)
class Definition:
    """One clock of one version of the policy."""

    name: str
    zh: str
    en: str
    kind: str  # SLA, OLA, UC
    limit: str | float  # a key of the ticket's limits, or the number itself
    unit: str
    calendar: str  # "": as the ticket's limits say
    is_repeating: bool
    allowances: tuple[str, ...]  # keys of limits that are added, each shown as its own
    only_if_over: str  # the key of the minutes that the fault must have lasted
    conditions: Mapping[str, tuple[tuple[int, Condition], ...]]  # by verb; which of CONDITIONS
    lengthened_by: tuple[str, ...]
    number: int  # the version of the policy


def definitions_of(content: Mapping[str, Any], number: int) -> dict[str, Definition]:
    return {name: _definition(name, each, number) for name, each in content["clocks"].items()}


def _definition(name: str, content: Mapping[str, Any], number: int) -> Definition:
    return Definition(
        name=name,
        zh=content["zh"],
        en=content["en"],
        kind=content["kind"],
        limit=content["limit"],
        unit=content.get("unit", "minutes"),
        calendar=content.get("calendar", ""),
        is_repeating=content.get("is_repeating", False),
        allowances=tuple(content.get("allowances", ())),
        only_if_over=content.get("only_if_over", ""),
        conditions=_conditions(content),
        lengthened_by=tuple(content.get("lengthened_by", ())),
        number=number,
    )


def _conditions(content: Mapping[str, Any]) -> dict[str, tuple[tuple[int, Condition], ...]]:
    found: dict[str, tuple[tuple[int, Condition], ...]] = {}
    for kind, name in enumerate(CONDITIONS):
        for told in content.get(name, ()):
            one = _condition(told)
            found[one.verb] = (*found.get(one.verb, ()), (kind, one))
    return found


def _condition(told: str | Mapping[str, Any]) -> Condition:
    """Only a verb, or all that is to be said about it."""
    if isinstance(told, str):
        return Condition(told)
    where = tuple((name, _several(value)) for name, value in told.get("where", {}).items())
    rest = {key: told[key] for key in ("at", "until", "keeps_start") if key in told}
    return Condition(told["verb"], where, **rest)


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
