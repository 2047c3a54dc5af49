"""What is shown of the clocks of a ticket, each with how it came about. Used by time_spent.py,
and for names by burn_list.py and escalations.py."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlmodel import Session

from api.lengths import Length, show_seconds
from bpmn import library
from records import Ticket
from tasks import recipients
from tasks.faults.decisions import Fired, decisions_of
from tasks.sla import clocks
from tasks.sla.clock_ladders import Rung
from tasks.sla.clock_times import Pause
from tasks.sla.clock_words import Reasons, name_reason
from tasks.sla.clocks import Reading

NEWEST = 20  # cycles of one clock: who has told of progress 300 times needs no 300 explanations
Names = Mapping[str, Mapping[str, tuple[str, str]]]
STATES = {
    "running": ("计时中", "running"),
    "paused": ("已暂停", "paused"),
    "met": ("按时", "met"),
    "missed": ("超时", "missed"),
    "cancelled": ("取消", "cancelled"),
}


class Said(BaseModel):
    zh: str
    en: str


class PauseShown(BaseModel):
    started_at: datetime
    ended_at: datetime | None
    reason: str = Field(examples=["no_access"])
    reason_zh: str = Field(examples=["客户拒绝或无法提供进场"])
    reason_en: str


class RungShown(BaseModel):
    """A rung of the ladder (升级阶梯)."""

    number: int
    at: str = Field(examples=["75%"])
    to: str = Field(examples=["duty_lead"])
    to_zh: str = Field(examples=["值班长"])
    to_en: str
    action: str
    action_zh: str
    action_en: str
    due_at: datetime | None
    fired_at: datetime | None


class RuleShown(BaseModel):
    """Rows (from 1) of a decision table that fired, and in which version of the diagram."""

    table: str = Field(examples=["fault_limit"])
    name: str = Field(examples=["处理时限 / Limits"])
    rows: list[int] = Field(examples=[[1]])
    notes: list[str] = Field(description="What the table says of these rows: their source")
    result: Any
    element: str
    run_id: int
    diagram: str = Field(examples=["fault_handling"])
    version: int
    content_hash: str


class CycleShown(BaseModel):
    """One time that the clock ran."""

    cycle: int
    state: str = Field(examples=["running"])
    state_zh: str
    state_en: str
    started_at: datetime
    due_at: datetime | None = Field(description="None while it is paused")
    ended_at: datetime | None
    breached_at: datetime | None
    limit: Length
    elapsed: Length = Field(description="Without pauses, in the hours of the calendar")
    remaining_seconds: float = Field(description="Below 0: by how much it is late")
    pauses: list[PauseShown]
    arithmetic: list[Said]


class ClockShown(BaseModel):
    """A clock (时钟): the cycle that runs, or else the last one, and those that are over."""

    name: str = Field(examples=["restore"])
    zh: str = Field(examples=["业务恢复"])
    en: str = Field(examples=["Restore"])
    kind: str = Field(examples=["SLA"], description="SLA, OLA or UC")
    state: str
    calendar: str = Field(examples=["24x7"])
    policies: dict[str, int] = Field(examples=[{"clocks": 1, "calendars": 1}])
    allowances: dict[str, Length]
    ongoing: CycleShown | None
    completed: list[CycleShown] = Field(description=f"The last {NEWEST}, the newest at the end")
    completed_count: int = Field(description="How many cycles are over in all")
    rungs: list[RungShown]
    rules: list[RuleShown]


def show_clocks(
    session: Session, ticket: Ticket, now: datetime, *, is_past: bool = False
) -> list[ClockShown]:
    rules = [_show_rule(session, one) for one in decisions_of(session, ticket)]
    reasons, names = clocks.reasons_of(session), read_names(session)
    read = clocks.read_all(session, ticket, now, is_past=is_past)
    return [_show(one, rules, reasons, names) for one in read]


def read_names(session: Session) -> Names:
    """What clocks, recipients and actions are called, by key."""
    named = {key: (each.zh, each.en) for key, each in clocks.definitions(session).items()}
    return {"clocks": named, **recipients.names(recipients.content(session))}


def in_both(name: str, key: str, names: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """{"to_zh": …, "to_en": …}; what has no name any more is called by its key."""
    zh, en = names.get(key, (key, key))
    return {f"{name}_zh": zh, f"{name}_en": en}


def _show(one: Reading, rules: Iterable[RuleShown], reasons: Reasons, names: Names) -> ClockShown:
    is_over = one.ended_at is not None
    over = [*one.before, one] if is_over else one.before
    return ClockShown(
        **{name: getattr(one, name) for name in ("name", "zh", "en", "kind", "state", "calendar")},
        policies=dict(one.versions),
        allowances={key: show_seconds(seconds) for key, seconds in one.allowances.items()},
        ongoing=None if is_over else _cycle(one, reasons),
        completed=[_cycle(cycle, reasons) for cycle in over[-NEWEST:]],
        completed_count=len(over),
        rungs=[_show_rung(rung, names) for rung in one.rungs],
        rules=[rule for rule in (_of_clock(one.name, each) for each in rules) if rule.rows],
    )


def _cycle(one: Reading, reasons: Reasons) -> CycleShown:
    zh, en = STATES[one.state]
    alike = ("cycle", "state", "started_at", "due_at", "ended_at", "breached_at")
    return CycleShown(
        **{name: getattr(one, name) for name in alike},
        state_zh=zh,
        state_en=en,
        limit=show_seconds(one.limit_seconds),
        elapsed=show_seconds(one.elapsed_seconds),
        remaining_seconds=one.remaining_seconds,
        pauses=[_pause(pause, reasons) for pause in one.pauses],
        arithmetic=[Said(**line) for line in one.arithmetic],
    )


def _pause(pause: Pause, reasons: Reasons) -> PauseShown:
    name = name_reason(reasons, pause.reason)
    return PauseShown(**asdict(pause), reason_zh=name["zh"], reason_en=name["en"])


def _show_rung(rung: Rung, names: Names) -> RungShown:
    alike = ("number", "at", "to", "action", "fired_at")
    told = in_both("to", rung.to, names["recipients"])
    told |= in_both("action", rung.action, names["actions"])
    return RungShown(**{name: getattr(rung, name) for name in alike}, **told, due_at=rung.instant)


def _show_rule(session: Session, fired: Fired) -> RuleShown:
    loaded = library.load(session, fired.version_id, fired.content_hash)
    rows = loaded.blueprint.decisions[fired.table].rows
    alike = ("table", "name", "result", "element", "run_id", "diagram", "content_hash")
    return RuleShown(
        **{name: getattr(fired, name) for name in alike},
        rows=list(fired.rows),
        notes=[rows[number - 1].note for number in fired.rows],
        version=loaded.number,
    )


def _of_clock(name: str, rule: RuleShown) -> RuleShown:
    """Of a table whose rows each name a clock, such as a ladder, those that name this one."""
    named = rule.result.get("clock") if isinstance(rule.result, dict) else None
    if not isinstance(named, list):
        return rule
    mine = [at for at, clock in enumerate(named) if clock == name]
    result = {key: [column[at] for at in mine] for key, column in rule.result.items()}
    rows, notes = ([every[at] for at in mine] for every in (rule.rows, rule.notes))
    return rule.model_copy(update={"result": result, "rows": rows, "notes": notes})
