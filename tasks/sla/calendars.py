"""Working calendars: when time counts. Pure; their content is the policy "calendars".

"24x7" is always open. Others have hours for each weekday, holidays, and make-up workdays (调休);
beyond the years that they name, they go on by weekdays alone. Made from content by clocks.py;
what the content must be: calendar_checks.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONE = "Asia/Shanghai"
DAY = timedelta(days=1)
Hours = tuple[tuple[timedelta, timedelta], ...]  # since midnight: from, to


@dataclass(frozen=True)
class Calendar:
    """One calendar of one version of the policy."""

    key: str
    zh: str
    en: str
    number: int  # the version of the policy
    zone: ZoneInfo
    is_always: bool = True
    week: tuple[Hours, ...] = ()
    make_up: Hours = ()
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    first: date | None = None
    last: date | None = None
    provisional: frozenset[int] = frozenset()  # years whose make-up workdays are not known yet

    def add(self, at: datetime, seconds: float) -> datetime:
        """The instant when so many working seconds have passed since `at`."""
        left = timedelta(seconds=seconds)
        if self.is_always:
            return at + left
        if left <= timedelta(0):
            return at
        for begins, ends in self._open_from(at):
            if ends - begins >= left:
                return begins + left
            left -= ends - begins
        raise AssertionError("a calendar that never opens")  # its check refuses that

    def add_days(self, at: datetime, days: int) -> datetime:
        """The end of the last of so many working days; the day of `at` itself does not count
        (民法典 §201)."""
        day = at.astimezone(self.zone).date()
        while days > 0:
            day += DAY
            if self.is_always or self._hours(day):
                days -= 1
        ends = DAY if self.is_always or not self._hours(day) else self._hours(day)[-1][1]
        return self._instant(day, ends)

    def between(self, a: datetime, b: datetime) -> float:
        """Working seconds from `a` to `b`; 0 if `b` is not later."""
        if b <= a:
            return 0.0
        if self.is_always:
            return (b - a).total_seconds()
        total = timedelta(0)
        for begins, ends in self._open_from(a):
            if begins >= b:
                break
            total += min(ends, b) - begins
        return total.total_seconds()

    def is_open(self, at: datetime) -> bool:
        return self.is_always or next(self._open_from(at))[0] == at

    def covers(self, at: datetime) -> bool:
        """Whether holidays are known for that day."""
        day = at.astimezone(self.zone).date()
        is_within = self.first and self.last and self.first <= day <= self.last
        return self.is_always or bool(is_within)

    def is_provisional(self, at: datetime) -> bool:
        return at.astimezone(self.zone).year in self.provisional

    def _open_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Stretches that are open, from `at` on, without an end."""
        day = at.astimezone(self.zone).date()
        while True:
            for opens, closes in self._hours(day):
                begins, ends = self._instant(day, opens), self._instant(day, closes)
                if ends > at:
                    yield max(begins, at), ends
            day += DAY

    def _hours(self, day: date) -> Hours:
        if day in self.workdays:
            return self.make_up
        return () if day in self.holidays else self.week[day.weekday()]

    def _instant(self, day: date, since_midnight: timedelta) -> datetime:
        """By the wall clock, so that a zone with summer time is right too."""
        midnight = datetime.combine(day, time(0), self.zone)
        return (midnight + since_midnight).astimezone(UTC)


def calendars_of(content: Mapping[str, Any], number: int) -> dict[str, Calendar]:
    """All calendars of one version, by key."""
    zone = ZoneInfo(content.get("zone", ZONE))
    return {key: _calendar(key, each, number, zone) for key, each in content["calendars"].items()}


def hours_of(spans: list[list[str]]) -> Hours:
    """[["08:30", "12:00"], …], midnight at the end being 24:00."""
    return tuple((_since_midnight(opens), _since_midnight(closes)) for opens, closes in spans)


def _calendar(key: str, content: Mapping[str, Any], number: int, zone: ZoneInfo) -> Calendar:
    names: dict[str, Any] = {"key": key, "zh": content["zh"], "en": content["en"]}
    if content.get("is_always"):
        return Calendar(**names, number=number, zone=zone)
    years = {int(year): told for year, told in content.get("years", {}).items()}
    return Calendar(
        **names,
        number=number,
        zone=zone,
        is_always=False,
        week=tuple(hours_of(content["week"].get(day, [])) for day in WEEK),
        make_up=hours_of(content.get("make_up", [])),
        holidays=_days(years, "holidays"),
        workdays=_days(years, "workdays"),
        first=date(min(years), 1, 1) if years else None,
        last=date(max(years), 12, 31) if years else None,
        provisional=frozenset(year for year, told in years.items() if told.get("is_provisional")),
    )


def _days(years: Mapping[int, Mapping[str, Any]], kind: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for told in years.values() for day in told[kind])


def _since_midnight(clock: str) -> timedelta:
    hours, minutes = clock.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
