"""The rungs of one clock's ladder: when each is due, and which were told. Pure.

A rung is known by what the ladder says of it ("75%" to the duty lead), so that another ladder after
a regrade tells nobody twice. They are numbered as they fire. The limit itself is always a rung.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tasks.sla.clock_courses import Course, Cycle
from tasks.sla.clock_definitions import Told
from tasks.sla.limits import THE_LIMIT, offset_of

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Rung:
    """`instant` is None while a pause keeps it from being known, or when it is out of question."""

    number: int
    at: str
    to: str
    action: str
    instant: datetime | None
    fired_at: datetime | None = None

    @property
    def is_limit(self) -> bool:
        return self.at == THE_LIMIT


def rungs_of(course: Course, cycle: Cycle, due: datetime | None) -> tuple[Rung, ...]:
    """Those that were told, in that order, then those that wait.

    Of a clock that is over, only a limit that was missed still waits to be told.
    """
    fired = enumerate(course.fired(cycle), 1)
    told = [_fired(number, at, entry) for number, (at, entry) in fired]
    sums, ended = course.sums(cycle), cycle.ended_at
    is_missed = ended is not None and due is not None and due < ended and not cycle.is_cancelled
    if sums is None or (ended is not None and not is_missed):
        return tuple(told)
    limit = timedelta(seconds=sums.seconds)
    rows = _rows(course.row_at(ended).get("ladder", ()), course.definition.name, limit)
    waiting = [
        (offset, row)
        for offset, row in rows
        if (row["at"] == THE_LIMIT or not ended) and not _has_fired(row, told, due)
    ]
    for number, (offset, row) in enumerate(waiting, len(told) + 1):
        told.append(_waiting(course, cycle, due, number, offset, row))
    return tuple(told)


def _rows(ladder: Rows, name: str, limit: timedelta) -> list[tuple[timedelta, Mapping[str, Any]]]:
    """In the order in which they come; a rung that cannot be read was refused when it was set."""
    rows = [row for row in ladder if row.get("clock") == name]
    if all(row.get("at") != THE_LIMIT for row in rows):
        rows.append({"at": THE_LIMIT, "to": "", "action": ""})
    both = [(offset_of(str(row.get("at")), limit), row) for row in rows]
    return sorted(((at, row) for at, row in both if at is not None), key=lambda each: each[0])


def _fired(number: int, at: datetime, entry: Told) -> Rung:
    told = entry.particulars
    label = THE_LIMIT if entry.verb == "limit missed" else str(told.get("at", ""))
    to, action = str(told.get("to", "")), str(told.get("action", ""))
    return Rung(number, label, to, action, at, at)


def _has_fired(row: Mapping[str, Any], told: Sequence[Rung], due: datetime | None) -> bool:
    """A limit that was lengthened after it was missed may be missed again."""
    is_limit = row["at"] == THE_LIMIT
    return any(
        rung.at == row["at"]
        and rung.to == row.get("to", "")
        and (not is_limit or due is None or (rung.fired_at is not None and rung.fired_at >= due))
        for rung in told
    )


def _waiting(
    course: Course,
    cycle: Cycle,
    due: datetime | None,
    number: int,
    offset: timedelta,
    row: Mapping[str, Any],
) -> Rung:
    instant = due
    if course.is_paused(cycle):
        instant = None
    elif row["at"] != THE_LIMIT:
        instant = course.reached(cycle, offset.total_seconds())
    return Rung(number, row["at"], str(row.get("to", "")), str(row.get("action", "")), instant)
