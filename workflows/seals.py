"""Every hour: seal what was written to history since the last seal."""

import time
from datetime import datetime

from sqlalchemy import Engine

from records import sealing
from records.database import open_session

PATIENCE = 30.0  # seconds for what is being written to be written
PAUSE = 0.05


class NotSettled(Exception):
    """A transaction that began before the seal is still open: the next run seals it."""


def seal_history(engine: Engine, now: datetime) -> int:
    """How many entries are under the new seal; 0 where nothing was written since the last."""
    with open_session(engine) as session:
        end = sealing.end(session)
    _wait_for(engine, end)
    with open_session(engine) as session:
        new = sealing.seal(session, end, now=now)
        return new.entries if new else 0


def _wait_for(engine: Engine, end: sealing.End) -> None:
    given_up_at = time.monotonic() + PATIENCE
    while True:
        with open_session(engine) as session:
            if sealing.is_settled(session, end):
                return
        if time.monotonic() > given_up_at:
            raise NotSettled("A transaction has been open for too long: nothing was sealed")
        time.sleep(PAUSE)
