"""Nightly: the report of hand-offs for each day that has none. Hourly: how likely it is that
tickets miss their limits, and what came of what was foretold.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from records.database import open_session
from tasks import shifts
from tasks.timelines import forecasts, hand_offs, kept_segments
from workflows.hours import ZONE
from workflows.segments import keep

MOST = 31  # days that are made up for


def report_hand_offs(engine: Engine, now: datetime) -> int:
    """How many days were reported on. First, what was passed over by day is tried again."""
    with open_session(engine) as session:
        kept_segments.take_up_again(session, now)
    while keep(engine, now):
        pass
    return sum(_report(engine, day, now) for day in _days(engine, now))


def foretell(engine: Engine, now: datetime) -> int:
    """How many forecasts were made and settled. They are worked out while nobody waits."""
    with open_session(engine, readonly=True) as session:
        rows = forecasts.foretell(session, now)
    with open_session(engine) as session:
        settled = forecasts.settle_forecasts(session, now)
        return settled + forecasts.keep_forecasts(session, rows)


def _report(engine: Engine, day: date, now: datetime) -> bool:
    with open_session(engine) as session:
        return hand_offs.make_report(session, day, now) is not None


def _days(engine: Engine, now: datetime) -> list[date]:
    """Those in Shanghai since Baton is at work that are over, the newest last."""
    with open_session(engine, readonly=True) as session:
        first = shifts.first_sign(session) or now
    today, zone = now.astimezone(ZoneInfo(ZONE)).date(), ZoneInfo(ZONE)
    since = max(first.astimezone(zone).date(), today - timedelta(days=MOST))
    return [since + timedelta(days=n) for n in range((today - since).days)]
