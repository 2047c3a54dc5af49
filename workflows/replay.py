"""A real alarm trace becomes tickets, and a scripted shift closes them over HTTP.

python -m workflows replay FILE: laid over the seeded region, through the same intake as the API.
"""

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from records import Device, Ticket, WorkOrder
from records.database import connect, open_session
from records.region.overlay import overlay
from records.schema import require_migrations
from workflows.alarms import open_tickets
from workflows.clerk import Answered, Clerk
from workflows.schedule import jobs
from workflows.traces import Line, read_trace

BATCH = 100
HELD_OFF = timedelta(seconds=15)  # what is over sooner opens nothing
LATER = timedelta(hours=1)  # when every hold-off has passed
SOURCE = "trace"
SHIFT = ("nora", "ada", "dora", "liu", "mei")  # between them they are in every group of a fault
SEVERITY = {0: "critical", 1: "major", 2: "minor"}  # traces do not tell: spread by kind

console = Console()


def replay(path: Path, *, password: str) -> Counter[str]:
    """Feed the trace, open the tickets, work them off, and print what came of it."""
    trace, engine = read_trace(path), connect()
    require_migrations(engine)
    objects = lay_over(engine, trace)
    before = count(engine)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        started, port = time.monotonic(), stack.enter_context(serve())

        def clerk(login: str) -> Clerk:
            return stack.enter_context(closing(Clerk(port, login, password)))

        open_source(clerk("root"), password)
        feed(engine, trace, objects, clerk(SOURCE))
        worked = time.monotonic()
        steps = work_off(engine, [clerk(login) for login in SHIFT])
        seconds = time.monotonic() - worked
        told = count(engine)
        told.subtract(before)
        told["alarms in"] = len(trace)
        show(engine, told, steps=steps, seconds=seconds, total=time.monotonic() - started)
    return told


def lay_over(engine: Engine, trace: list[Line]) -> dict[str, str]:
    """For each device of the trace the code of one in the region."""
    with open_session(engine, readonly=True) as session:
        ids = overlay(session, sorted({line.device for line in trace}))
        codes = dict(session.exec(select(Device.id, Device.code)).all())
    return {name: codes[device_id] for name, device_id in ids.items()}


def open_source(root: Clerk, password: str) -> None:
    """The account that the trace comes in by, made by the administrator where it is new."""
    try:
        root.post("/api/people", {"login": SOURCE, "name": "告警回放", "roles": ["source"]})
    except Answered as refused:
        if refused.status != 409:  # 409: it is there already
            raise
    root.ask("PUT", f"/api/people/{SOURCE}/password", {"password": password})


def feed(engine: Engine, trace: list[Line], objects: dict[str, str], source: Clerk) -> None:
    """Send the whole trace through the intake, in order of time, in batches; open the tickets after
    each, as the timed job does once the hold-offs have passed."""
    origin = datetime.now(UTC) - timedelta(seconds=max(line.end for line in trace))
    reports = list(_reports(trace, objects, origin))
    with Progress(console=console) as progress:
        bar = progress.add_task("Alarms in", total=len(reports))
        for batch in _batches(reports):
            source.post("/api/alarms/batches", {"alarms": batch})
            for wait in (LATER, 2 * LATER):  # until they are grouped; until groups were watched
                while open_tickets(engine, datetime.now(UTC) + wait):
                    pass
            progress.advance(bar, len(batch))


def work_off(engine: Engine, shift: list[Clerk]) -> int:
    """The shift works until nothing is left to do; how many steps it did."""
    steps = 0
    with Progress(console=console) as progress:
        waiting = _open_tickets(engine)
        bar = progress.add_task("Tickets closed", total=waiting)
        while done := _do_round(engine, shift):
            steps += done
            progress.update(bar, completed=waiting - _open_tickets(engine))
    return steps


def count(engine: Engine) -> Counter[str]:
    with open_session(engine, readonly=True) as session:
        of_a_root = (col(Ticket.source) == "alarm") & col(Ticket.parent_id).is_(None)
        opened = select(func.count()).select_from(Ticket).where(of_a_root)
        taken = select(func.coalesce(func.sum(Ticket.alarms), 0)).where(Ticket.source == "alarm")
        tickets, alarms = session.exec(opened).one(), session.exec(taken).one()
        closed = session.exec(opened.where(Ticket.state == "closed")).one()
    return Counter(
        {
            "alarms in": 0,
            "tickets opened": tickets,
            "alarms appended": alarms - tickets,
            "tickets closed": closed,
        }
    )


def show(engine: Engine, told: Counter[str], *, steps: int, seconds: float, total: float) -> None:
    table = Table("", "", title="Replay", show_header=False)
    for name, value in told.items():
        table.add_row(name, f"{value:,}")
    table.add_row("steps done by the shift", f"{steps:,}")
    table.add_row("steps per second", f"{steps / seconds:,.1f}" if seconds else "–")
    table.add_row("seconds in all", f"{total:,.1f}")
    console.print(table)
    lanes = Table("lane", "steps", "median seconds per step", title="From opened to finished")
    for lane, durations in sorted(_durations(engine).items()):
        lanes.add_row(lane, f"{len(durations):,}", f"{median(durations):,.2f}")
    console.print(lanes)


@contextmanager
def serve(*more: str) -> Iterator[int]:
    """An API of our own on a free port, on the same database, without timed work; `more`: what else
    it is started with."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "api", "--port", str(port), "--only-api", *more]
    server = subprocess.Popen(command, env=os.environ | {"BATON_QUIET": "1"})
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError("The API did not start: run “python -m api” to see why")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("The API did not answer within a minute")


def _reports(
    trace: list[Line], objects: dict[str, str], origin: datetime
) -> Iterator[dict[str, Any]]:
    events = [(line.start, False, line) for line in trace]
    events += [(line.end, True, line) for line in trace if line.end > line.start]
    for seconds, is_clear, line in sorted(events, key=lambda event: event[:2]):
        yield {
            "source": SOURCE,
            "object": objects[line.device],
            "cause": f"type-{line.kind}",
            "severity": SEVERITY[sum(map(ord, line.kind)) % len(SEVERITY)],
            "raised_at": (origin + timedelta(seconds=seconds)).isoformat(),
            "is_clear": is_clear,
        }


def _batches(reports: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """One ends before the clear of what it raised, where that stood for longer than a hold-off."""
    batch: list[dict[str, Any]] = []
    raised: dict[tuple[str, str], str] = {}
    for report in reports:
        key = report["object"], report["cause"]
        if len(batch) == BATCH or (report["is_clear"] and _has_stood(raised.get(key), report)):
            yield batch
            batch, raised = [], {}
        batch.append(report)
        if not report["is_clear"]:
            raised[key] = report["raised_at"]
    yield batch


def _has_stood(raised_at: str | None, clear: dict[str, Any]) -> bool:
    if raised_at is None:
        return False
    stood = datetime.fromisoformat(clear["raised_at"]) - datetime.fromisoformat(raised_at)
    return stood >= HELD_OFF


def _do_round(engine: Engine, shift: list[Clerk]) -> int:
    """All that waits for people, and, where nothing does, what timed work has for them."""
    done = sum(_do_queue(clerk) for clerk in shift)
    if not done:
        for job in jobs().values():
            while job.lane == "children" and job.work(engine, datetime.now(UTC)):
                pass
        done = sum(_do_queue(clerk) for clerk in shift)
    return done


def _do_queue(clerk: Clerk) -> int:
    """Work off one page of the clerk's queue; how many orders it finished."""
    page = clerk.get("/api/work-orders?queue=mine&state=dispatched&limit=100")
    for order in page["items"]:
        _do(clerk, order)
    return len(page["items"])


def _do(clerk: Clerk, order: dict[str, Any]) -> None:
    place = f"/api/work-orders/{order['id']}"
    clerk.post(f"{place}/acceptance")
    if order["is_on_site"]:
        clerk.post(f"{place}/departure")
        clerk.post(f"{place}/arrival")
    form = clerk.get(place)["form_schema"] or {}
    clerk.post(f"{place}/completion", {"answers": (form.get("examples") or [{}])[0]})


def _open_tickets(engine: Engine) -> int:
    over = ("closed", "cancelled", "merged")
    with open_session(engine, readonly=True) as session:
        rows = select(func.count()).select_from(Ticket).where(col(Ticket.state).not_in(over))
        return session.exec(rows).one()


def _durations(engine: Engine) -> dict[str, list[float]]:
    with open_session(engine, readonly=True) as session:
        return _by_lane(session)


def _by_lane(session: Session) -> dict[str, list[float]]:
    rows = select(WorkOrder.group_key, WorkOrder.opened_at, WorkOrder.finished_at)
    lanes: dict[str, list[float]] = {}
    for lane, opened_at, finished_at in session.exec(rows.where(WorkOrder.state == "closed")):
        if finished_at:
            lanes.setdefault(lane, []).append((finished_at - opened_at).total_seconds())
    return lanes
