"""What is told of flows: which there are, whether they are at work, how late their jobs are.

From our own tables, so that it holds without Prefect. Called by api/flows.py and api/health.py.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func
from sqlalchemy import select as plain_select
from sqlmodel import Session, col, select

from records import Clock, Lateness, Shift
from tasks.shifts import count_live, is_live

DAY = timedelta(days=1)
LATELY = timedelta(minutes=10)


@dataclass(frozen=True)
class FlowTold:
    """One flow: its newest run, and what its runs of the last day came to."""

    newest: Shift
    live: int  # runs at work now
    runs: int
    failed_runs: int
    done: int
    failed: int
    worst_seconds: float


@dataclass(frozen=True)
class JobTold:
    """How late one job of the shifts was lately. `p99_seconds` is that of its worst minute."""

    job: str
    rows: int
    median_seconds: float
    p99_seconds: float
    worst_seconds: float


@dataclass(frozen=True)
class Pulse:
    """Whether the time runs: shifts at work, and how long the longest overdue clock waits."""

    shifts: int
    overdue_seconds: float


def each_flow(session: Session, *, now: datetime) -> list[FlowTold]:
    newest = select(func.max(Shift.id)).group_by(col(Shift.flow))
    rows = session.exec(select(Shift).where(col(Shift.id).in_(newest)).order_by(Shift.flow))
    sums = _sums(session, now)
    return [FlowTold(row, *sums.get(row.flow, (0, 0, 0, 0, 0, 0.0))) for row in rows]


def each_job(session: Session, *, now: datetime) -> list[JobTold]:
    """Those that did something lately, by name."""
    weighed = func.sum(Lateness.median_seconds * Lateness.rows) / func.sum(Lateness.rows)
    worst = func.max(Lateness.p99_seconds), func.max(Lateness.worst_seconds)
    told = plain_select(col(Lateness.job), func.sum(Lateness.rows), weighed, *worst)
    rows = told.where(col(Lateness.minute) > now - LATELY).group_by(col(Lateness.job))
    return [JobTold(*row) for row in session.execute(rows.order_by(col(Lateness.job)))]


def pulse(session: Session, *, now: datetime) -> Pulse:
    first = session.exec(select(func.min(col(Clock.next_at)))).one()
    overdue = max(0.0, (now - first).total_seconds()) if first else 0.0
    return Pulse(count_live(session, now=now), overdue)


def _sums(session: Session, now: datetime) -> dict[str, tuple[Any, ...]]:
    told = plain_select(
        col(Shift.flow),
        func.sum(case((is_live(now), 1), else_=0)),
        func.count(),
        func.sum(case((col(Shift.has_failed), 1), else_=0)),
        func.sum(Shift.done),
        func.sum(Shift.failed),
        func.max(Shift.worst_seconds),
    )
    rows = session.execute(told.where(col(Shift.seen_at) > now - DAY).group_by(col(Shift.flow)))
    return {row[0]: tuple(row[1:]) for row in rows}
