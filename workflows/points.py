"""Nightly, and so on the first of a month: the list of points of the month before, once."""

from datetime import datetime

from sqlalchemy import Engine

from records.database import open_session
from tasks.learning import points


def report_month(engine: Engine, now: datetime) -> int:
    with open_session(engine) as session:
        return int(points.report_month(session, now=now))
