"""Which rooms customers have: where their circuits end, how many, whether the gear is old. Called
by needs.py and the doors.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, union_all
from sqlmodel import Session, col

from records import Circuit, Customer, Site

OLD = "none"  # what no element manager sees is of the oldest generation
Key = tuple[int, int]  # a customer and a site


@dataclass(frozen=True)
class Cycle:
    """So many months from one inspection to the next, 0 where only on request; how many rooms of
    the customer."""

    months: int
    rooms: int


@dataclass(frozen=True)
class Room:
    """One end of a customer's."""

    customer_id: int
    site_id: int
    grade: str
    is_headquarters: bool
    circuits: int
    is_ageing: bool

    @property
    def key(self) -> Key:
        return self.customer_id, self.site_id


Cycles = Callable[[str, bool, bool], Cycle]  # by grade, headquarters, ageing: a decision table


def all_rooms(session: Session, *, of: Iterable[int] | None = None) -> list[Room]:
    """Those with a circuit that runs; of these customers, or of all. Most circuits first."""
    rows = session.execute(_rooms(None if of is None else list(of)))
    return [Room(a, b, grade, is_hq, n, old > 0) for a, b, grade, is_hq, n, old in rows]


def pick(
    rooms: Iterable[Room], cycle_of: Callable[[Room], Cycle], kept: Mapping[Key, object]
) -> list[tuple[Room, Cycle]]:
    """Of each customer as many as the cycle has; those of `kept` first, so that a circuit more or
    less elsewhere changes nothing before the next period."""
    taken: dict[int, int] = {}
    picked = []
    for room in sorted(rooms, key=lambda room: room.key not in kept):
        cycle, so_far = cycle_of(room), taken.get(room.customer_id, 0)
        if cycle.months and so_far < cycle.rooms:
            taken[room.customer_id] = so_far + 1
            picked.append((room, cycle))
    return picked


def remember(cycles: Cycles) -> Callable[[Room], Cycle]:
    """A table is asked once for each combination."""
    known: dict[tuple[str, bool, bool], Cycle] = {}

    def cycle_of(room: Room) -> Cycle:
        key = room.grade, room.is_headquarters, room.is_ageing
        if key not in known:
            known[key] = cycles(*key)
        return known[key]

    return cycle_of


def opened_since(since: datetime, now: datetime) -> Select[tuple[int, int, int, datetime]]:
    """Circuit, customer, end and when: one row for each end in a room of a customer's."""
    is_new = (col(Circuit.opened_at) > since) & (col(Circuit.opened_at) <= now)
    ends = union_all(*(_end(column, is_new) for column in _ENDS)).subquery()
    return select(ends.c.id, ends.c.customer_id, ends.c.site_id, ends.c.opened_at)


_ENDS = (col(Circuit.a_site_id), col(Circuit.z_site_id))


def _end(column: Any, is_wanted: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            col(Circuit.id),
            col(Circuit.customer_id),
            column.label("site_id"),
            col(Circuit.manageability),
            col(Circuit.opened_at),
        )
        .join(Site, col(Site.id) == column)
        .where(col(Site.kind) == "customer", col(Circuit.ceased_at).is_(None), is_wanted)
    )


def _rooms(of: list[int] | None) -> Select[tuple[int, int, str, bool, int, int]]:
    is_wanted = col(Circuit.customer_id).in_(of) if of is not None else col(Circuit.id) > 0
    ends = union_all(*(_end(column, is_wanted) for column in _ENDS)).subquery()
    count = func.count(ends.c.id.distinct())
    old = func.count().filter(ends.c.manageability == OLD)
    customer = (col(Customer.grade), col(Customer.is_headquarters))
    return (
        select(ends.c.customer_id, ends.c.site_id, *customer, count, old)
        .join(Customer, col(Customer.id) == ends.c.customer_id)
        .group_by(ends.c.customer_id, ends.c.site_id, *customer)
        .order_by(ends.c.customer_id, count.desc(), ends.c.site_id)
    )
