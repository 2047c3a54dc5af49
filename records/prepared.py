"""Statements with ON CONFLICT, which SQLAlchemy compiles anew each time, as it has no key to keep
them by; that takes longer than to run them. Used where rows come by the thousand.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Insert
from sqlalchemy.dialects import postgresql, sqlite

Rows = Sequence[Mapping[str, Any]]
DIALECTS = {"postgresql": postgresql, "sqlite": sqlite}
_COUNTED = {"preserve_rowcount": True}  # else PostgreSQL's driver has forgotten it by then


class Prepared:
    """Compiled once for each database, and for one row or many of the same columns."""

    def __init__(self, make: Callable[[Any], Insert]) -> None:
        """`make` gets the module of the dialect, for its `insert`."""
        self._make = make
        self._compiled: WeakKeyDictionary[Dialect, dict[Any, Any]] = WeakKeyDictionary()

    def run(self, connection: Connection, rows: Rows) -> int:
        """How many rows were written."""
        key = len(rows) > 1, *rows[0]
        ready = self._compiled.setdefault(connection.dialect, {})
        if key not in ready:
            ready[key] = self._compile(connection.dialect, rows)
        written: int = connection.execute(ready[key], rows, execution_options=_COUNTED).rowcount
        return written

    def _compile(self, dialect: Dialect, rows: Rows) -> Any:
        # Inline: nobody asks for the ids of the new rows.
        statement = self._make(DIALECTS[dialect.name]).inline()
        return statement.compile(
            dialect=dialect, column_keys=list(rows[0]), for_executemany=len(rows) > 1
        )
