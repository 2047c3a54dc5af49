"""ISO 8601 instants, durations and cycles of timers, as aware UTC. Pure; `events.py` calls it."""

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")  # of instants that are written without an offset

_NUMBER = r"(\d+(?:[.,]\d+)?)"
_DURATION = re.compile(
    rf"P(?!$)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?",
)
_MOST_YEARS = 100  # what is farther away is a slip of the pen, and overflows sooner or later


class BadTime(ValueError):
    """Not a time that a timer can wait for."""


@dataclass(frozen=True)
class Duration:
    """Months are calendar months; the rest is exact."""

    months: int = 0
    rest: timedelta = field(default=timedelta())

    def after(self, moment: datetime, times: int = 1) -> datetime:
        local = _add_months(moment.astimezone(ZONE), self.months * times)
        return (local + self.rest * times).astimezone(UTC)


@dataclass(frozen=True)
class Cycle:
    """`left` occurrences from `due` on, None for no end; `every` as it was written."""

    left: int | None
    due: datetime
    every: str

    def passed(self, now: datetime) -> "Cycle":
        """After firing at `now`: every occurrence until now is used up, the rhythm is kept."""
        duration = read_duration(self.every)
        missed = _periods(duration, now - self.due)
        while duration.after(self.due, missed) <= now:
            missed += 1
        left = None if self.left is None else max(self.left - missed, 0)
        return Cycle(left, duration.after(self.due, missed), self.every)


def read_instant(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(text))
    except ValueError as problem:
        raise BadTime(f"{text!r} is not an ISO 8601 instant") from problem
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(UTC)


def read_duration(text: object) -> Duration:
    match = _DURATION.fullmatch(_text(text))
    if not match:
        raise BadTime(f"{text!r} is not an ISO 8601 duration")
    years, months, weeks, days, hours, minutes, seconds = (
        float((part or "0").replace(",", ".")) for part in match.groups()
    )
    if years + months / 12 + days / 366 + weeks / 52 > _MOST_YEARS:
        raise BadTime(f"{text!r} is longer than {_MOST_YEARS} years")
    if (years * 12 + months) % 1:
        raise BadTime(f"{text!r} has a fraction of a month")
    rest = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return Duration(int(years * 12 + months), rest)


def read_cycle(text: object, now: datetime) -> Cycle:
    """R3/PT30M, R/2026-08-01T08:00/P1D or R3/PT30M/2026-08-01T12:00."""
    repeat, *parts = _text(text).split("/")
    if not re.fullmatch(r"R\d*", repeat) or len(parts) not in (1, 2):
        raise BadTime(f"{text!r} is not an ISO 8601 repetition")
    left = int(repeat[1:]) if repeat[1:] else None
    if len(parts) == 1:
        return _cycle(left, read_duration(parts[0]).after(now), parts[0])
    if parts[1].startswith("P"):
        return _cycle(left, read_instant(parts[0]), parts[1])
    return _until(left, parts[0], read_instant(parts[1]))


def _until(left: int | None, every: str, end: datetime) -> Cycle:
    if left is None:
        raise BadTime("a repetition with an end needs a number of times")
    first = read_duration(every).after(end, -max(left - 1, 0))
    return _cycle(left, first, every)


def _cycle(left: int | None, due: datetime, every: str) -> Cycle:
    if read_duration(every) == Duration():
        raise BadTime("a repetition of no length never lets go")
    return Cycle(left, due, every)


def _periods(duration: Duration, gap: timedelta) -> int:
    """Whole periods that certainly lie in the gap; a month has at most 31 days."""
    longest = duration.rest + timedelta(days=31) * duration.months
    return max(gap // longest, 0) if longest else 0


def _add_months(moment: datetime, months: int) -> datetime:
    if not months:
        return moment
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _text(text: object) -> str:
    if isinstance(text, str):
        return text.strip()
    raise BadTime(f"{text!r} is not text")
