"""Every half second: send the notices that are due."""

from datetime import datetime

from sqlalchemy import Engine

from notifications import outbox
from records.database import open_session


def send_notices(engine: Engine, now: datetime) -> int:
    """Send each notice that is due; how many left."""
    with open_session(engine, readonly=True) as session:
        due = outbox.due(session, now=now)
    return sum(_send(engine, notice_id, now) for notice_id in due)


def _send(engine: Engine, notice_id: int, now: datetime) -> bool:
    with open_session(engine) as session:
        notice = outbox.claim(session, notice_id, now=now)
    if notice is None:
        return False
    error = outbox.deliver(notice)
    with open_session(engine) as session:
        outbox.settle(session, notice_id, error, now=now)
    return error is None
