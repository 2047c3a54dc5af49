"""Every hour: forget what has served its time (old sign-ins, kept answers)."""

from datetime import datetime

from sqlalchemy import Engine

from records.database import open_session
from tasks import upkeep


def forget_old(engine: Engine, now: datetime) -> int:
    with open_session(engine) as session:
        return upkeep.forget_old(session, now=now)
