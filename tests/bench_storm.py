"""Row 5, the storm: a thousand alarms a second for a minute at size M, while timed work is done.

A cable is cut in it, the one that most circuits pass. Nothing may be lost, by count and by key; its
root must have a ticket soon after the hold-off; and memory must not grow with what came.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from threading import Event, Thread
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from records import Alarm, AlarmGroup, Person
from records.database import connect, open_session
from records.progress import Progress
from records.region import seed
from records.region.dice import Dice
from records.region.terrain import Terrain
from records.region.troubles import Said, cut
from tasks.access import sign_ins
from tasks.network import alarm_rules
from tests.bench_databases import Place, settle
from tests.bench_rows import Figure
from tests.bench_servers import SPAWN, Client, serve_ours, served
from workflows import rehearsal, shift
from workflows.schedule import jobs

SECONDS, RATE, BATCH = 60, 1_000, 100
SOON, GROWS = 10.0, 1.2  # seconds; the second half of the minute, × the first
PATIENCE = 60.0  # seconds after the last alarm: what is not there by then does not come
SIZE = "M"
LANES = ("alarms", "children", "timers")
QUIET = (("thresholdCrossed", "minor"), ("degradedSignal", "minor"), ("linkDown", "warning"))


def measure(place: Place, show: Progress) -> list[Figure]:
    url = place.make("storm")
    secret, said, root = _prepare(url, show)
    engine = connect(url)
    with (
        at_work(url) as worker,
        served(serve_ours, url, secret=secret) as client,
        watched(engine, root) as seen,
    ):
        sent = _send(client, said, worker, show)
        _wait(seen, show)
        memory = sent.memory
    lost = _lost(engine, sent.keys)
    held_off = sent.cut_at + timedelta(seconds=_hold_off(engine))
    late = (seen["at"] - held_off).total_seconds() if "at" in seen else float("inf")
    engine.dispose()
    name = f"storm, {RATE:,}/s for {SECONDS} s at size {SIZE}"
    acks = sorted(sent.acks)
    told = [
        f"{sum(sent.keys.values()):,} sent, {len(sent.keys):,} keys; {len(said):,} of the cut",
        f"answered: median {acks[len(acks) // 2] * 1e3:.0f} ms, p99 {_p99(acks) * 1e3:.0f} ms",
        f"behind the clock at most {sent.behind:.1f} s",
    ]
    return [
        Figure(f"{name}: alarms lost", place.name, lost, 0, told),
        Figure(f"{name}: ticket of the root after the hold-off, s", place.name, late, SOON),
        Figure(
            f"{name}: memory of timed work after, × halfway",
            place.name,
            memory[-1] / memory[len(memory) // 2],
            GROWS,
            [f"{memory[0]} MB, {memory[len(memory) // 2]} MB, {memory[-1]} MB"],
        ),
    ]


class Sent:
    """What went out: how often under which key, and what was seen of it on the way."""

    def __init__(self) -> None:
        self.keys: Counter[str] = Counter()
        self.acks: list[float] = []
        self.memory: list[int] = []  # of timed work, each second, in MB
        self.behind = 0.0
        self.cut_at = datetime.now(UTC)


def _send(client: Client, said: list[Said], worker: int, show: Progress) -> Sent:
    sent, began = Sent(), time.monotonic()
    told = _told(said)
    for number in range(SECONDS * RATE // BATCH):
        due = began + number * BATCH / RATE
        sent.behind = max(sent.behind, time.monotonic() - due)
        time.sleep(max(0.0, due - time.monotonic()))
        at = datetime.now(UTC).isoformat()
        batch = [{**one, "raised_at": at} for one in islice(told, BATCH)]
        sent.acks.append(client.time("/api/alarms/batches", {"alarms": batch}))
        sent.keys.update(f"{one['source']}|{one['object']}|{one['cause']}" for one in batch)
        if number % (RATE // BATCH) == 0:
            sent.memory.append(_megabytes(worker))
        show("alarms of the storm", (number + 1) * BATCH, SECONDS * RATE)
    return sent


def _told(said: list[Said]) -> Iterator[dict[str, Any]]:
    """The cut first; then what repeats it, and ten times as much that has to do with nothing."""
    first = ({"object": o, "cause": c, "severity": s} for o, c, s, _ in said)
    dice = Dice("storm bench")
    names = sorted({one.object.split("/")[0] for one in said})

    def noise() -> Iterator[dict[str, str]]:
        while True:
            cause, severity = dice.pick(QUIET)
            part = f"{1 + dice.below(9)}/{1 + dice.below(48)}"
            yield {"object": f"{dice.pick(names)}/{part}", "cause": cause, "severity": severity}
            if dice.happens(0.1):
                again = dice.pick(said)
                yield {
                    "object": again.object,
                    "cause": again.cause,
                    "severity": again.severity,
                }

    return ({"source": "ems", **one} for one in chain(first, noise()))


def _prepare(url: str, show: Progress) -> tuple[str, list[Said], str]:
    """The region, who sends, what is cut: the secret, what the network says of it, the section."""
    engine, now = connect(url), datetime.now(UTC)
    seed(engine, SIZE, show, now=now)
    rehearsal.publish(engine, now)
    with open_session(engine) as session:
        ems = Person(login="ems", name="EMS", roles=["source"], created_at=now)
        session.add(ems)
        session.flush()
        secret = sign_ins.sign_in(session, ems, now=now)
        terrain = Terrain(session)
    busiest = max(terrain.by_section, key=lambda one: (len(terrain.by_section[one]), one))
    _, said = cut(terrain, [busiest], Dice("storm bench cut"))
    engine.dispose()
    settle(url)
    return secret, said, terrain.cables[busiest].code


@contextmanager
def at_work(url: str) -> Iterator[int]:
    """Timed work in a process of its own, as in production: its number."""
    process = SPAWN.Process(target=_work, args=(url,), daemon=True)
    process.start()
    try:
        yield process.pid or 0
    finally:
        process.kill()
        process.join()


def _work(url: str) -> None:
    todo = {name: job for name, job in jobs().items() if job.lane in LANES}
    shift.work(connect(url), Event(), keep=9, longest=1e9, todo=todo)


@contextmanager
def watched(engine: Engine, root: str) -> Iterator[dict[str, datetime]]:
    """When the ticket of the root was there: "at"."""
    seen: dict[str, datetime] = {}
    over = Event()
    mine = select(AlarmGroup.id).where(
        AlarmGroup.root_kind == "section",
        AlarmGroup.root_object == root,
        col(AlarmGroup.ticket_id).is_not(None),
    )

    def watch() -> None:
        while not over.wait(0.25) and "at" not in seen:
            with open_session(engine, readonly=True) as session:
                if session.exec(mine).first():
                    seen["at"] = datetime.now(UTC)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _wait(seen: dict[str, datetime], show: Progress) -> None:
    ends = time.monotonic() + PATIENCE
    while "at" not in seen and time.monotonic() < ends:
        time.sleep(0.5)
    show("waiting for the ticket", 1, 1)


def _lost(engine: Engine, keys: Counter[str]) -> float:
    """By count and by key: alarms that were answered and are not there."""
    with open_session(engine, readonly=True) as session:
        kept = _tallies(session)
    return float(sum(abs(count - kept.get(key, 0)) for key, count in keys.items()))


def _tallies(session: Session) -> dict[str, int]:
    key = func.coalesce(Alarm.ended_key, Alarm.key)
    rows = select(key, func.sum(Alarm.tally)).where(Alarm.source == "ems").group_by(key)
    return dict(session.exec(rows).all())


def _hold_off(engine: Engine) -> float:
    with open_session(engine, readonly=True) as session:
        return alarm_rules.current(session).hold_off("lossOfSignal").total_seconds()


def _megabytes(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def _p99(ordered: list[float]) -> float:
    return ordered[int(len(ordered) * 0.99)]
