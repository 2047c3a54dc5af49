"""Daily: forget what has served its time (old sign-ins, kept answers); watch the calendars."""

from datetime import datetime

from sqlalchemy import Engine

from records.database import open_session
from tasks import upkeep
from tasks.sla import calendar_watch


def forget_old(engine: Engine, now: datetime) -> int:
    with open_session(engine) as session:
        return upkeep.forget_old(session, now=now)


def watch_calendars(engine: Engine, now: datetime) -> int:
    with open_session(engine) as session:
        return calendar_watch.watch_calendars(session, now=now)
