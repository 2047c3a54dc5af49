"""Twice a second: fire the rungs of clocks that are due, many in one transaction.

Where one of many fails, none of that transaction is kept, and each has one of its own: the bad one
is put off and seen on its ticket, the others go on.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, update
from sqlmodel import Session, col

from records import Clock, Escalation
from records.database import open_session
from tasks import escalations
from workflows import lateness
from workflows.ticking import is_done, later

JOB = "fire clocks"
BATCH = 100  # clocks in one transaction: others wait for it, 0.3 s at most on SQLite
MOST = 2_000  # clocks in one tick

log = logging.getLogger(__name__)


def fire_clocks(engine: Engine, now: datetime) -> int:
    """Fire what is due; how many clocks."""
    began, done = time.monotonic(), 0
    while done < MOST:
        taken, fired = _fire_some(engine, now)
        late = now + timedelta(seconds=time.monotonic() - began)
        _note(fired, late)
        done += taken
        if taken < BATCH:
            break
    return done


def _fire_some(engine: Engine, now: datetime) -> tuple[int, Sequence[Escalation]]:
    """How many were due, and what came of them."""
    keys: list[int] = []
    try:
        with open_session(engine) as session:
            keys = escalations.due(session, now, BATCH)
            return len(keys), escalations.fire_all(session, keys, now=now) if keys else []
    except Exception:
        if not keys:
            raise
        log.warning("%s clocks at once failed: each has its own turn", len(keys), exc_info=True)
        return len(keys), _fire_each(engine, keys, now)


def _fire_each(engine: Engine, keys: Iterable[int], now: datetime) -> list[Escalation]:
    fired: list[Escalation] = []
    errors: dict[int, str] = {}

    def fire(session: Session, key: int) -> None:
        try:
            fired.extend(escalations.fire(session, key, now=now))
        except Exception as error:
            errors[key] = f"{type(error).__name__}: {error}"[:500]
            raise

    def put_off(session: Session, key: int) -> None:
        escalations.note_failure(session, key, errors.get(key, ""), now=now)
        mine = update(Clock).where(col(Clock.id) == key)
        session.connection().execute(mine.values(next_at=later(now)))

    for key in keys:
        is_done(engine, key, fire, put_off)
    return fired


def _note(fired: Iterable[Escalation], at: datetime) -> None:
    """How long after it was due each was told."""
    for each in fired:
        lateness.note(JOB, (at - each.due_at).total_seconds())
