"""Changing one row at once, where the ORM's flush would take five times as long. For hot paths."""

from functools import cache
from typing import Any

from sqlalchemy import bindparam, inspect, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError


def put(session: Session, row: Any, **values: Any) -> None:
    """Write values of a row that has a revision. StaleDataError where somebody else was faster."""
    session.flush()
    table: Any = type(row)
    told = {**values, "revision": row.revision + 1}
    same = {"same_id": row.id, "same_revision": row.revision}
    if session.connection().execute(_update(table), told | same).rowcount != 1:
        raise StaleDataError(f"{table.__name__} {row.id} has another revision by now")
    for name, value in told.items():
        set_committed_value(row, name, value)


@cache
def _update(table: Any) -> Any:
    row = inspect(table).columns
    return update(table).where(
        row.id == bindparam("same_id"), row.revision == bindparam("same_revision")
    )
