"""Every night: the reports of the day before, in Shanghai; and one more try for tickets whose
segments could not be kept.
"""

from datetime import datetime, timedelta

from sqlalchemy import Engine

from records.database import open_session
from tasks import hand_offs, kept_segments
from tasks.impact import ZONE
from workflows.segments import keep

CATCH_UP = 7  # days: what was missed while nothing ran is made up for


def make_reports(engine: Engine, now: datetime) -> int:
    """How many were made; those that are there already stay as they are."""
    with open_session(engine) as session:
        kept_segments.take_up_again(session, now)
    while keep(engine, now):
        pass
    today = now.astimezone(ZONE).date()
    days = [today - timedelta(days=back) for back in range(CATCH_UP, 0, -1)]
    made = 0
    for day in days:
        with open_session(engine) as session:
            made += hand_offs.make_report(session, day, now) is not None
    return made
