"""Many tickets for the benchmarks: copies of one, with its run, orders, clocks and history.

Copied row by row, as opening them would take hours.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from records.database import connect
from records.progress import Progress
from tests.bench_databases import settle

BATCH = 2_000  # tickets
TABLES = (
    *("circuit", "run", "ticket", "workorder", "timer", "subscription", "clock"),
    *("entry", "chain"),
)
COUNTED = ("circuit", "run", "ticket", "workorder", "clock", "entry")  # they have ids of their own
SEVERAL = 100  # more rows than one ticket has of any table
IDS = {"circuit_id", "run_id", "ticket_id"}  # all are 1 in the ticket that is copied
NAMES = {"subject", "open_key", "code"}  # "run:1", "circuit:1", "HD-DIA-0"
SUBJECTS = ("run:1", "ticket:1")  # copied entries do not add up: each tells of another subject
TIMES = ("_at",)  # how the name of a column ends that is moved, besides "at"
Row = dict[str, Any]
Later = Callable[[int], timedelta]  # by how much a ticket's times are moved


def copy_ticket(
    url: str, count: int, show: Progress, later: Later = lambda number: timedelta(0)
) -> None:
    """The one ticket becomes `count`; the first is the one that was there."""
    engine = connect(url)
    with engine.connect() as connection:
        rows = {table: _rows(connection, table) for table in TABLES}
    for first in range(2, count + 1, BATCH):
        numbers = range(first, min(first + BATCH, count + 1))
        with engine.begin() as connection:
            for table, mine in rows.items():
                copies = [_copy(row, table, n, later(n)) for n in numbers for row in mine]
                _write(connection, table, copies)
        show(f"copying to {count:,} tickets", numbers[-1], count)
    with engine.begin() as connection:
        _count_on(connection)
    engine.dispose()
    settle(url)


def _rows(connection: Connection, table: str) -> list[Row]:
    """Those of the one ticket, as the driver gives them."""
    found = connection.exec_driver_sql(f"SELECT * FROM {table}")
    rows = [dict(zip(found.keys(), row, strict=True)) for row in found.fetchall()]
    return [row for row in rows if table not in ("entry", "chain") or row["subject"] in SUBJECTS]


def _copy(row: Row, table: str, number: int, later: timedelta) -> Row:
    copy = row | {name: number for name in IDS & row.keys()}
    if "id" in row:
        copy["id"] = number * SEVERAL + row["id"] if table in ("entry", "clock") else number
    for name in NAMES & row.keys():
        copy[name] = f"{row[name].rstrip('0123456789')}{number}"
    if table == "run":
        copy["state"] = bytes(row["state"]).replace(b'"id":1,', b'"id":%d,' % number)
    if later:
        for name in row:
            if name == "at" or name.endswith(TIMES):
                copy[name] = _moved(row[name], later)
    return copy


def _moved(at: Any, later: timedelta) -> Any:
    """SQLite's driver gives text, PostgreSQL's gives times."""
    if at is None or isinstance(at, datetime):
        return at and at + later
    moved = datetime.fromisoformat(at).replace(tzinfo=UTC) + later
    return moved.replace(tzinfo=None).isoformat(" ", "microseconds")


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
        for table in COUNTED:
            last = f"(SELECT max(id) FROM {table})"
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})"
            )
