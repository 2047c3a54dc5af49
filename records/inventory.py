"""That inventory has changed, for whoever keeps a picture of it (tasks/network/topology.py).

Whatever writes to one of its tables, by whichever door, moves the version on as it commits; nobody
has to say so. Not seen: SQL in text (COPY of a whole region), which comes with new keys.
"""

from typing import Any

from sqlalchemy import Connection, Delete, Engine, Insert, Update, event
from sqlmodel import Field, Session, SQLModel, col, select

from records.columns import BigId

PICTURED = frozenset(("site", "device", "section", "hop"))
_TOUCHED = "inventory was changed"
_WRITES = (Insert, Update, Delete)
_MOVE = (  # at the very end: two who change inventory wait for each other's commit, and no longer
    "INSERT INTO inventory (id, version) VALUES (1, 1) "
    "ON CONFLICT (id) DO UPDATE SET version = inventory.version + 1"
)


class Inventory(SQLModel, table=True):
    """One row, or none while nothing was ever changed."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    version: int = Field(sa_type=BigId)


def version(session: Session) -> int:
    """Another one once a transaction that changed inventory has committed."""
    return session.exec(_VERSION).first() or 0


def watch(engine: Engine) -> None:
    event.listen(engine, "before_execute", _look)
    event.listen(engine, "commit", _move_on)
    event.listen(engine, "rollback", _forget)


def _look(connection: Connection, statement: Any, *_: object) -> None:
    if isinstance(statement, _WRITES) and getattr(statement.table, "name", "") in PICTURED:
        connection.info[_TOUCHED] = True


def _move_on(connection: Connection) -> None:
    if connection.info.pop(_TOUCHED, False):
        connection.exec_driver_sql(_MOVE)


def _forget(connection: Connection) -> None:
    connection.info.pop(_TOUCHED, None)


_VERSION = select(col(Inventory.version))
