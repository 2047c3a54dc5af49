"""Inventory as CSV, in the columns that an import takes: brought in again, it changes nothing."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session

from records import Person
from tasks.archive.import_kinds import FORMULAS, KINDS, Kind
from tasks.refusals import NotFound


def write_file(session: Session, kind: str) -> bytes:
    """UTF-8 with the mark that Excel wants."""
    if kind not in KINDS:
        some = ", ".join(KINDS)
        raise NotFound(f"没有“{kind}”可导出,可用:{some}", f"There are only {some} to export")
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(column.name for column in KINDS[kind].columns)
    writer.writerows([_cell(value) for value in row] for row in _rows(session, KINDS[kind]))
    return text.getvalue().encode("utf-8-sig")


def _rows(session: Session, kind: Kind) -> Iterator[Any]:
    table: Any = kind.table
    shown, joins = [], []
    for column in kind.columns:
        if column.refers_to and column.refers_to is not Person:
            other: Any = aliased(column.refers_to)
            joins.append((other, other.id == getattr(table, column.goes_to)))
            shown.append(other.code)
        else:
            shown.append(getattr(table, column.goes_to))
    rows = select(*shown).select_from(table)
    for join in joins:
        rows = rows.join(*join)
    yield from session.execute(rows.order_by(table.id), execution_options={"yield_per": 5_000})


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    is_formula = isinstance(value, str) and value.startswith(FORMULAS)
    return f"'{value}" if is_formula else value
