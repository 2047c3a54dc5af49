"""Where the database is, how to open it, how to bring it up to date. Called by the edges."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Engine, bindparam, event, inspect, select
from sqlmodel import Session, create_engine

from records import inventory
from records.bold import boldly

if TYPE_CHECKING:
    from alembic.config import Config

# SQLite lets one write at a time, and who waits for that sleeps up to 0.1 s between two looks. So
# the threads of one process queue here: with 4 of them, p99 was 13 ms instead of 190.
_queues: WeakKeyDictionary[Dialect, Lock] = WeakKeyDictionary()
BUSY_SECONDS = 30  # how long a writer waits for another one on SQLite


def home() -> Path:
    """The folder for all that the server writes: BATON_HOME, or var/ where it was started."""
    folder = Path(os.environ.get("BATON_HOME") or "var").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def database_url() -> str:
    return os.environ.get("BATON_DATABASE_URL") or f"sqlite:///{home() / 'baton.db'}"


def connect(url: str | None = None, **options: Any) -> Engine:
    """An engine for SQLite (WAL, one writer at a time) or PostgreSQL (psycopg)."""
    address = (url or database_url()).replace("postgresql://", "postgresql+psycopg://", 1)
    is_sqlite = address.startswith("sqlite")
    own = {"connect_args": {"timeout": BUSY_SECONDS}} if is_sqlite else {"pool_pre_ping": True}
    engine = create_engine(address, **own, **options)
    inventory.watch(engine)
    if not is_sqlite:
        return engine
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    _queues[engine.dialect] = Lock()
    return engine


class QuickSession(Session):
    """For one transaction. Finds a row by its key in half the time, and locks it but once.

    SQLAlchemy builds the statement anew for each `get`, which takes longer than to run it.
    """

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.locked: dict[Any, Any] = {}

    def get(self, entity: Any, ident: Any, *, with_for_update: Any = None, **options: Any) -> Any:
        """As the parent's; `with_for_update` may only be True."""
        find, locked = _find(entity, bool(with_for_update)), bool(with_for_update)
        key = inspect(entity).identity_key_from_primary_key((ident,))
        if find is None or any(options.values()) or (not locked and key in self.identity_map):
            return super().get(entity, ident, with_for_update=with_for_update, **options)
        if key in self.locked:
            return self.locked[key]
        row = self.execute(find, {"key": ident}).scalars().first()
        if locked and row is not None:
            self.locked[key] = row
        return row

    def has_locked(self, row: Any) -> None:
        """The row was read and locked by a statement of one's own."""
        self.locked[inspect(row).identity_key] = row


@contextmanager
def open_session(
    engine: Engine, *, readonly: bool = False, bold: bool = False
) -> Iterator[Session]:
    """One transaction: committed if the block returns, rolled back if it raises.

    A thread that writes must not open a second one meanwhile. A readonly one sees the database as
    it was at its first look, however long it lasts. A bold one may raise DoAgain (records/bold.py).
    """
    queue = None if readonly else _queues.get(engine.dialect)
    with (
        queue or nullcontext(),
        engine.connect().execution_options(**_options(engine, readonly)) as connection,
        QuickSession(connection, expire_on_commit=False) as session,
        boldly(session) if bold else nullcontext(),
        session.begin(),
    ):
        yield session


def migrate(engine: Engine) -> None:
    """Apply every migration that the database has not had yet."""
    from alembic import command  # here, as a flow that starts each minute need not wait for it

    with engine.begin() as connection:
        command.upgrade(migration_settings(connection), "head")


def migration_settings(connection: Connection) -> "Config":
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.attributes["connection"] = connection
    return settings


@event.listens_for(QuickSession, "after_soft_rollback")
def _forget_locks(session: QuickSession, _: object) -> None:
    session.locked.clear()  # a savepoint gives back what was locked since


@cache
def _find(entity: Any, locked: bool) -> Any:
    """The statement for it; None where a key has several columns."""
    key = inspect(entity).primary_key
    if len(key) > 1:
        return None
    find = select(entity).where(key[0] == bindparam("key"))
    return find.with_for_update() if locked else find


def _options(engine: Engine, readonly: bool) -> dict[str, Any]:
    if readonly and engine.dialect.name == "postgresql":
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return {"readonly": readonly}  # for _begin


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, in _begin
    # 16 MB of pages: with 2, a batch of alarms took 1.8 times as long among a million stored.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once when another one wrote
    # meanwhile; an immediate one waits its turn.
    readonly = connection.get_execution_options().get("readonly")
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")
