"""What of a policy still works and has to be looked after soon. Called by the doors.

What keeps one from being published is in policy_checks.py.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from tasks.findings import Finding
from tasks.sla.calendars import calendars_of

AHEAD = timedelta(days=60)  # the notice for a year comes in the November before


def warnings_of(key: str, content: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    if key == "calendars":
        yield from _ends_of_calendars(content, now)


def _ends_of_calendars(content: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    for key, calendar in calendars_of(content, 0).items():
        path, soon = f"calendars.{key}.years", now + AHEAD
        if not calendar.covers(soon):
            yield Finding(
                path,
                f"日历“{calendar.zh}”到 {calendar.last or date.min} 为止,请延长",
                f"The calendar {key} ends {calendar.last or date.min}: extend it",
            )
        elif calendar.is_provisional(soon):
            year = soon.astimezone(calendar.zone).year
            yield Finding(
                path,
                f"日历“{calendar.zh}”还没有 {year} 年的调休,公布后请更新",
                f"The calendar {key} lacks the make-up workdays of {year}: add them when announced",
            )
