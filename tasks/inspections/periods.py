"""Periods of so many months, by the calendar of Shanghai. Pure. Called by needs.py."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tasks.sla.calendars import ZONE

DAY = timedelta(days=1)


def period_at(at: datetime, months: int) -> tuple[datetime, datetime]:
    """The one that `at` is in: quarters begin in January, April, July, October."""
    there = at.astimezone(ZoneInfo(ZONE))
    first = there.year * 12 + (there.month - 1)
    first -= first % months
    return _month(first), _month(first + months)


def _month(number: int) -> datetime:
    year, month = divmod(number, 12)
    return datetime(year, month + 1, 1, tzinfo=ZoneInfo(ZONE))
