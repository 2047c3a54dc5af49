"""Which tickets will not be restored in time, how likely, and why. Called by api/reports.py and
forecasts.py. The formula: odds.py; what usually happens: past_times.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from records import Clock, Ticket, WorkOrder
from tasks.access.groups import name_groups
from tasks.sla import clocks
from tasks.sla.clock_rows import entries_of
from tasks.sla.clock_times import Pause
from tasks.sla.clocks import Reading
from tasks.timelines.odds import NOBODY, Odds, odds
from tasks.timelines.past_times import Past, read_past
from tasks.timelines.risk_words import Names, Reason, explain

CLOCK = "restore"
NEAREST = 1_000  # tickets that a list looks at: half a second
AT_ONCE = 1_000  # tickets whose history is read together
_ORDER = ("ticket_id", "element", "title", "stage", "group_key", "holder", "state", "opened_at",
          "finished_at")  # fmt: skip


@dataclass(frozen=True)
class Risk:
    """One open ticket. Seconds are net: without suspensions."""

    ticket: Ticket
    stage: str
    age: float  # since it first came to the stage
    remaining: float
    due_at: datetime | None  # None while it is suspended
    odds: Odds
    reasons: list[Reason]


def find_risks(
    session: Session, now: datetime, *, within: timedelta, least: float = 0.0, limit: int = 100
) -> list[Risk]:
    """Tickets whose limit ends within that time, or that are suspended; the likeliest first.

    Those that are late already are no risk any more; a child's risk is its parent's. Looked at are
    the NEAREST to their end.
    """
    every = each_risk(session, now, now + within, NEAREST)
    found = [risk for risk in every if risk.odds.probability >= least]
    found.sort(key=lambda risk: (-risk.odds.probability, risk.remaining, risk.ticket.id))
    return found[:limit]


def each_risk(
    session: Session, now: datetime, until: datetime | None = None, most: int | None = None
) -> Iterator[Risk]:
    """Of every open ticket that still has time, or of those whose limit ends until then."""
    past, names = read_past(session), name_groups(session)
    ids = list(session.execute(_open(now, until).limit(most)).scalars())
    for first in range(0, len(ids), AT_ONCE):
        yield from _assess(session, ids[first : first + AT_ONCE], past, names, now)


def _open(now: datetime, until: datetime | None) -> Any:
    due = col(Clock.due_at)
    is_near = due > now if until is None else (due > now) & (due <= until)
    return (
        select(col(Ticket.id))
        .join(Clock, col(Clock.ticket_id) == col(Ticket.id))
        .where(col(Clock.name) == CLOCK, col(Clock.state).in_(("running", "paused")))
        .where(col(Ticket.closed_at).is_(None), or_(due.is_(None), is_near))
        .where(col(Ticket.state) != "following")
        .order_by(due.is_(None), due, col(Ticket.id))
    )


def _assess(
    session: Session, ids: Sequence[int], past: Past, names: Names, now: datetime
) -> Iterator[Risk]:
    about = select(Ticket).where(col(Ticket.id).in_(ids)).order_by(col(Ticket.id))
    told, orders = entries_of(session.connection(), ids), _orders_of(session, ids)
    for ticket in session.execute(about).scalars():
        reading = _read(session, told.get(ticket.id, []), now)
        if reading and reading.ended_at is None and reading.remaining_seconds > 0:
            yield _risk(ticket, reading, orders[ticket.id], past, names, now)


def _read(session: Session, entries: Sequence[Any], now: datetime) -> Reading | None:
    """The restore clock, by the versions that count for it."""
    limits = [entry.particulars for entry in entries if entry.verb == "limit set"]
    pinned: Mapping[str, int] = limits[-1].get("policies", {}) if limits else {}
    definition = clocks.definitions(session, pinned.get("clocks", 0)).get(CLOCK)
    calendars = clocks.calendars(session, pinned.get("calendars", 0))
    return clocks.read(definition, entries, calendars, now) if definition else None


def _orders_of(session: Session, ids: Sequence[int]) -> Mapping[int, list[Any]]:
    columns = [getattr(WorkOrder, name) for name in _ORDER]
    rows = session.execute(select(*columns).where(col(WorkOrder.ticket_id).in_(ids)))
    orders: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        orders[row.ticket_id].append(row)
    return orders


def _risk(
    ticket: Ticket,
    reading: Reading,
    orders: Sequence[Any],
    past: Past,
    names: Names,
    now: datetime,
) -> Risk:
    waiting = [order for order in orders if order.finished_at is None]
    stage = max(waiting, key=lambda order: order.opened_at).stage if waiting else ""
    began = min((o.opened_at for o in orders if o.stage == stage), default=ticket.opened_at)
    age = _net(began, now, reading.pauses)
    limit, remaining = reading.limit_seconds, reading.remaining_seconds
    peers = past.get(stage, NOBODY)
    found = odds(peers, stage, age, remaining, limit, ticket.grade, ticket.domains)
    reasons = explain(stage, age, remaining, found, waiting, ticket, names, now)
    return Risk(ticket, stage, age, remaining, reading.due_at, found, reasons)


def _net(begin: datetime, end: datetime, pauses: Iterable[Pause]) -> float:
    stopped = timedelta()
    for pause in pauses:
        since, until = max(pause.started_at, begin), min(pause.ended_at or end, end)
        stopped += max(until - since, timedelta())
    return max((end - begin - stopped).total_seconds(), 0.0)
