"""Row 3: the same with 100,000 open runs, against 1,000. Each run is a copy of one."""

from typing import Any

from sqlalchemy import Connection

from records.database import connect
from records.progress import Progress
from tests.bench_databases import Place, settle
from tests.bench_rows import Figure, Times
from tests.bench_servers import Client, serve_ours, served
from tests.bench_tickets import fill, way

FEW, MANY, GOAL = 1_000, 100_000, 1.2
PAIRS, WARM = 80, 10
BATCH = 2_000  # tickets
TABLES = ("circuit", "run", "ticket", "workorder", "timer", "subscription", "entry", "chain")
IDS = {"id", "circuit_id", "run_id", "ticket_id"}  # all are 1 in the ticket that is copied
NAMES = {"subject", "open_key", "code"}  # "run:1", "circuit:1", "HD-DIA-0"
SUBJECTS = ("run:1", "ticket:1")  # copied entries do not add up: each tells of another subject
Row = dict[str, Any]


def measure(place: Place, show: Progress) -> list[Figure]:
    (crowded, secret), (quiet, other) = (_crowd(place, count, show) for count in (MANY, FEW))
    with (
        served(serve_ours, crowded, secret=secret) as many,
        served(serve_ours, quiet, secret=other) as few,
    ):
        times = _compare((many, crowded), (few, quiet), show)
    row = f"the same with {MANY:,} open runs, × with {FEW:,}"
    return [Figure(row, place.name, times.ratio(), GOAL, times.details())]


def _compare(many: tuple[Client, str], few: tuple[Client, str], show: Progress) -> Times:
    times, engines = Times(f"{MANY:,}", f"{FEW:,}"), [connect(url) for _, url in (many, few)]
    for pair in range(PAIRS):
        chosen = [1 + pair * count // PAIRS for count in (MANY, FEW)]
        for actions in zip(*map(way, engines, chosen), strict=True):
            sides = zip((many, few), actions, strict=True)
            taken = [client.time(each.path, each.told) for (client, _), each in sides]
            if actions[0].verb == "completion" and pair >= WARM:
                times.add(actions[0].element, *taken)
        show("completing work orders", pair + 1, PAIRS)
    for engine in engines:
        engine.dispose()
    return times


def _crowd(place: Place, count: int, show: Progress) -> tuple[str, str]:
    """A database with so many open runs, and the secret of Dora's cookie."""
    url = place.make(f"crowd_{count}")
    secret = fill(url, 1, show)
    engine = connect(url)
    with engine.connect() as connection:
        rows = {table: _rows(connection, table) for table in TABLES}
    for first in range(2, count + 1, BATCH):
        numbers = range(first, min(first + BATCH, count + 1))
        with engine.begin() as connection:
            for table, mine in rows.items():
                _write(connection, table, [_copy(row, table, n) for n in numbers for row in mine])
        show(f"copying to {count:,} runs", numbers[-1], count)
    with engine.begin() as connection:
        _count_on(connection)
    engine.dispose()
    settle(url)
    return url, secret


def _rows(connection: Connection, table: str) -> list[Row]:
    """Those of the one ticket, as the driver gives them."""
    found = connection.exec_driver_sql(f"SELECT * FROM {table}")
    rows = [dict(zip(found.keys(), row, strict=True)) for row in found.fetchall()]
    return [row for row in rows if table not in ("entry", "chain") or row["subject"] in SUBJECTS]


def _copy(row: Row, table: str, number: int) -> Row:
    copy = row | {name: number for name in IDS & row.keys()}
    for name in NAMES & row.keys():
        copy[name] = f"{row[name].rstrip('0123456789')}{number}"
    if table == "entry":
        copy["id"] = number * 100 + row["id"]
    if table == "run":
        copy["state"] = bytes(row["state"]).replace(b'"id":1,', b'"id":%d,' % number)
    return copy


def _write(connection: Connection, table: str, rows: list[Row]) -> None:
    if not rows:
        return
    values = [tuple(row.values()) for row in rows]
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(rows[0]))
        connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", values)
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def _count_on(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        for table in ("circuit", "run", "ticket", "workorder", "entry"):
            last = f"(SELECT max(id) FROM {table})"
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})"
            )
