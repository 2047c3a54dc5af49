"""A year of the planner of inspections in a time of its own: night by night over a demo region,
while circuits open, people are away, assurance periods are planned, moved and called off.

python -m workflows plan-year: in a database of its own, gone afterwards. What is printed is counted
from what was held, not by the planner's own rules. Exit code 1 where something is not as it should.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from sqlite3 import Connection
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, event, update
from sqlmodel import Session, col, select

from records import (
    Asset,
    AssurancePeriod,
    AssuredCustomer,
    Booking,
    Certificate,
    Circuit,
    Customer,
    Inspection,
    InspectionNeed,
    Person,
    Visit,
)
from records.database import connect, migrate, open_session
from records.progress import Progress, show_progress
from records.region import seed
from records.region.sizes import SIZES
from workflows import inspections, rehearsal
from workflows.year_judging import FIRST, Month, judge, show_year

DAY = timedelta(days=1)
YEAR = 365
OPENINGS = 18  # circuits of key customers a day, over the whole province
SICK = 0.004  # of those who inspect, each day
PERIODS = (  # name, level, begins on day, lasts, customers; moved by, or called off
    ("两会 / Sessions", "A", 60, 12, 40, 0),
    ("高考 / Examinations", "B", 157, 3, 25, 14),
    ("博览会 / Fair", "A", 200, 10, 60, -7),
    ("台风季演练 / Drill", "C", 230, 4, 20, None),
    ("年终决算 / Year-end", "A", 348, 14, 120, 0),
)


def plan_year(size: str, *, days: int = YEAR) -> dict[str, int]:
    """What was counted; printed as two tables."""
    with show_progress() as show, _region(size, show) as engine:
        world, months = World(engine, SIZES[size]), dict[str, Month]()
        lived = 0
        with suppress(KeyboardInterrupt):  # who has seen enough: judged until then
            for n in range(days):
                _live_one_night(world, n, months)
                lived = n + 1
                show("A year of planning", lived, days)
        told = judge(engine, FIRST + lived * DAY, months)
    show_year(months, told)
    return told


def _live_one_night(world: "World", n: int, months: dict[str, Month]) -> None:
    now = FIRST + n * DAY
    month = months.setdefault(f"{now:%Y-%m}", Month())
    world.live(n, now, month)
    began, used = time.perf_counter(), time.process_time()
    inspections.plan(world.engine, now)
    month.seconds += time.perf_counter() - began
    month.used += time.process_time() - used


class World:
    """All that happens beside the planner."""

    def __init__(self, engine: Engine, scale: float) -> None:
        self.engine, self.dice = engine, Random(7)
        self.openings = max(1, round(OPENINGS * scale))
        with open_session(engine, readonly=True) as session:
            circuits = select(Circuit.id).join(
                Customer, col(Customer.id) == col(Circuit.customer_id)
            )
            key = circuits.where(col(Customer.grade) != "std").order_by(col(Circuit.id))
            self.circuits = list(session.exec(key))
            best = select(Customer.id).where(col(Customer.grade).in_(("AAA", "AA")))
            self.customers = list(session.exec(best.order_by(col(Customer.id))))
            able = select(Person).where(col(Person.active)).order_by(col(Person.id))
            self.people = [one.id for one in session.exec(able) if "inspection" in one.skills]

    def live(self, n: int, now: datetime, month: Month) -> None:
        with open_session(self.engine) as session:
            month.counts["held"] += _hold(session, now)
            month.counts["opened"] += self._open_circuits(session, now)
            _keep_papers(session, now)
            self._fall_ill(session, now)
            for number, period in enumerate(PERIODS):
                self._plan_period(session, number, period, n, now)

    def _open_circuits(self, session: Session, now: datetime) -> int:
        opened = self.dice.sample(self.circuits, min(self.openings, len(self.circuits)))
        mine = update(Circuit).where(col(Circuit.id).in_(opened))
        session.execute(mine.values(opened_at=now))
        return len(opened)

    def _fall_ill(self, session: Session, now: datetime) -> None:
        """From in eleven days on: planned already, not booked yet."""
        for person in self.people:
            if self.dice.random() < SICK:
                begins = now + 11 * DAY
                ends = begins + 3 * DAY
                session.add(
                    Booking(person_id=person, purpose="absence", starts_at=begins, ends_at=ends,
                            booked_by="system", booked_at=now)
                )  # fmt: skip

    def _plan_period(
        self, session: Session, number: int, told: tuple[Any, ...], n: int, now: datetime
    ) -> None:
        """40 days before; ten days later it is moved or called off, where it is."""
        name, level, day, lasts, many, moved = told
        if n == max(0, day - 40):
            begins = FIRST + day * DAY
            period = AssurancePeriod(name=name, level=level, starts_at=begins, created_by="mei",
                                     ends_at=begins + lasts * DAY, created_at=now)  # fmt: skip
            session.add(period)
            session.flush()
            first = number * 37 % max(1, len(self.customers))
            chosen = [*self.customers[first:], *self.customers[:first]][:many]
            rows = [AssuredCustomer(period_id=period.id, customer_id=one) for one in chosen]
            session.add_all(rows)
        elif n == max(0, day - 40) + 10 and moved != 0:
            period = session.exec(select(AssurancePeriod).where(AssurancePeriod.name == name)).one()
            if moved is None:
                period.state = "cancelled"
            else:
                period.starts_at += moved * DAY
                period.ends_at += moved * DAY


def _hold(session: Session, now: datetime) -> int:
    """The crew goes, and comes back: all that had its time."""
    mine = col(Inspection.state) == "sent"
    over = select(Inspection.id, Inspection.visit_id).where(mine, col(Inspection.ends_at) <= now)
    rows = session.exec(over).all()
    ids, visits = [id for id, _ in rows], [visit for _, visit in rows]
    for n in range(0, len(ids), 500):
        part = ids[n : n + 500]
        done = update(Inspection).where(col(Inspection.id).in_(part))
        session.execute(done.values(state="done", inspected_at=col(Inspection.starts_at)))
        there = update(Visit).where(col(Visit.id).in_(visits[n : n + 500]))
        session.execute(there.values(state="finished", finished_at=col(Visit.ends_at)))
        met = update(InspectionNeed).where(
            col(InspectionNeed.inspection_id).in_(part), col(InspectionNeed.state) == "planned"
        )
        session.execute(met.values(state="met"))
    return len(ids)


def _keep_papers(session: Session, now: datetime) -> None:
    """Whoever minds certificates and calibrations renews them in time."""
    ends = update(Certificate).where(col(Certificate.expires_at) < now + 60 * DAY)
    session.execute(ends.values(expires_at=now + 3 * YEAR * DAY))
    due = update(Asset).where(col(Asset.calibration_due_at) < now + 60 * DAY)
    session.execute(due.values(calibration_due_at=now + YEAR * DAY))


@contextmanager
def _region(size: str, show: Progress) -> Iterator[Engine]:
    with TemporaryDirectory(prefix="baton-year-") as folder:
        engine = connect(f"sqlite:///{Path(folder) / 'year.sqlite3'}")
        event.listen(engine, "connect", _be_hasty)
        try:
            migrate(engine)
            seed(engine, size, show, now=FIRST)
            rehearsal.publish(engine, FIRST)
            yield engine
        finally:
            engine.dispose()


def _be_hasty(connection: Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # it is gone afterwards
