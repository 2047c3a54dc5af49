"""Nightly: count how complete archives are and how ready customers are, some at a time; rank what
should be replaced.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from records import Customer
from records.database import open_session
from tasks import archives, readiness, replacements

MANY = 1_000  # customers in one transaction: others write in between
Count = Callable[..., int]


def count_archives(engine: Engine, now: datetime) -> int:
    return _by_parts(engine, archives.recount, now)


def count_readiness(engine: Engine, now: datetime) -> int:
    return _by_parts(engine, readiness.count, now)


def rank_replacements(engine: Engine, now: datetime) -> int:
    with open_session(engine) as session:
        return replacements.rank(session, now=now)


def _by_parts(engine: Engine, count: Count, now: datetime) -> int:
    """How many rows changed. Stopped in between, what was counted stays counted."""
    with open_session(engine, readonly=True) as session:
        last = session.exec(select(func.max(Customer.id))).one() or 0
    changed, first = 0, 0
    while first <= last:
        with open_session(engine) as session:
            until = _end_of_part(session, first) or last
            changed += count(session, first=first, last=until, now=now)
        first = until + 1
    return changed


def _end_of_part(session: Session, first: int) -> int | None:
    """Ids may have gaps."""
    rows = select(Customer.id).where(col(Customer.id) >= first).order_by(col(Customer.id))
    return session.exec(rows.offset(MANY - 1).limit(1)).first()
