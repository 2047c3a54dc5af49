"""The rows of clocks: brought up to date in the transaction that changes them. Called by clocks.py.

A few statements for any number of tickets, in Core: this runs while somebody waits.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, literal, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key
from sqlmodel import SQLModel, col

from records import Clock, Entry
from records.columns import UtcDateTime
from records.work_orders import NEVER
from tasks.sla.clock_definitions import HEARD
from tasks.sla.clock_outcomes import Outcome, last_breach

Row = dict[str, Any]
FIELDS = (
    *("kind", "state", "cycle", "rung", "started_at"),
    *("due_at", "next_at", "ended_at", "breached_at"),
)
_CLOCK = SQLModel.metadata.tables["clock"]
_ENTRIES = (
    select(
        col(Entry.subject), col(Entry.seq), col(Entry.at), col(Entry.verb), col(Entry.particulars)
    )
    .where(
        col(Entry.subject).in_(bindparam("subjects", expanding=True)),
        col(Entry.verb).in_(sorted(HEARD)),  # an alarm storm adds thousands of others
    )
    .order_by(col(Entry.subject), col(Entry.seq))
)
_ROWS = select(_CLOCK).where(_CLOCK.c.ticket_id.in_(bindparam("tickets", expanding=True)))
_ADD = insert(_CLOCK)
_ORDER = SQLModel.metadata.tables["workorder"]
_RUNS = (_CLOCK.c.ticket_id == _ORDER.c.ticket_id) & _CLOCK.c.ended_at.is_(None)
_OWN = select(_CLOCK.c.due_at).where(_RUNS, _CLOCK.c.name == _ORDER.c.clock)
_NEXT = select(func.min(_CLOCK.c.due_at)).where(_RUNS)
_DUE = func.coalesce(_OWN.scalar_subquery(), _NEXT.scalar_subquery(), literal(NEVER, UtcDateTime))
_PUT_DUE = (
    update(_ORDER)
    .where(
        _ORDER.c.ticket_id.in_(bindparam("tickets", expanding=True)),
        _ORDER.c.finished_at.is_(None),
        _ORDER.c.due_at != _DUE,
    )
    .values(due_at=_DUE)
)
_CHANGE = (
    update(_CLOCK)
    .where(_CLOCK.c.id == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in FIELDS})
)


def entries_of(connection: Connection, tickets: Iterable[int]) -> dict[int, list[Any]]:
    """By ticket: its entries, as far as clocks listen to them, in order."""
    subjects = [f"ticket:{ticket}" for ticket in tickets]
    told = connection.execute(_ENTRIES, {"subjects": subjects})
    return {
        int(subject.removeprefix("ticket:")): list(entries)
        for subject, entries in groupby(told, key=attrgetter("subject"))
    }


def keep(session: Session, found: Mapping[int, Sequence[Outcome]]) -> None:
    """Add the rows that are new, change those that are different; by ticket. The open work orders
    are due when their clocks are."""
    connection = session.connection()
    rows = connection.execute(_ROWS, {"tickets": list(found)})
    there = {(row.ticket_id, row.name): row for row in rows}
    new, changed = [], []
    for ticket, outcomes in found.items():
        for outcome in outcomes:
            name, told = outcome.course.definition.name, row_of(outcome)
            row = there.get((ticket, name))
            if row is None:
                new.append({"ticket_id": ticket, "name": name, **told})
            elif any(getattr(row, field) != told[field] for field in FIELDS):
                changed.append({"of": row.id, **{f"new_{key}": told[key] for key in FIELDS}})
    if new:
        connection.execute(_ADD, new)
    if changed:
        connection.execute(_CHANGE, changed)
        _forget(session, [each["of"] for each in changed])
    connection.execute(_PUT_DUE, {"tickets": list(found)})


def row_of(outcome: Outcome) -> Row:
    return {
        "kind": outcome.course.definition.kind,
        "state": outcome.state,
        "cycle": outcome.cycle.number,
        "rung": outcome.rung,
        "started_at": outcome.cycle.started_at,
        "due_at": outcome.due_at,
        "next_at": outcome.next_at,
        "ended_at": outcome.cycle.ended_at,
        "breached_at": last_breach(outcome),
    }


def _forget(session: Session, ids: Iterable[int]) -> None:
    """Those that the session has read are read again when asked for."""
    for key in ids:
        row = session.identity_map.get(identity_key(Clock, key))
        if row is not None:
            session.expire(row)
