"""Row 5: alarms come in over HTTP, one by one and in batches, with few stored and with a million.

The floor is a bare route that writes the same row. Every request is committed before its answer,
on both sides. The storm of the same row: bench_storm.py.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Body, FastAPI
from sqlalchemy import Engine, insert, text
from sqlmodel import col, select

from records import Alarm, Device, Person, Site
from records.database import connect, open_session
from records.progress import Progress
from tasks.access import sign_ins
from tasks.network import alarms
from tests.bench_databases import Place, settle
from tests.bench_rows import Figure, Times
from tests.bench_servers import Client, listen, serve_ours, served

SINGLE, BATCH = 500, 100  # alarms sent one by one; in a batch
BATCHES, WARM = 60, 50
DEVICES, MANY = 2_000, 1_000_000
SINGLY, TOGETHER, SLOWER = 1 / 0.8, 1 / 5, 1.2  # × floor, × singly, × with few stored
ALONE, TOGETHER_AT = "/api/alarms", "/api/alarms/batches"
CAUSES = ("lossOfSignal", "linkDown", "thresholdCrossed", "alarmIndicationSignal")
OBJECT = f"'HZ-' || (i % {DEVICES}) || '/9/' || (i % 97)"
KEY = f"'ems-3|' || {OBJECT} || '|linkDown'"
AGO = {  # so many seconds before
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', raised_at, '-' || i || ' seconds') || '000'",
    "postgresql": "raised_at - i * interval '1 second'",
}
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def measure(place: Place, show: Progress) -> list[Figure]:
    secret = _prepare(place.make("alarms"))
    few, bare, full = (place.copy("alarms", f"alarms_{n}") for n in range(3))
    _fill(full, show)
    with (
        served(serve_floor, bare) as floor,
        served(serve_ours, few, secret=secret) as baton,
        served(serve_ours, full, secret=secret) as stored,
    ):
        return _compare(place.name, (baton, floor, stored), show)


def _compare(name: str, sides: tuple[Client, Client, Client], show: Progress) -> list[Figure]:
    baton, floor, stored = sides
    told, batches = _told(), []
    singly, with_many = Times("Baton", "floor"), Times(f"{MANY:,} stored", "few")
    for number in range(SINGLE):
        one = next(told)
        ours, bare, full = baton.time(ALONE, one), floor.time(ALONE, one), stored.time(ALONE, one)
        if number >= WARM:
            singly.add("alone", ours, bare)
            with_many.add("alone", full, ours)
        show("alarms one by one", number + 1, SINGLE)
    for number in range(BATCHES):
        batch = {"alarms": [next(told) for _ in range(BATCH)]}
        ours, full = baton.time(TOGETHER_AT, batch), stored.time(TOGETHER_AT, batch)
        batches.append(ours / BATCH)
        with_many.add("in a batch", full, ours)
        show("batches of alarms", number + 1, BATCHES)
    return _figures(name, singly, with_many, batches)


def _figures(name: str, singly: Times, with_many: Times, batches: list[float]) -> list[Figure]:
    together = Times("each in a batch", "alone")
    for ours, each in zip(singly.taken["alone"][0], batches, strict=False):
        together.add("an alarm", each, ours)
    one, many = "alarm intake, singly", f"alarm intake with {MANY:,} stored, × with few"
    batch = f"alarm intake, each of a batch of {BATCH}, × singly"
    return [
        Figure(f"{one}: time × floor", name, singly.ratio(), SINGLY, singly.details()),
        Figure(batch, name, together.ratio(), TOGETHER, together.details()),
        Figure(many, name, with_many.ratio(), SLOWER, with_many.details()),
    ]


def serve_floor(url: str, port: int) -> None:
    """A route that writes the row of an alarm, as it is told, and nothing else."""
    engine, app = connect(url), FastAPI()
    with open_session(engine, readonly=True) as session:
        device = session.exec(select(Device.id).order_by(col(Device.id))).first()
    report = alarms.Report("floor", "x", "linkDown", raised_at=BEGAN)
    row = _row_of(engine, report) | {"device_id": device}

    @app.post(ALONE, status_code=202)
    def write(told: dict[str, Any] = Body()) -> dict[str, int]:
        mine = {name: told[name] for name in ("object", "cause", "severity")}
        at = datetime.fromisoformat(told["raised_at"])
        key = f"{told['source']}|{told['object']}|{told['cause']}"
        with engine.begin() as connection:
            connection.execute(
                insert(Alarm), {**row, **mine, "key": key, "raised_at": at, "last_at": at}
            )
        return {"taken": 1}

    listen(app, port)


def _row_of(engine: Engine, report: alarms.Report) -> dict[str, Any]:
    """What `receive` writes of a report."""
    with open_session(engine) as session:
        alarms.receive(session, [report], now=BEGAN)
        row = session.exec(select(Alarm)).one().model_dump(exclude={"id"})
        session.rollback()
    return row


def _told() -> Iterator[dict[str, Any]]:
    """Alarms as a source tells them, no two with one key."""
    for number in range(10_000_000):
        yield {
            "source": "ems-3",
            "object": f"HZ-{number % DEVICES}/{number // DEVICES}/{number % 48}",
            "cause": CAUSES[number % len(CAUSES)],
            "severity": "major",
            "raised_at": (BEGAN + timedelta(milliseconds=number)).isoformat(),
            "text": "接收线路侧信号丢失",
            "raw": {"locationInfo": "Frame=0,Slot=12,Port=4", "alarmSeq": number},
        }


def _prepare(url: str) -> str:
    """Devices, and somebody who sends alarms: the secret of the cookie."""
    engine, now = connect(url), datetime.now(UTC)
    with open_session(engine) as session:
        ems = Person(login="ems", name="EMS", roles=["source"], created_at=now)
        site = Site(code="HZ", name="HZ", city="海州")
        session.add_all([ems, site])
        session.flush()
        session.add_all(
            Device(code=f"HZ-{n}", name=f"HZ-{n}", site_id=site.id, kind="metro")
            for n in range(DEVICES)
        )
        secret = sign_ins.sign_in(session, ems, now=now)
    engine.dispose()
    settle(url)
    return secret


def _fill(url: str, show: Progress) -> None:
    """A million alarms of the days before: one in fifty still stands."""
    engine = connect(url)
    with open_session(engine) as session:
        alarms.receive(session, [alarms.Report("ems-3", "x", "linkDown", BEGAN)], now=BEGAN)
        row = session.exec(select(Alarm)).one().model_dump(exclude={"id"})
    ago = AGO[engine.dialect.name]
    cleared = "CASE WHEN i % 50 > 0 THEN raised_at END"
    told = dict.fromkeys(row, "") | {
        "key": f"{KEY} || '#' || i",
        "object": OBJECT,
        "device_id": f"1 + i % {DEVICES}",
        "raised_at": ago,
        "cleared_at": cleared,
        "ended_key": f"CASE WHEN i % 50 > 0 THEN {KEY} END",
        "act_at": "NULL",
    }
    columns = ", ".join(f'"{name}"' for name in told)
    values = ", ".join(sql or f'"{name}"' for name, sql in told.items())
    with engine.begin() as connection:
        numbers = f"SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}"
        add = f"INSERT INTO alarm ({columns}) SELECT {values} FROM n, alarm"
        connection.execute(text(f"WITH RECURSIVE n(i) AS ({numbers}) {add}"))
    show(f"storing {MANY:,} alarms", MANY, MANY)
    engine.dispose()
    settle(url)
