"""Four times a second: fire the rungs of clocks that are due, many in one transaction.

Where one of many fails, none of that transaction is kept, and each has one of its own: the bad one
is put off and seen on its ticket, the others go on.
"""

import logging
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from records import Clock, Escalation, Ticket
from records.database import open_session
from tasks.sla import clocks, escalations
from workflows import lateness
from workflows.ticking import is_done, later

JOB = "fire clocks"
BATCH = 100  # clocks in one transaction: others wait for it, 0.3 s at most on SQLite
MOST = 2_000  # clocks in one tick

_FIRST_DUE, _FIRST_STIRRED = (
    select(column).where(column.is_not(None)).order_by(column).limit(1)
    for column in (col(Clock.next_at), col(Ticket.stirred_at))
)
log = logging.getLogger(__name__)


def fire_clocks(engine: Engine, now: datetime) -> int:
    """Fire what is due; how many clocks."""
    began, done = time.monotonic(), 0
    if not _is_any_due(engine, now):
        return 0
    _catch_up(engine, now)
    while done < MOST:
        taken, fired = _fire_some(engine, now)
        late = now + timedelta(seconds=time.monotonic() - began)
        _note(fired, late)
        done += taken
        if taken < BATCH:
            break
    return done


def _is_any_due(engine: Engine, now: datetime) -> bool:
    """A look that keeps nobody waiting: mostly there is nothing.

    The first by the order of its index, not whether any exists: for that PostgreSQL reads the whole
    table as soon as it believes that many are due.
    """
    with open_session(engine, readonly=True) as session:
        first, stirred = (session.execute(one).scalar() for one in (_FIRST_DUE, _FIRST_STIRRED))
        return stirred is not None or (first is not None and first <= now)


def _catch_up(engine: Engine, now: datetime) -> None:
    """Bring the rows up to date whose tickets went on without waiting for that."""
    try:
        with open_session(engine) as session:
            while clocks.catch_up(session, now=now, limit=BATCH) == BATCH:
                pass
        return
    except Exception as error:
        log.warning("catching up failed: each ticket has its own turn (%s)", error)
    _follow_each(engine, now)


def _follow_each(engine: Engine, now: datetime) -> None:
    stirred = col(Ticket.stirred_at)
    with open_session(engine, readonly=True) as session:
        oldest = select(Ticket.id).where(stirred.is_not(None)).order_by(stirred)
        keys = list(session.exec(oldest.limit(BATCH)))

    def stir(session: Session, key: int, at: datetime | None) -> None:
        mine = update(Ticket).where(col(Ticket.id) == key).values(stirred_at=at)
        session.connection().execute(mine)

    def follow(session: Session, key: int) -> None:
        session.get(Ticket, key, with_for_update=True)
        clocks.follow(session, key, now)
        stir(session, key, None)

    def put_off(session: Session, key: int) -> None:
        stir(session, key, later(now))  # behind the others

    for key in keys:
        is_done(engine, key, follow, put_off)


def _fire_some(engine: Engine, now: datetime) -> tuple[int, Sequence[Escalation]]:
    """How many were due, and what came of them."""
    keys: list[int] = []
    try:
        with open_session(engine) as session:
            keys = escalations.due(session, now, BATCH)
            return len(keys), escalations.fire_all(session, keys, now=now) if keys else []
    except Exception as error:
        if not keys:
            raise
        log.warning("%s clocks at once failed: each has its own turn (%s)", len(keys), error)
    return len(keys), _fire_each(engine, keys, now)


def _fire_each(engine: Engine, keys: Iterable[int], now: datetime) -> list[Escalation]:
    fired: list[Escalation] = []

    def fire(session: Session, key: int) -> None:
        fired.extend(escalations.fire(session, key, now=now))

    def put_off(session: Session, key: int) -> None:
        error = sys.exception()  # what kept it, be it at the commit
        told = f"{type(error).__name__}: {error}".split("\n")[0][:500]
        escalations.note_failure(session, key, told, now=now)
        mine = update(Clock).where(col(Clock.id) == key)
        session.connection().execute(mine.values(next_at=later(now)))

    for key in keys:
        is_done(engine, key, fire, put_off)
    return fired


def _note(fired: Iterable[Escalation], at: datetime) -> None:
    """How long after it was due each was told."""
    for each in fired:
        lateness.note(JOB, (at - each.due_at).total_seconds())
