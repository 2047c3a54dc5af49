"""Runs of flows, in our own tables: who checks in, who is alive, how late things were.

Called by workflows/, which does the work. What is told of it: flows.py. Ids, not clocks, say who is
newer: machines' clocks differ.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, update
from sqlmodel import Session, col, select

from records import Lateness, Shift

SHIFT = "shift"  # the flow that does what is due, all day
BEAT = 2.0  # seconds between two signs of life
LIVE = timedelta(seconds=4)  # who has not been seen for so long is gone


def check_in(
    session: Session,
    flow: str,
    *,
    now: datetime,
    flow_run: str = "",
    host: str,
    process: int,
    next_at: datetime | None = None,
) -> int:
    """A run of a flow begins; the id of its row."""
    row = Shift(flow=flow, flow_run=flow_run, host=host, started_at=now, seen_at=now)
    row.process, row.next_at = process, next_at
    session.add(row)
    session.flush()
    return row.id


def beat(
    session: Session,
    shift_id: int,
    *,
    now: datetime,
    done: int,
    failed: int,
    worst: float,
    error: str = "",
) -> None:
    """A sign of life, with what was done so far."""
    values = {"seen_at": now, "done": done, "failed": failed, "worst_seconds": worst}
    mine = update(Shift).where(col(Shift.id) == shift_id)
    session.connection().execute(mine.values(**values, error=error[:500]))


def check_out(session: Session, shift_id: int, *, now: datetime, has_failed: bool = False) -> None:
    mine = update(Shift).where(col(Shift.id) == shift_id)
    session.connection().execute(mine.values(ended_at=now, has_failed=has_failed))


def count_live(session: Session, *, now: datetime, after: int = 0) -> int:
    """How many shifts are at work, of those that began after the one with the id `after`."""
    rows = select(func.count()).select_from(Shift).where(is_live(now), col(Shift.id) > after)
    return session.exec(rows.where(Shift.flow == SHIFT)).one()


def is_settling(session: Session, settle: timedelta, *, now: datetime) -> bool:
    """Whether work began again less than `settle` ago, after a time when nobody was at work."""
    rows = select(Shift).where(Shift.flow == SHIFT, col(Shift.started_at) > now - settle)
    young = session.exec(rows.order_by(col(Shift.id)).limit(1)).first()
    if young is None:
        return False
    before = select(func.max(col(Shift.seen_at))).where(
        Shift.flow == SHIFT, col(Shift.id) < young.id
    )
    seen_at = session.exec(before).one()
    return seen_at is not None and seen_at <= young.started_at - LIVE


def live(session: Session, *, now: datetime) -> Sequence[Shift]:
    """All runs of flows that are at work."""
    return session.exec(select(Shift).where(is_live(now)).order_by(col(Shift.id))).all()


def is_live(now: datetime) -> ColumnElement[bool]:
    return col(Shift.ended_at).is_(None) & (col(Shift.seen_at) > now - LIVE)


def last_good(session: Session, flow: str) -> datetime | None:
    """When the last run began that did what it was for."""
    is_good = col(Shift.ended_at).is_not(None) & ~col(Shift.has_failed)
    rows = select(func.max(col(Shift.started_at))).where(Shift.flow == flow, is_good)
    return session.exec(rows).one()


def tries_since(session: Session, flow: str, since: datetime) -> Sequence[Shift]:
    rows = select(Shift).where(Shift.flow == flow, col(Shift.started_at) >= since)
    return session.exec(rows.order_by(col(Shift.id))).all()


def first_sign(session: Session) -> datetime | None:
    """When the first flow of all ran here."""
    return session.exec(select(func.min(col(Shift.started_at)))).one()


def keep_lateness(session: Session, noted: Mapping[str, Sequence[float]], *, now: datetime) -> None:
    """One row for each job that did something: how late, in seconds."""
    minute = now.replace(second=0, microsecond=0)
    for job, seconds in noted.items():
        told = sorted(seconds)
        row = Lateness(
            job=job,
            minute=minute,
            rows=len(told),
            median_seconds=told[len(told) // 2],
            p99_seconds=told[int(len(told) * 0.99)],
            worst_seconds=told[-1],
        )
        session.add(row)
