"""The clocks of a ticket: read them as they are now, and keep the rows that the tick looks at.

A clock follows from history alone (clock_courses.py), by the versions of the policies that counted
when its limits were set. `read_all` is for whoever wants to know; `follow` runs by itself with each
commit that recorded something clocks listen to. Where somebody waits for that (a bold session), it
only stirs the ticket, and the next tick catches up. What is due is told by escalations.py, which
records "escalated" or, for a rung that is the limit, "limit missed" about the ticket: with clock,
cycle, rung, at and to, one entry for each rung.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam, event, update
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, col, select

from records import Clock, Ticket, history
from records.bold import is_bold
from records.policies import Policed
from tasks import policies
from tasks.refusals import Invalid
from tasks.sla.calendars import Calendar, calendars_of
from tasks.sla.clock_courses import Course
from tasks.sla.clock_definitions import HEARD, Definition, Told, definitions_of
from tasks.sla.clock_ladders import Rung
from tasks.sla.clock_moments import past_of
from tasks.sla.clock_outcomes import Outcome, outcome_of
from tasks.sla.clock_rows import entries_of, keep, row_of
from tasks.sla.clock_times import Pause
from tasks.sla.clock_words import Line, Reasons, arithmetic
from tasks.sla.limits import check_ladder, check_limit

_STIR = (
    update(Ticket)
    .where(col(Ticket.id).in_(bindparam("tickets", expanding=True)))
    .values(stirred_at=bindparam("at"))
    .execution_options(synchronize_session=False)
)
PINNED = ("clocks", "calendars")  # the policies whose versions "limit set" carries


@dataclass(frozen=True)
class Reading:
    """One clock as it is now, with how that came about."""

    name: str
    zh: str
    en: str
    kind: str
    state: str  # running, paused, met, missed, cancelled
    cycle: int
    is_repeating: bool
    calendar: str
    versions: Mapping[str, int]  # of the policies that it follows
    started_at: datetime
    limit_seconds: float  # with what was allowed and postponed
    allowances: Mapping[str, float]  # of that, seconds by name: travel
    due_at: datetime | None  # None while it is paused
    next_at: datetime | None  # when a rung is due that was not told
    ended_at: datetime | None
    breached_at: datetime | None  # it is, or ended, past the limit; else the last cycle that was
    elapsed_seconds: float  # without pauses, in the hours of the calendar
    remaining_seconds: float  # below 0: by how much it is late
    rungs: tuple[Rung, ...]
    pauses: tuple[Pause, ...]
    arithmetic: list[Line]
    before: "tuple[Reading, ...]" = ()  # the cycles that are over


def read(
    definition: Definition,
    entries: Sequence[Told],
    calendars: Mapping[str, Calendar],
    now: datetime,
    reasons: Reasons = MappingProxyType({}),
) -> Reading | None:
    """From a ticket's entries, in order; None if this clock is not among the ticket's."""
    course = Course(definition, past_of(entries, now), calendars)
    return _reading(course, now, reasons) if course.is_there else None


def read_all(
    session: Session, ticket: Ticket, now: datetime, *, is_past: bool = False
) -> list[Reading]:
    """Every clock of the ticket, in the order of the policy. `is_past`: as they stood at `now`."""
    history.write(session)
    entries = entries_of(session.connection(), [ticket.id]).get(ticket.id, [])
    entries = [one for one in entries if one.at <= now] if is_past else entries
    courses, named = _courses(session, entries, now), reasons_of(session)
    return [_reading(course, now, named) for course in courses]


def reasons_of(session: AnySession) -> Reasons:
    """Why something waits, whether it stops the clock or never does: by key, with both names."""
    content = _policed(session, "suspensions", None).content
    return {**content["never"], **content["reasons"]}


def outcomes(
    session: Session, tickets: Iterable[int], now: datetime
) -> dict[int, dict[str, Outcome]]:
    """By ticket and clock, for many tickets at once: what has come of each."""
    history.write(session)
    told = entries_of(session.connection(), tickets)
    return {
        ticket: {
            course.definition.name: outcome_of(course) for course in _courses(session, entries, now)
        }
        for ticket, entries in told.items()
    }


def pin(
    session: Session, limit: Mapping[str, Any], ladder: Sequence[Mapping[str, Any]]
) -> dict[str, int]:
    """The versions by which clocks go from now on. Refuses what none could go by."""
    found = {key: policies.current(session, key) for key in PINNED}
    findings = [
        *check_limit(limit, found["calendars"].content["calendars"]),
        *check_ladder(ladder, found["clocks"].content["clocks"]),
    ]
    if findings:
        raise Invalid(
            f"时限或升级阶梯有误,请改决策表:{findings[0].zh}",
            f"The limits or the ladder are wrong, mend the decision table: {findings[0].en}",
            fields=[{"field": each.path, "zh": each.zh, "en": each.en} for each in findings],
        )
    return {key: each.number for key, each in found.items()}


def follow(session: AnySession, ticket: Ticket | int, now: datetime) -> None:
    """Bring the rows of a ticket's clocks up to date; a commit does so by itself.

    It holds the end of the ticket's history, so whoever locks a clock's row first could wait for it
    in a circle: lock the ticket instead.
    """
    history.write(session)
    _follow(session, [ticket if isinstance(ticket, int) else ticket.id], now)


def catch_up(session: Session, *, now: datetime, limit: int = 200) -> int:
    """Follow the tickets that were stirred, the longest ago first; how many. For the tick."""
    is_stirred = col(Ticket.stirred_at).is_not(None)
    oldest = select(Ticket.id).where(is_stirred).order_by(col(Ticket.stirred_at)).limit(limit)
    found = list(session.exec(oldest.with_for_update(skip_locked=True)))
    if found:
        _follow(session, found, now)
        _stir(session, found, None)
    return len(found)


def newer(session: Session, clock: Clock, ticket: Ticket, *, now: datetime) -> dict[str, Any]:
    """What its row will say once the tick has caught up; empty where there is nothing to catch."""
    if ticket.stirred_at is None:
        return {}
    outcome = outcomes(session, [ticket.id], now).get(ticket.id, {}).get(clock.name)
    return row_of(outcome) if outcome else {}


def definitions(session: AnySession, number: int | None = None) -> Mapping[str, Definition]:
    """The clocks by name, as of one version or as of now."""
    return _definitions(_policed(session, "clocks", number))


def calendars(session: AnySession, number: int | None = None) -> Mapping[str, Calendar]:
    return _calendars(_policed(session, "calendars", number))


def _follow(session: AnySession, tickets: Iterable[int], now: datetime) -> None:
    told = entries_of(session.connection(), tickets)
    found = {
        ticket: [outcome_of(course) for course in _courses(session, entries, now)]
        for ticket, entries in told.items()
    }
    if any(found.values()):
        keep(session, found)


def _stir(session: AnySession, tickets: Iterable[int], at: datetime | None) -> None:
    session.connection().execute(_STIR, {"tickets": list(tickets), "at": at})


def _courses(session: AnySession, entries: Sequence[Told], now: datetime) -> list[Course]:
    past = past_of(entries, now)
    if not past.limits:
        return []
    pinned = past.limits[-1][1].get("policies", {})
    by, hours = (_policed(session, key, pinned.get(key, 0)) for key in PINNED)
    made = [Course(each, past, _calendars(hours)) for each in _definitions(by).values()]
    return [course for course in made if course.is_there]


def _reading(course: Course, now: datetime, reasons: Reasons) -> Reading:
    """The last cycle, with those before, of which each knows the last breach until then."""
    shown: list[Reading] = []
    breached: datetime | None = None
    for cycle in course.cycles:
        outcome = outcome_of(course, cycle)
        breached = outcome.breached_at or breached
        shown.append(_shown(outcome, now, breached, reasons))
    return replace(shown[-1], before=tuple(shown[:-1]))


def _shown(outcome: Outcome, now: datetime, breached: datetime | None, reasons: Reasons) -> Reading:
    course, cycle, due = outcome.course, outcome.cycle, outcome.due_at
    of, sums, elapsed = course.definition, course.sums(cycle), course.elapsed(cycle, now)
    seconds = sums.seconds if sums else 0.0
    is_late = cycle.ended_at is None and due is not None and due < now
    return Reading(
        name=of.name,
        zh=of.zh,
        en=of.en,
        kind=of.kind,
        state=outcome.state,
        cycle=cycle.number,
        is_repeating=of.is_repeating,
        calendar=course.calendar_at(cycle.ended_at).key,
        versions={"clocks": of.number, "calendars": course.calendar_at(cycle.ended_at).number},
        started_at=cycle.started_at,
        limit_seconds=seconds,
        allowances=dict(sums.allowances) if sums else {},
        due_at=due,
        next_at=outcome.next_at,
        ended_at=cycle.ended_at,
        breached_at=due if is_late else breached,
        elapsed_seconds=elapsed,
        remaining_seconds=seconds - elapsed,
        rungs=outcome.rungs,
        pauses=course.pauses_of(cycle),
        arithmetic=arithmetic(course, cycle, due, reasons),
    )


def _policed(session: Any, key: str, number: int | None) -> Policed:
    return policies.current(session, key) if number is None else policies.load(session, key, number)


@lru_cache(maxsize=64)
def _definitions(policed: Policed) -> Mapping[str, Definition]:
    return definitions_of(policed.content, policed.number)


@lru_cache(maxsize=64)
def _calendars(policed: Policed) -> Mapping[str, Calendar]:
    return calendars_of(policed.content, policed.number)


@event.listens_for(AnySession, "before_commit")
def _follow_before_commit(session: AnySession) -> None:
    """After history's own, which was there first: by now the entries are written."""
    if session.in_nested_transaction():
        return
    told: dict[int, datetime] = {}
    for row in history.written(session):
        about, _, key = row["subject"].partition(":")
        if about == "ticket" and row["verb"] in HEARD:
            told[int(key)] = row["at"]
    if told and is_bold(session):
        _stir(session, told, max(told.values()))
    elif told:
        _follow(session, sorted(told), max(told.values()))
