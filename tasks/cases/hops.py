"""How a case went: how many desks one after another, and how long until there was an answer.

Measured from its work orders, the same for both ways of working. Asked by the doors and the tour.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from records import Case, WorkOrder

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Course:
    """Minutes are None for what has not been yet."""

    hops: int  # desks that it went through, one after another; asked at once, they are one
    asked: int  # orders that others than its owner got
    answer_minutes: float | None  # until the first answer
    accept_minutes: float | None  # until the answer that held was with its owner
    reply_minutes: float | None  # until the customer was told


def course_of(session: Session, case: Case, *, now: datetime) -> Course:
    opened, finished = col(WorkOrder.opened_at), col(WorkOrder.finished_at)
    mine = select(opened, finished, col(WorkOrder.holder)).where(
        col(WorkOrder.run_id) == case.run_id
    )
    spans = [
        (begun, ended or now) for begun, ended, by in session.execute(mine) if by != case.owner
    ]
    times = (case.answered_at, case.accepted_at, case.replied_at)
    return Course(count_hops(spans), len(spans), *(_minutes(case, at) for at in times))


def count_hops(spans: Iterable[Span]) -> int:
    """Those that overlap, or begin in one moment, were at once. One that begins when another ends
    came after it."""
    hops, since, until = 0, None, None
    for begun, ended in sorted(spans):
        if since is None or until is None or (begun >= until and begun > since):
            hops, since, until = hops + 1, begun, ended
        else:
            until = max(until, ended)
    return hops


def _minutes(case: Case, at: datetime | None) -> float | None:
    return round((at - case.opened_at).total_seconds() / 60, 1) if at else None
