"""Why a ticket may not be restored in time, in Chinese and English. Pure; for risks.py."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from records import Ticket
from tasks.sla.durations import in_en, in_zh, when
from tasks.states import STATES
from tasks.timelines.odds import FEW, KINDS, Odds
from tasks.timelines.stages import name_stage

Names = Mapping[str, tuple[str, str]]
Reason = dict[str, str]


def explain(
    stage: str,
    age: float,
    remaining: float,
    found: Odds,
    waiting: Sequence[Any],
    ticket: Ticket,
    names: Names,
    now: datetime,
) -> list[Reason]:
    """What remains against what it usually takes; what waits for whom; how that is known."""
    return [
        _race(stage, age, remaining, found),
        *_suspended(ticket),
        *_waits(waiting, names, now),
        _basis(found),
    ]


def _race(stage: str, age: float, remaining: float, found: Odds) -> Reason:
    zh, en = name_stage(stage)
    return _reason(
        f"“{zh}”已 {in_zh(age)},通常还需 {in_zh(found.p80)}(p80),只剩 {in_zh(remaining)}",
        f"{en} for {in_en(age)}; from here it usually takes {in_en(found.p80)} (p80);"
        f" {in_en(remaining)} remain",
    )


def _suspended(ticket: Ticket) -> Iterator[Reason]:
    if ticket.state == "suspended" and ticket.resume_at:
        at = when(ticket.resume_at)
        yield _reason(f"已挂起,计划 {at} 解挂", f"suspended, to go on at {at}")


def _waits(waiting: Sequence[Any], names: Names, now: datetime) -> Iterator[Reason]:
    for order in waiting:
        group_zh, group_en = names.get(order.group_key, (order.group_key, order.group_key))
        title_zh, _, title_en = order.title.partition(" / ")
        since = (now - order.opened_at).total_seconds()
        kind = STATES[order.state].segment if order.state in STATES else ""
        if kind == "queue":
            yield _reason(
                f"{group_zh}:“{title_zh}”已派 {in_zh(since)},无人接单",
                f"{group_en} has not accepted “{title_en or title_zh}” for {in_en(since)}",
            )
        elif kind == "wait_internal":
            yield _reason(
                f"{group_zh}:“{title_zh}”在等待内部",
                f"{group_en}: “{title_en or title_zh}” waits for another of ours",
            )


def _basis(found: Odds) -> Reason:
    zh, en = KINDS[found.kind]
    if found.basis < FEW:
        return _reason(
            f"历史不足({found.basis} 张),按各环节预算估计",
            f"history is thin ({found.basis} tickets): judged by the budgets of the stages",
        )
    return _reason(
        f"依据 {found.basis} 张{zh}的历史故障单", f"judged by {found.basis} past tickets {en}"
    )


def _reason(zh: str, en: str) -> Reason:
    return {"zh": zh, "en": en}
