"""Every half second: make the service calls that are due, and give their results to their runs."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from bpmn import calls
from records import ServiceCall
from records.database import open_session
from tasks.services import SERVICES
from workflows import lateness
from workflows.ticking import is_done, later


def make_calls(
    engine: Engine, now: datetime, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> int:
    """Make each call that is due; how many runs moved."""
    began = time.monotonic()
    with open_session(engine, readonly=True) as session:
        due = calls.due(session, now=now)
        rows = select(ServiceCall.id, ServiceCall.due_at).where(col(ServiceCall.id).in_(due))
        since = dict(session.exec(rows).all())
    done = 0
    for call_id in due:
        if _make(engine, call_id, now, clock):
            done += 1
            late = (now - since[call_id]).total_seconds() + time.monotonic() - began
            lateness.note("make service calls", late)
    return done


def _make(engine: Engine, call_id: int, now: datetime, clock: Callable[[], datetime]) -> bool:
    with open_session(engine) as session:
        call = calls.claim(session, call_id, now=now)
    if call is None:
        return False
    is_outside = SERVICES[call.service].is_outside
    outcome = calls.perform(call) if is_outside else None

    def settle(session: Session, key: int) -> None:
        calls.settle(session, key, outcome, now=max(clock(), now))

    def put_off(session: Session, key: int) -> None:
        mine = update(ServiceCall).where(col(ServiceCall.id) == key)
        session.connection().execute(mine.values(due_at=later(now)))

    return is_done(engine, call_id, settle, put_off)
