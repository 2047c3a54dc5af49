"""What has come of a clock so far: its state, when it is due, when to look at it again. Pure.

It follows from the course alone, whatever the time is now: so rows can be computed again and are
the same. What depends on the time is in clocks.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.sla.clock_courses import Course, Cycle
from tasks.sla.clock_ladders import Rung, rungs_of

OVER = ("met", "missed", "cancelled")


@dataclass(frozen=True)
class Outcome:
    """Of one cycle. `breached_at`: it ended late, or somebody was told that it was late."""

    course: Course
    cycle: Cycle
    state: str  # running, paused, met, missed, cancelled
    due_at: datetime | None
    rungs: tuple[Rung, ...]
    breached_at: datetime | None

    @property
    def next_at(self) -> datetime | None:
        """When somebody has to look at the clock again."""
        waiting = (rung.instant for rung in self.rungs if not rung.fired_at)
        return min((at for at in waiting if at), default=None)

    @property
    def rung(self) -> int:
        return sum(1 for rung in self.rungs if rung.fired_at)


def outcome_of(course: Course, cycle: Cycle | None = None) -> Outcome:
    """Of the last cycle, or of one before."""
    cycle = cycle or course.cycles[-1]
    due = course.due(cycle)
    rungs = rungs_of(course, cycle, due)
    breached = due if is_breached(cycle, due, rungs) else None
    return Outcome(course, cycle, _state(course, cycle, breached), due, rungs, breached)


def is_breached(cycle: Cycle, due: datetime | None, rungs: Sequence[Rung]) -> bool:
    ended = cycle.ended_at
    if due is None or (ended is not None and ended < due):
        return False  # whoever was told of it before, it was not so
    is_told = any(rung.is_limit and rung.fired_at and rung.fired_at >= due for rung in rungs)
    return is_told or (ended is not None and ended > due)


def last_breach(outcome: Outcome) -> datetime | None:
    """Of this cycle, or of the last one before that was missed."""
    if outcome.breached_at:
        return outcome.breached_at
    course = outcome.course
    for cycle in reversed(course.cycles[: outcome.cycle.number - 1]):
        before = outcome_of(course, cycle)
        if before.breached_at:
            return before.breached_at
    return None


def _state(course: Course, cycle: Cycle, breached: datetime | None) -> str:
    if cycle.is_cancelled:
        return "cancelled"
    if cycle.ended_at is not None:
        return "missed" if breached else "met"
    return "paused" if course.is_paused(cycle) else "running"
