"""Lists, page by page: a page goes on after the last row of the one before, however many there are.

Called by the routes that list. A route's filter is a subclass of `Asked`.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, Field, field_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import ColumnElement, Select, TypeDecorator, literal, or_, tuple_
from sqlmodel import Session

from api.deps import Given
from tasks.refusals import wrong

Item = TypeVar("Item")
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
Sorts = Mapping[str, tuple[Any, ...]]  # columns: the last column is unique; none is ever null


class Asked(Given):
    """What may be said of any list in its query."""

    sort: str | None = Field(None, max_length=40, description="A name, or -name to turn it round")
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=200)

    @field_validator("*")
    @classmethod
    def check_size(cls, value: object) -> object:
        if isinstance(value, int) and abs(value) >= 2**63:  # no column is wider
            raise PydanticCustomError("less_than", "is too large", {"lt": 2**63})
        if isinstance(value, datetime) and not FIRST <= value <= LAST:  # in its zone, but not here
            raise PydanticCustomError("datetime", "is no time")
        return value


class Page(BaseModel, Generic[Item]):
    """Some of a list. `next` is the cursor of the page after it; null at the end."""

    items: list[Item]
    next: str | None


def page(
    session: Session,
    rows: Select[Any] | list[Any],
    asked: Asked,
    *,
    sorts: Sorts,
    default: str,
    show: Callable[..., Item],
) -> Page[Item]:
    """One page of `rows`, each made into an item by `show(*row)`; sorted by `default` (a name of
    `sorts`, or -name) where nothing else is asked for. `rows` may be several lists that have no row
    in common, each with an index of its own: one OR of them would have none."""
    sort, after = _start(asked, sorts, default)
    columns = sorts[sort.removeprefix("-")]
    is_down = sort.startswith("-")
    found: list[Any] = []
    order = [column.desc() if is_down else column.asc() for column in columns]
    lists = rows if isinstance(rows, list) else [rows]
    for one in lists:
        rest = one if after is None else one.where(_beyond(columns, after, is_down))
        some = rest.add_columns(*columns).order_by(*order).limit(asked.limit + 1)
        found += session.execute(some).all()
    if len(lists) > 1:
        found.sort(key=lambda row: tuple(row[-len(columns) :]), reverse=is_down)
    shown = [row[: -len(columns)] for row in found[: asked.limit]]
    more = len(found) > asked.limit
    last = found[asked.limit - 1][-len(columns) :] if more else ()
    return Page(items=[show(*row) for row in shown], next=_write(sort, last) if more else None)


def narrow(rows: Any, asked: Asked, columns: Mapping[str, Any]) -> Any:
    """The rows whose columns are as the filter's fields of the same name say, where they do."""
    for name, column in columns.items():
        wanted = getattr(asked, name)
        if wanted is not None:
            rows = rows.where(column == wanted)
    return rows


def search(rows: Any, text: str | None, columns: Sequence[Any]) -> Any:
    """The rows that have the text in one of the columns, in whatever case."""
    if not text:
        return rows
    return rows.where(or_(*(column.icontains(text, autoescape=True) for column in columns)))


def _start(asked: Asked, sorts: Sorts, default: str) -> tuple[str, list[Any] | None]:
    """How to sort, and after which values to go on."""
    sort, after = _read(asked.cursor) if asked.cursor else (asked.sort or default, None)
    if not isinstance(sort, str) or sort.removeprefix("-") not in sorts:
        known = ", ".join(sorts)
        raise wrong("sort", f"须为 {known} 之一", f"has to be one of {known}")
    if asked.cursor and asked.sort not in (None, sort):
        raise wrong("sort", "与游标的排序不同", "is not how the cursor sorts")
    return sort, after


def _beyond(
    columns: tuple[ColumnElement[Any], ...], after: list[Any], is_down: bool
) -> ColumnElement[bool]:
    if not isinstance(after, list) or len(after) != len(columns):
        raise _bad_cursor()
    values = [
        literal(_value(column, value), column.type)
        for column, value in zip(columns, after, strict=True)
    ]
    return tuple_(*columns) < tuple_(*values) if is_down else tuple_(*columns) > tuple_(*values)


def _value(column: ColumnElement[Any], value: Any) -> Any:
    """A value from a cursor, if it is one that the column could have."""
    kind = column.type
    wanted = (kind.impl_instance if isinstance(kind, TypeDecorator) else kind).python_type
    if wanted is datetime and isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise _bad_cursor() from None
    is_fit = type(value) is wanted and not (wanted is int and abs(value) >= 2**63)
    if not is_fit or (wanted is datetime and not _is_instant(value)) or "\0" in str(value):
        raise _bad_cursor()
    return value


def _is_instant(value: datetime) -> bool:
    return value.tzinfo is not None and FIRST <= value <= LAST


def _write(sort: str, values: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([sort, list(values)])).decode().rstrip("=")


def _read(cursor: str) -> tuple[Any, Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        sort, after = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError):
        raise _bad_cursor() from None
    return sort, after


def _bad_cursor() -> Exception:
    return wrong(
        "cursor", "游标无效,请从第一页开始", "is no cursor of ours: start with the first page"
    )
