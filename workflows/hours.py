"""Times of day in Shanghai: "02:10" is each day, ":07" each hour. Read by schedule.py's flows."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = "Asia/Shanghai"


def cron(at: str) -> str:
    """As Prefect wants it."""
    hour, minute = at.split(":")
    return f"{int(minute)} {int(hour) if hour else '*'} * * *"


def last(at: str, now: datetime) -> datetime:
    """The newest such time that is not after `now`, in UTC."""
    hour, minute = at.split(":")
    local = now.astimezone(ZoneInfo(ZONE)).replace(minute=int(minute), second=0, microsecond=0)
    if hour:
        local = local.replace(hour=int(hour))
    found = local.astimezone(now.tzinfo)
    return found if found <= now else found - span(at)


def coming(at: str, now: datetime) -> datetime:
    """The first such time after `now`, in UTC."""
    return last(at, now) + span(at)


def span(at: str) -> timedelta:
    """From one to the next. Shanghai does not change its clocks."""
    return timedelta(days=1) if at.split(":")[0] else timedelta(hours=1)
