"""python -m tests.drill_outage: sixty open tickets, an hour with nothing running, the catch-up.

The time is virtual: it is what the jobs are told. Prints what came in which order, and fails where
anything came twice, out of its order, or not at all. Also a test: test_drills.py.
"""

import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from api.beginning import prepare
from bpmn import tickets
from records import Circuit, Clock, Escalation, Notice, Person, Ticket
from records.database import connect, open_session
from records.history import breaks
from tests.fault_walks import example
from workflows.schedule import jobs

MANY = 60
APART = timedelta(seconds=45)  # between two calls: so that nothing is due at one instant
OUTAGE = timedelta(hours=1)
START = datetime(2026, 3, 11, 2, 14, tzinfo=UTC)


@dataclass(frozen=True)
class Before:
    """What was due when the machines came back."""

    clocks: set[int]
    due: set[int]


def main() -> int:
    """On a database of its own, with the demo region."""
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{Path(folder) / 'drill.db'}")
        prepare(engine)
        with open_session(engine, readonly=True) as session:
            codes = session.exec(select(Circuit.code).order_by(Circuit.code).limit(MANY)).all()
        wrong, told = drill(engine, list(codes), START, by="ada")
        engine.dispose()
    Console(width=120).print(told)
    for problem in wrong:
        print(f"WRONG {problem}")
    print(f"{len(told.rows)} rungs, {len(wrong)} problems.")
    return 1 if wrong else 0


def drill(
    engine: Engine, circuits: list[str], start: datetime, *, by: str
) -> tuple[list[str], Table]:
    """Problems, and what was fired as a table."""
    now = start
    for code in circuits:
        call(engine, code, now, by)
        now += APART
    do_all(engine, now)
    with open_session(engine, readonly=True) as session:
        first = session.exec(select(func.max(Escalation.id))).one() or 0
        sent = set(session.exec(select(Notice.id)))
    now += OUTAGE
    before = look(engine, now)
    did = do_all(engine, now)
    again = do_all(engine, now)
    with open_session(engine, readonly=True) as session:
        rows = list(
            session.exec(select(Escalation).where(Escalation.id > first).order_by(Escalation.id))
        )
        wrong = [*_wrong_rungs(session, rows, before), *_wrong_rest(session, before, sent, now)]
        wrong += [f"“{name}” found {n} more to do" for name, n in again.items() if n]
        wrong += [f"{found.subject}: {found.reason}" for found in breaks(session)]
        return wrong, _table(session, rows, did)


def call(engine: Engine, code: str, now: datetime, by: str) -> None:
    """A customer calls about a circuit."""
    told = {**example("fault_intake.json"), "circuit_code": code, "started_at": now.isoformat()}
    with open_session(engine) as session:
        person = session.exec(select(Person).where(Person.login == by)).one()
        tickets.report(session, told, by=person, now=now)


def do_all(engine: Engine, now: datetime) -> Counter[str]:
    """Every job of the schedule, until none finds anything; how much each did."""
    did: Counter[str] = Counter()
    for _ in range(100):
        done = Counter({name: job.work(engine, now) for name, job in jobs().items()})
        if not done.total():
            return +did
        did += done
    raise AssertionError(f"there is no end to it: {done}")


def look(engine: Engine, now: datetime) -> Before:
    with open_session(engine, readonly=True) as session:
        due = session.exec(select(Clock.id).where(col(Clock.next_at) <= now))
        return Before(set(session.exec(select(Clock.id))), set(due))


def _wrong_rungs(session: Session, rows: list[Escalation], before: Before) -> list[str]:
    """Each rung once, in its order, from where its ladder stood; a repeating clock once."""
    wrong, by_clock = [], {key: [r for r in rows if r.clock_id == key] for key in before.clocks}
    for key in before.due:
        if not by_clock[key]:
            wrong.append(f"clock {key} was due and told nobody")
    for key, mine in by_clock.items():
        name = session.get_one(Clock, key).name
        if len({row.cycle for row in mine}) > 1:
            wrong.append(f"{name} {key} came more than once")
        for one, two in pairwise(mine):
            if two.rung != one.rung + 1 or two.due_at < one.due_at:
                wrong.append(f"{name} {key}: rung {two.rung} came after {one.rung}")
    return wrong


def _wrong_rest(session: Session, before: Before, sent: set[int], now: datetime) -> list[str]:
    """Nothing is left that is due; every notice went out, once."""
    late = session.exec(select(Clock.id).where(col(Clock.next_at) <= now)).all()
    wrong = [f"clock {key} is still due" for key in late]
    notices = [one for one in session.exec(select(Notice)) if one.id not in sent]
    wrong += [
        f"notice {one.id} by {one.channel} is {one.state} after {one.attempts} tries: {one.error}"
        for one in notices
        if (one.state, one.attempts) != ("sent", 1) and one.due_at <= now
    ]
    twice = Counter((one.to, one.channel, one.key) for one in notices)
    wrong += [f"{key} was told {n} times" for key, n in twice.items() if n > 1]
    return wrong if notices else [*wrong, "nobody was told anything"]


def _table(session: Session, rows: list[Escalation], did: Counter[str]) -> Table:
    title = "After an hour without anything running: " + ", ".join(
        f"{name} {many}" for name, many in did.items()
    )
    table = Table("due", "late by", "ticket", "clock", "rung", "at", "to", title=title)
    numbers = {ticket.id: ticket.number for ticket in session.exec(select(Ticket))}
    names = dict(session.exec(select(Clock.id, Clock.name)).all())
    for row in rows:
        late = f"{(row.fired_at - row.due_at).total_seconds() / 60:.1f} min"
        place = f"{row.cycle}.{row.rung}"
        due = f"{row.due_at:%H:%M:%S}"
        number, name = numbers[row.ticket_id], names[row.clock_id]
        table.add_row(due, late, number, name, place, row.at, row.to)
    return table


if __name__ == "__main__":
    sys.exit(main())
