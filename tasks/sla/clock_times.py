"""Reckoning with pauses: how much time counts, and when so much has passed. Pure.

Called by clock_courses.py. Which hours count at all is known to the calendar (calendars.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tasks.sla.calendars import Calendar


@dataclass(frozen=True)
class Pause:
    """While it lasts no time counts. Without an end, it lasts still."""

    started_at: datetime
    ended_at: datetime | None
    reason: str = ""

    def holds(self, at: datetime) -> bool:
        return self.started_at <= at and (self.ended_at is None or at < self.ended_at)


def merged(pauses: Iterable[Pause]) -> tuple[Pause, ...]:
    """In order, and those that overlap as one: time is not taken off twice."""
    found: list[Pause] = []
    for pause in sorted(pauses, key=lambda each: each.started_at):
        last = found[-1] if found else None
        if last is None or (last.ended_at is not None and last.ended_at < pause.started_at):
            found.append(pause)
        elif last.ended_at is not None:
            found[-1] = replace(last, ended_at=_later(last.ended_at, pause.ended_at))
    return tuple(each for each in found if each.ended_at != each.started_at)


def within(
    pauses: Sequence[Pause], start: datetime, end: datetime | None = None
) -> tuple[Pause, ...]:
    """What of them lies between the two, cut to that."""
    cut = []
    for pause in pauses:
        begins = max(pause.started_at, start)
        ends = pause.ended_at if end is None else _earlier(pause.ended_at, end)
        if (ends is None or begins < ends) and (end is None or begins < end):
            cut.append(Pause(begins, ends, pause.reason))
    return tuple(cut)


def elapsed(calendar: Calendar, start: datetime, end: datetime, pauses: Sequence[Pause]) -> float:
    """Seconds that count from start to end."""
    paused = sum(
        calendar.between(pause.started_at, pause.ended_at or end)
        for pause in within(pauses, start, end)
    )
    return calendar.between(start, end) - paused


def reach(
    calendar: Calendar, start: datetime, seconds: float, pauses: Sequence[Pause]
) -> datetime | None:
    """When so many seconds have counted; None while a pause keeps that from being known."""
    at, left = start, seconds
    for pause in within(pauses, start):
        counted = calendar.between(at, pause.started_at)
        if counted > left:
            break
        left -= counted
        if pause.ended_at is None:
            return None
        at = pause.ended_at
    return calendar.add(at, left)


def _later(one: datetime, other: datetime | None) -> datetime | None:
    return None if other is None else max(one, other)


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
