"""Row 4: 60,000 open clocks, 2,000 of them due within one minute; and the tick that finds none.

A clock's row is only what the tick looks at, so each ticket has its history too: what fires is
worked out from that. The minute is a real one.
"""

import time
from datetime import UTC, datetime, timedelta
from statistics import median

from sqlalchemy import Engine
from sqlmodel import col, func, select

from records import Clock, Escalation
from records.database import connect, open_session
from records.progress import Progress
from tests.bench_copies import copy_ticket
from tests.bench_databases import Place
from tests.bench_rows import Figure
from tests.bench_tickets import fill
from workflows.clocks import fire_clocks

OPEN, FEW, DUE = 60_000, 600, 2_000
MINUTE, TICK = 60.0, 0.25  # seconds
SOON = timedelta(minutes=3)  # what the copying may take: then the minute begins
LATEST, SLOWER = 1.0, 1.2
LOOKS = 300
NAME = "accept"


def measure(place: Place, show: Progress) -> list[Figure]:
    few, _ = _clocks(place, FEW, show)
    many, begins = _clocks(place, OPEN, show)
    idle = _idle(few, many)
    taken = sorted(_fire(many, begins, show))
    assert len(taken) == DUE, f"{len(taken)} of {DUE} clocks fired"
    late = taken[int(len(taken) * 0.99)]
    row = f"{OPEN:,} open clocks, {DUE:,} due in a minute: lateness p99, s"
    details = [f"median {median(taken):.3f} s, worst {taken[-1]:.3f} s"]
    tick = f"idle tick with {OPEN:,} open clocks, × with {FEW:,}"
    told = [f"{FEW:,}: {idle[0] * 1e6:.0f} µs, {OPEN:,}: {idle[1] * 1e6:.0f} µs"]
    for engine in (few, many):
        engine.dispose()
    return [
        Figure(row, place.name, late, LATEST, details),
        Figure(tick, place.name, idle[1] / idle[0], SLOWER, told),
    ]


def _clocks(place: Place, count: int, show: Progress) -> tuple[Engine, datetime]:
    """Tickets with so many open clocks; of each, `NAME` comes due first. When its minute begins."""
    url = place.make(f"clocks_{count}")
    fill(url, 1, show)
    engine = connect(url)
    with open_session(engine) as session:
        each = session.exec(select(func.count()).where(col(Clock.next_at).is_not(None))).one()
        due_at = session.exec(select(Clock.due_at).where(Clock.name == NAME)).one()
    assert due_at
    begins = datetime.now(UTC) + SOON
    tickets, soon, much_later = count // each, DUE * count // OPEN, timedelta(hours=1)

    def later(number: int) -> timedelta:
        share = timedelta(seconds=MINUTE * (number - 2) / soon)
        return begins + share - due_at if number - 2 < soon else much_later

    copy_ticket(url, tickets, show, later)
    return engine, begins


def _idle(*engines: Engine) -> list[float]:
    """Seconds that a tick takes which finds nothing due, in each of them, looking in turn."""
    taken: list[list[float]] = [[] for _ in engines]
    before = datetime.now(UTC) - timedelta(days=1)
    for _ in range(LOOKS):
        for engine, seconds in zip(engines, taken, strict=True):
            began = time.perf_counter()
            assert fire_clocks(engine, before) == 0
            seconds.append(time.perf_counter() - began)
    return [median(seconds) for seconds in taken]


def _fire(engine: Engine, begins: datetime, show: Progress) -> list[float]:
    """Tick through the minute; of each clock, seconds from its limit to the commit that said so."""
    told_at: dict[datetime, datetime] = {}
    ends = begins + timedelta(seconds=MINUTE + 2)
    time.sleep(max(0.0, (begins - datetime.now(UTC)).total_seconds()))
    while (now := datetime.now(UTC)) < ends:
        if fire_clocks(engine, now):
            told_at[now] = datetime.now(UTC)
        show("clocks fired in this minute", len(told_at), 0)
        time.sleep(TICK)
    with open_session(engine, readonly=True) as session:
        fired = session.exec(select(Escalation.due_at, Escalation.fired_at)).all()
    return [(told_at[at] - due).total_seconds() for due, at in fired if due >= begins]
