"""python -m tests.drill_kills: kill -9 each process of timed work in turn; how late does it get?

Alarms come in four times a second all the while; how long each waits for its ticket is told for
each stretch of time. Takes five minutes. Fails where one waited longer than LATEST, or for ever.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine
from sqlmodel import col, select

from api.beginning import prepare
from records import Alarm, Ticket
from records.database import connect, open_session
from records.history import breaks
from tasks import shifts
from tasks.network import alarms

EVERY, STRETCH = 0.25, 20.0  # seconds
LATEST = 6.0  # until nobody's sign of life is missed, and the supervisor stands in
FLOW, RUNNER, SERVER = "prefect.engine", "run-flows", "prefect server start"


@dataclass
class Drill:
    """The supervised processes, and the alarms that came in by stretch."""

    engine: Engine
    supervisor: psutil.Process
    home: Path
    stretches: dict[str, list[str]] = field(default_factory=dict)

    def kill(self, words: str, many: int | None = None) -> None:
        found = [one for one in self.supervisor.children(recursive=True) if has(one, words)]
        for one in found[:many]:
            one.kill()

    def lose_database(self) -> None:
        (self.home / "prefect" / "prefect.db").write_bytes(b"lost" * 5_000)
        self.kill(SERVER)

    def feed(self, stretch: str, seconds: float = STRETCH) -> None:
        ends = time.monotonic() + seconds
        mine = self.stretches.setdefault(stretch, [])
        while time.monotonic() < ends:
            cause, now = f"{stretch} {len(mine)}", datetime.now(UTC)
            with open_session(self.engine) as session:
                alarms.receive(session, [alarms.Report("drill", "DRILL", cause, now)], now=now)
            mine.append(cause)
            time.sleep(EVERY)


def has(process: psutil.Process, words: str) -> bool:
    with suppress(psutil.Error):
        return words in " ".join(process.cmdline())
    return False


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, supervised(Path(folder)) as drill:
        started = time.monotonic()
        feed_until(drill, "while Prefect starts", lambda: live_of_prefect(drill.engine) >= 2)
        print(f"Two shifts of Prefect were at work after {time.monotonic() - started:.0f} s.")
        drill.feed("calm")
        for stretch, harm in (
            ("one flow killed", lambda: drill.kill(FLOW, 1)),
            ("all flows killed", lambda: drill.kill(FLOW)),
            ("runner killed", lambda: drill.kill(RUNNER)),
            ("runner and flows killed", lambda: (drill.kill(RUNNER), drill.kill(FLOW))),
            ("server killed", lambda: drill.kill(SERVER)),
            ("Prefect's database lost", drill.lose_database),
        ):
            feed_until(drill, "between", lambda: live_of_prefect(drill.engine) >= 2)
            harm()
            drill.feed(stretch)
        time.sleep(LATEST)
        return told(drill)


@contextmanager
def supervised(home: Path) -> Iterator[Drill]:
    """Timed work on a database of its own, with the demo region."""
    engine = connect(f"sqlite:///{home / 'baton.db'}")
    prepare(engine)
    command = [sys.executable, "-m", "workflows", "serve"]
    env = os.environ | {"BATON_HOME": str(home), "BATON_DATABASE_URL": str(engine.url)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=env) as supervisor:
        try:
            yield Drill(engine, psutil.Process(supervisor.pid), home)
        finally:
            supervisor.terminate()
    engine.dispose()


def feed_until(drill: Drill, stretch: str, is_so: Callable[[], bool]) -> None:
    while not is_so():
        drill.feed(stretch, 1.0)


def live_of_prefect(engine: Engine) -> int:
    with open_session(engine, readonly=True) as session:
        return sum(one.flow_run != "" for one in shifts.live(session, now=datetime.now(UTC)))


def told(drill: Drill) -> int:
    """Prints how long alarms waited; how many stretches are wrong."""
    table, wrong = Table("stretch", "alarms", "median s", "p99 s", "worst s", "lost"), 0
    with open_session(drill.engine, readonly=True) as session:
        rows = select(Alarm.cause, Alarm.received_at, Ticket.opened_at)
        found = session.exec(rows.join(Ticket, col(Ticket.id) == col(Alarm.ticket_id)))
        waited = {cause: (opened - came).total_seconds() for cause, came, opened in found}
        broken = list(breaks(session))
    for stretch, causes in drill.stretches.items():
        mine = sorted(waited[cause] for cause in causes if cause in waited)
        lost = len(causes) - len(mine)
        wrong += lost > 0 or mine[-1] > LATEST
        p99 = mine[int(len(mine) * 0.99)]
        figures = (f"{each:.2f}" for each in (median(mine), p99, mine[-1]))
        table.add_row(stretch, str(len(causes)), *figures, str(lost))
    Console(width=100).print(table)
    print(f"{wrong} stretches too late, {len(broken)} chains of history broken.")
    return 1 if wrong or broken else 0


if __name__ == "__main__":
    sys.exit(main())
