"""Timed work in a time of its own: what arrives is handed in, what is due is done, second by second
but without waiting. The verb behind the door and the jobs of schedule.py are those of the server.

Called by score.py.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, select

from bpmn import library, plans, tickets
from records import Circuit, Person
from records.database import open_session
from tasks import policies
from tasks.network import alarms, planned_works
from tasks.policies import BY_BATON
from workflows.schedule import jobs

LANES = (
    "alarms",
    "children",
    "timers",
)  # what alarms need; no clocks, as nobody works on the tickets
ROUNDS = 50  # of one job at one moment: it has done all by then, or something is wrong
BUSY = timedelta(minutes=3)  # so long a moment keeps the shift quick
AGENT, PLANNER = "ada", "nora"
Reports = Sequence[alarms.Report]


@dataclass(frozen=True)
class Call:
    """A customer calls about a circuit."""

    circuit_id: int
    since: datetime  # as the customer says


def publish(engine: Engine, now: datetime) -> None:
    """The diagrams, tables, policies and plans that come with Baton."""
    with open_session(engine) as session:
        policies.publish_shipped(session, now)
    for files in library.shipped():
        with open_session(engine) as session:
            library.publish(session, files, by=BY_BATON, now=now, reason="shipped")
    with open_session(engine) as session:
        plans.publish_shipped(session, now)


def hand_in(engine: Engine, reports: Reports, now: datetime) -> None:
    for first in range(0, len(reports), alarms.MOST):
        with open_session(engine) as session:
            alarms.receive(session, reports[first : first + alarms.MOST], now=now)


def call(engine: Engine, given: Call, now: datetime) -> int:
    """The ticket that the agent opened for it, or noted it on."""
    with open_session(engine) as session:
        answers = _answers(session, given)
        return tickets.report(session, answers, by=_person(session, AGENT), now=now).id


def plan_work(
    engine: Engine, told: Mapping[str, Any], starts_at: datetime, ends_at: datetime, now: datetime
) -> None:
    """A window in which what it names is worked on, planned at short notice."""
    words = {"title": "割接 / cutover", "reason": "演练 / rehearsal"}
    with open_session(engine) as session:
        times = {"starts_at": starts_at, "ends_at": ends_at}
        planned_works.create(
            session, {**told, **words, **times}, by=_person(session, PLANNER), now=now
        )


class Shift:
    """Does what is due, each job when its turn comes, as a real one does (shift.py)."""

    def __init__(self, engine: Engine, lanes: Sequence[str] = LANES) -> None:
        self.engine, self.lanes, self.turns = engine, lanes, dict[str, datetime]()

    def tick(self, now: datetime) -> None:
        for name, job in jobs().items():
            if job.lane in self.lanes and now >= self.turns.get(name, now):
                self.turns[name] = now + timedelta(seconds=job.seconds)
                for _ in range(ROUNDS):
                    if not job.work(self.engine, now):
                        break


def moments(
    begins: datetime, ends: datetime, busy: Iterable[datetime], *, quick: float, slow: float
) -> Iterator[datetime]:
    """Every `quick` seconds for a while after each busy moment, else every `slow` ones."""
    starts, now = sorted(busy), begins
    while now < ends:
        yield now
        begun = bisect_right(starts, now)
        is_busy = begun > 0 and now < starts[begun - 1] + BUSY
        after = now + timedelta(seconds=quick if is_busy else slow)
        now = min(after, starts[begun]) if begun < len(starts) else after
    yield ends


def _person(session: Session, login: str) -> Person:
    return session.exec(select(Person).where(Person.login == login)).one()


def _answers(session: Session, given: Call) -> dict[str, str]:
    circuit = session.get_one(Circuit, given.circuit_id)
    return {
        "circuit_code": circuit.code,
        "reporter": "客户",
        "phone": "000-1",
        "symptom": "业务中断",
        "impact": "outage",
        "started_at": given.since.isoformat(),
    }
