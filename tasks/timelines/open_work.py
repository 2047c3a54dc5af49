"""What stands open now, and which limits were missed in a time: counts for the overview.

Called by api/pages/reports.py. The database counts; nothing is kept.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from records import Clock, Ticket
from records.customers import GRADES
from tasks.faults.intake import OVER


def open_by_grade(session: Session) -> dict[str, int]:
    """Every grade is there, the best first."""
    rows = select(col(Ticket.grade), func.count()).where(col(Ticket.state).not_in(OVER))
    found = dict(session.execute(rows.group_by(col(Ticket.grade))).tuples().all())
    return {grade: found.get(grade, 0) for grade in dict.fromkeys((*GRADES, *sorted(found)))}


def missed(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    """Clocks whose limit passed in that time, by name, the most first."""
    at, count = col(Clock.breached_at), func.count()
    rows = select(col(Clock.name), count).where(at >= since, at < until)
    by_name = rows.group_by(col(Clock.name)).order_by(count.desc(), col(Clock.name))
    return dict(session.execute(by_name).tuples().all())
