"""What runs when: the whole of timed work on one page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from workflows import alarms, notices, runs, service_calls, upkeep, work_orders


@dataclass(frozen=True)
class Job:
    """A function that does what is due at `now`, and how often it looks."""

    work: Callable[[Engine, datetime], int]
    seconds: float


SCHEDULE = {
    "fire timers": Job(runs.fire_timers, 0.5),
    "make service calls": Job(service_calls.make_calls, 0.5),
    "send notices": Job(notices.send_notices, 0.5),
    "open tickets for alarms": Job(alarms.open_tickets, 0.5),
    "tell that alarms are clear": Job(alarms.watch_clears, 2.0),
    "resume work orders": Job(work_orders.resume_orders, 2.0),
    "forget what is old": Job(upkeep.forget_old, 3600.0),
}
