"""What of a ticket's history concerns its clocks, and when each entry counts. Pure.

Entries count in the order of their chain. One that was recorded at a later time than its successor
cannot have been that late, and counts as of its successor; nothing lies in the future of `now`. An
entry may say that it was so earlier (retroactive). What comes of it: clock_courses.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from tasks.sla.clock_definitions import CONDITIONS, FIRED, Condition, Definition, Told
from tasks.sla.durations import instant

TOLD = len(CONDITIONS)  # the kind of a moment at which a rung was told: after all conditions
BEGINS = ("start", "reset")
ENDS = ("stop", "cancel", "reset")  # of what began before, so never earlier than that
IN_ORDER = itemgetter(0, 1, 2)
Moment = tuple[datetime, int, int, Condition | None, Told]  # when, order, kind of condition


@dataclass(frozen=True)
class Past:
    """A ticket's entries as all of its clocks see them: when each counts, and the limits set."""

    entries: Sequence[Told]
    times: Sequence[datetime]
    limits: Sequence[tuple[datetime, Mapping[str, Any]]]

    def told(self) -> Iterator[tuple[datetime, Told]]:
        return zip(self.times, self.entries, strict=True)


def past_of(entries: Sequence[Told], now: datetime | None = None) -> Past:
    times = _times(entries, now)
    both = zip(times, entries, strict=True)
    limits = [(at, entry.particulars) for at, entry in both if entry.verb == "limit set"]
    return Past(entries, times, limits)


def moments_of(definition: Definition, past: Past) -> list[Moment]:
    """When each condition of the clock was so and each of its rungs was told, in order."""
    return sorted(_moments(definition, past), key=IN_ORDER)


def _moments(definition: Definition, past: Past) -> Iterator[Moment]:
    begun: datetime | None = None
    for order, (at, entry) in enumerate(past.told()):
        for kind, condition in definition.conditions.get(entry.verb, ()):
            if not condition.where or condition.holds(entry):
                since = _since(at, entry, condition)
                way = CONDITIONS[kind]
                if way in ENDS and begun:
                    since = max(since, begun)
                if way in BEGINS:
                    begun = (begun if way == "start" else None) or since
                elif way in ENDS:
                    begun = None
                yield since, order, kind, condition, entry
        if entry.verb in FIRED and entry.particulars.get("clock") == definition.name:
            yield at, order, TOLD, None, entry


def _since(at: datetime, entry: Told, condition: Condition) -> datetime:
    since = instant(entry.particulars.get(condition.at)) if condition.at else None
    return min(since, at) if since else at


def _times(entries: Sequence[Told], now: datetime | None) -> list[datetime]:
    """When each counts: never later than what was recorded after it, nor than now."""
    times, latest = [], now
    for entry in reversed(entries):
        latest = entry.at if latest is None else min(entry.at, latest)
        times.append(latest)
    return times[::-1]
