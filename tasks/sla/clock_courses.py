"""The course of one clock: what its definition makes of a ticket's history. Pure.

When each entry counts: clock_moments.py. What does not fit is passed over: to resume what runs, to
stop what never started. Rungs: clock_ladders.py; what is shown of it: clocks.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from tasks.sla.calendars import Calendar
from tasks.sla.clock_definitions import CONDITIONS, Condition, Definition, Told
from tasks.sla.clock_moments import TOLD, Past, moments_of
from tasks.sla.clock_times import Pause, elapsed, merged, reach, within
from tasks.sla.durations import instant
from tasks.sla.limits import THE_LIMIT, is_length

MINUTE = 60
NO_CALENDAR = "24x7"


@dataclass(frozen=True)
class Cycle:
    """One time that a clock ran. `ended_at` without `is_cancelled`: it was stopped."""

    number: int
    started_at: datetime
    ended_at: datetime | None = None
    is_cancelled: bool = False
    why: str = ""  # the verb that started it


@dataclass(frozen=True)
class Sums:
    """A limit and what it is made of, in seconds."""

    base: float
    number: float  # as the table or the definition has it
    allowances: tuple[tuple[str, float], ...]
    lengthened: tuple[tuple[datetime, float, str], ...]

    @cached_property
    def seconds(self) -> float:
        more = sum(each for _, each in self.allowances)
        return self.base + more + sum(each for _, each, _ in self.lengthened)


class Course:
    """All that follows from one definition, one history and its calendars."""

    def __init__(
        self, definition: Definition, past: Past, calendars: Mapping[str, Calendar]
    ) -> None:
        self.definition, self.past, self.calendars = definition, past, calendars
        self.limits = past.limits
        self._sums: dict[tuple[int, datetime | None], Sums | None] = {}
        self.cycles: list[Cycle] = []
        self.has_limit = any(
            self._number(row.get("limit", {})) is not None for _, row in self.limits
        )
        self.moments = moments_of(definition, past) if self.has_limit else []
        self.pauses = merged(self._pauses())
        for moment in self.moments:
            self._take(*moment)
        self._drop_without_limit()

    @property
    def is_there(self) -> bool:
        """It started, and there was a limit for it at some time."""
        return bool(self.cycles)

    def calendar_at(self, at: datetime | None) -> Calendar:
        limit = self.row_at(at).get("limit", {})
        key = self.definition.calendar or limit.get("calendar") or NO_CALENDAR
        return self.calendars.get(key) or self.calendars[NO_CALENDAR]

    def row_at(self, at: datetime | None) -> Mapping[str, Any]:
        """The limits and the ladder that counted then; before the first, the first."""
        if not self.limits:
            return {}
        rows = [row for since, row in self.limits if at is None or since <= at]
        return rows[-1] if rows else self.limits[0][1]

    def due(self, cycle: Cycle) -> datetime | None:
        sums = self.sums(cycle)
        return self.reached(cycle, sums.seconds) if sums else None

    def reached(self, cycle: Cycle, seconds: float) -> datetime | None:
        """When so much of the cycle's own time has passed; a pause at its end keeps it open. Of one
        that is over, what was suspended later changes nothing."""
        calendar = self.calendar_at(cycle.ended_at)
        return reach(calendar, cycle.started_at, seconds, self.pauses_of(cycle))

    def elapsed(self, cycle: Cycle, until: datetime) -> float:
        end = min(until, cycle.ended_at or until)
        calendar = self.calendar_at(cycle.ended_at)
        return elapsed(calendar, cycle.started_at, end, self.pauses)

    def pauses_of(self, cycle: Cycle) -> tuple[Pause, ...]:
        return within(self.pauses, cycle.started_at, cycle.ended_at)

    def is_paused(self, cycle: Cycle) -> bool:
        return cycle.ended_at is None and bool(self.pauses) and self.pauses[-1].ended_at is None

    def fired(self, cycle: Cycle) -> list[tuple[datetime, Told]]:
        """The rungs of this cycle that were told, in order."""
        return self._fired.get(cycle.number, [])

    @cached_property
    def _fired(self) -> dict[int, list[tuple[datetime, Told]]]:
        found: dict[int, list[tuple[datetime, Told]]] = {}
        for at, _, kind, _, entry in self.moments:
            if kind == TOLD:
                found.setdefault(entry.particulars.get("cycle", 1), []).append((at, entry))
        return found

    def sums(self, cycle: Cycle) -> Sums | None:
        """None where no limit is set."""
        place = cycle.number, cycle.ended_at
        if place not in self._sums:
            self._sums[place] = self._add_up(cycle)
        return self._sums[place]

    def _add_up(self, cycle: Cycle) -> Sums | None:
        limit = self.row_at(cycle.ended_at).get("limit", {})
        number, calendar = self._number(limit), self.calendar_at(cycle.ended_at)
        if number is None:
            return None
        if self.definition.unit == "working_days":
            ends = calendar.add_days(cycle.started_at, int(number))
            base = calendar.between(cycle.started_at, ends)
        else:
            base = number * MINUTE
        extra = [(key, limit.get(key)) for key in self.definition.allowances]
        allowances = tuple((key, more * MINUTE) for key, more in extra if more and is_length(more))
        sums = Sums(base, number, allowances, ())
        return self._lengthened(cycle, sums, calendar) if self.definition.lengthened_by else sums

    def _lengthened(self, cycle: Cycle, sums: Sums, calendar: Calendar) -> Sums:
        for at, entry in self.past.told():
            if entry.verb not in self.definition.lengthened_by or at < cycle.started_at:
                continue
            if cycle.ended_at is not None and at > cycle.ended_at:
                continue
            told = entry.particulars
            until, minutes = instant(told.get("until")), told.get("minutes")
            more = minutes * MINUTE if minutes and is_length(minutes) else 0.0
            if until:  # as of then: of what came later it knows nothing
                pauses = within(self.pauses, cycle.started_at, at)
                due = reach(calendar, cycle.started_at, sums.seconds, pauses)
                more = calendar.between(due, until) if due else 0.0
            if more > 0:
                reason = str(told.get("reason", ""))
                sums = replace(sums, lengthened=(*sums.lengthened, (at, more, reason)))
        return sums

    def _number(self, limit: Mapping[str, Any]) -> float | None:
        of = self.definition.limit
        number = limit.get(of) if isinstance(of, str) else of
        return number if number is not None and is_length(number) else None

    def _pauses(self) -> Iterator[Pause]:
        since: tuple[datetime, str] | None = None
        for at, order, kind, condition, entry in self.moments:
            if condition is None:
                continue
            reason = str(entry.particulars.get("reason", ""))
            if CONDITIONS[kind] == "pause" and condition.until:
                until = instant(entry.particulars.get(condition.until)) or at
                yield Pause(at, max(at, min(until, self.past.times[order])), reason)
            elif CONDITIONS[kind] == "pause":
                since = since or (at, reason)
            elif CONDITIONS[kind] == "resume" and since:
                yield Pause(since[0], at, since[1])
                since = None
        if since:
            yield Pause(since[0], None, since[1])

    def _take(
        self, at: datetime, _: int, kind: int, condition: Condition | None, entry: Told
    ) -> None:
        last = self.cycles[-1] if self.cycles else None
        is_running = last is not None and last.ended_at is None
        if condition is None:
            if last and is_running and entry.particulars.get("cycle", 1) == last.number:
                self._begin_next(last, at, entry)
            return
        match CONDITIONS[kind]:
            case "start" if not is_running and self._lasted_long_enough(at, entry):
                self._begin(at, entry)
            case "stop" | "cancel" as way if last and is_running:
                is_cancelled = way == "cancel"
                self._end(last, at, is_cancelled)
            case "reset" if last and condition.keeps_start:
                if not last.is_cancelled:
                    self.cycles[-1] = replace(last, ended_at=None)
            case "reset" if last:
                if is_running:
                    self._end(last, at, False)
                self._begin(at, entry)

    def _begin(self, at: datetime, entry: Told) -> None:
        self.cycles.append(Cycle(len(self.cycles) + 1, at, why=entry.verb))

    def _end(self, cycle: Cycle, at: datetime, is_cancelled: bool) -> None:
        ends = max(at, cycle.started_at)
        self.cycles[-1] = replace(cycle, ended_at=ends, is_cancelled=is_cancelled)

    def _begin_next(self, cycle: Cycle, at: datetime, entry: Told) -> None:
        """A repeating clock that was told missed: the next stretch that is not over yet. All that
        were missed meanwhile are one, so that it is told once."""
        is_limit = entry.verb == "limit missed" or entry.particulars.get("at") == THE_LIMIT
        sums = self.sums(replace(cycle, ended_at=at))
        if not self.definition.is_repeating or not is_limit or sums is None:
            return
        missed = self.elapsed(cycle, at) // sums.seconds
        start = self.reached(cycle, missed * sums.seconds)
        if missed and start:
            self._end(cycle, start, False)
            self._begin(start, entry)

    def _lasted_long_enough(self, at: datetime, entry: Told) -> bool:
        """From the beginning of the fault; not asked where the definition does not say."""
        key = self.definition.only_if_over
        if not key:
            return True
        most = self.row_at(at).get("limit", {}).get(key)
        opened = next((each for each in self.past.entries if each.verb == "opened"), None)
        since = instant(opened.particulars.get("started_at")) if opened else None
        until = instant(entry.particulars.get("restored_at")) or at
        return bool(since and is_length(most) and (until - since).total_seconds() > most * MINUTE)

    def _drop_without_limit(self) -> None:
        """A limit that was taken away takes its clock along."""
        last = self.cycles[-1] if self.cycles else None
        if last is None or last.ended_at is not None or not self.limits:
            return
        at, row = self.limits[-1]
        if self._number(row.get("limit", {})) is None:
            self._end(last, at, True)
