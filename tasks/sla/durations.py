"""Instants and lengths of time: as people say them, in two languages, and as history keeps them.

For pages, reports, notices; clocks and segments read instants.
"""

from datetime import datetime
from typing import Any

from tasks.faults.impact import ZONE


def when(at: datetime) -> str:
    """03-11 12:14, as people there have it."""
    return f"{at.astimezone(ZONE):%m-%d %H:%M}"


def in_zh(seconds: float) -> str:
    """2 小时 5 分, 2 小时, 23 分钟, 40 秒."""
    hours, minutes, rest = _parts(seconds)
    if hours:
        return f"{hours} 小时 {minutes} 分" if minutes else f"{hours} 小时"
    return f"{minutes} 分钟" if minutes else f"{rest} 秒"


def in_en(seconds: float) -> str:
    """2 h 05 min, 2 h, 23 min, 40 s."""
    hours, minutes, rest = _parts(seconds)
    if hours:
        return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{rest} s"


def instant(text: Any) -> datetime | None:
    """None for what is none, or has no zone."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else None


def _parts(seconds: float) -> tuple[int, int, int]:
    minutes, rest = divmod(int(seconds), 60)
    return *divmod(minutes, 60), rest
