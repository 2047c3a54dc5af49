"""Nightly: count how complete archives are and how ready customers are, some at a time; rank what
should be replaced; what is due becomes work. Monthly: draw the sample of circuits to be audited.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from bpmn import archives as archive_runs
from records import Customer
from records.database import open_session
from tasks.archive import archives, audits, readiness, replacements

MANY = 1_000  # customers in one transaction: others write in between
PART = 50  # runs that are begun in one tick
log = logging.getLogger(__name__)
Count = Callable[..., int]


def count_archives(engine: Engine, now: datetime) -> int:
    return _by_parts(engine, archives.recount, now)


def count_readiness(engine: Engine, now: datetime) -> int:
    return _by_parts(engine, readiness.count, now)


def rank_replacements(engine: Engine, now: datetime) -> int:
    with open_session(engine) as session:
        return replacements.rank(session, now=now)


def refresh_archives(engine: Engine, now: datetime) -> int:
    """How many customers' sections became work; at most as many a night as the policy says."""
    with open_session(engine, readonly=True) as session:
        most = archives.rules_of(session)["work"]["each_night"]
        due = archives.due_customers(session, now=now, limit=most)
    return sum(_each(engine, archive_runs.refresh, key, now) for key in due)


def audit_inventory(engine: Engine, now: datetime) -> int:
    """Draw this month's sample, once, and begin with what was drawn."""
    with open_session(engine) as session:
        audits.draw(session, now=now)
        drawn = archive_runs.drawn_audits(session, MANY)
    return sum(_each(engine, archive_runs.begin_audit, key, now) for key in drawn)


def begin_onboardings(engine: Engine, now: datetime) -> int:
    """A run for each customer of a wave that was opened."""
    with open_session(engine, readonly=True) as session:
        waiting = archive_runs.waiting_onboardings(session, PART)
    return sum(_each(engine, archive_runs.begin_onboarding, key, now) for key in waiting)


def _each(engine: Engine, begin: Callable[..., object], key: int, now: datetime) -> bool:
    """One that cannot be begun is told of in the log; the others go on."""
    try:
        with open_session(engine) as session:
            begin(session, key, now=now)
        return True
    except Exception:
        log.exception("%s cannot be begun for %s", begin.__name__, key)
        return False


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
