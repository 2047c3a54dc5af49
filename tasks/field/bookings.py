"""Bookings: people, vehicles and instruments, each taken by one thing at a time.

Whoever books locks the rows of those whom they book first, always in one order; then looks for what
overlaps; then writes. So of two at once the second sees what the first has taken, and is told. What
gets past this the database refuses: migration 0005. Visits: visit_crews.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row
from sqlalchemy import select as plain_select
from sqlmodel import Session, col, select

from records import Asset, Booking, Person, Visit, history
from tasks.access.people import require
from tasks.refusals import Conflict, NotAllowed, wrong
from tasks.sla.durations import when

PURPOSES = {  # beside visits: of people, of assets
    "absence": ("请假", "is away"),
    "training": ("培训", "is at a training"),
    "duty": ("值班", "is on duty"),
    "repair": ("送修", "is in repair"),
    "lent": ("借出", "is lent"),
}
OF_ASSETS = {"repair", "lent"}
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Taken:
    """Whom and what to book, each with its role on a visit."""

    people: Sequence[tuple[Person, str]] = field(default=())
    assets: Sequence[tuple[Asset, str]] = field(default=())


def book(
    session: Session,
    taken: Taken,
    *,
    starts_at: datetime,
    ends_at: datetime,
    by: str,
    now: datetime,
    visit: Visit | None = None,
    purpose: str = "visit",
    note: str = "",
) -> list[Booking]:
    """All of it or nothing. Conflict says who is taken by what, and from when to when."""
    lock(session, taken)
    clashes = overlapping(session, taken, starts_at, ends_at)
    if clashes:
        raise _clash(clashes)
    told: dict[str, Any] = {"starts_at": starts_at, "ends_at": ends_at, "purpose": purpose}
    told |= {"booked_by": by, "booked_at": now, "note": note}
    told["visit_id"] = visit.id if visit else None
    rows = [Booking(person_id=person.id, role=role, **told) for person, role in taken.people]
    rows += [Booking(asset_id=asset.id, role=role, **told) for asset, role in taken.assets]
    session.add_all(rows)
    session.flush()
    return rows


def lock(session: Session, taken: Taken) -> None:
    """Until the commit, on PostgreSQL; people first, each by their ids, so that no two wait for
    each other in a circle. Rows that refer to them may come meanwhile."""
    _lock_rows(session, Person, [person.id for person, _ in taken.people])
    _lock_rows(session, Asset, [asset.id for asset, _ in taken.assets])


def overlapping(
    session: Session, taken: Taken, starts_at: datetime, ends_at: datetime
) -> list[Row[Any]]:
    """What holds any of them in that time: the booking, and the name of whom or what it holds."""
    held = {
        col(Booking.person_id): [person.id for person, _ in taken.people],
        col(Booking.asset_id): [asset.id for asset, _ in taken.assets],
    }
    found = [  # one after the other: with OR, SQLite would look through all bookings
        row
        for column, ids in held.items()
        for row in session.execute(_overlaps(column.in_(ids), starts_at, ends_at)).all()
    ]
    return sorted(found, key=lambda row: (row[0].starts_at, row[0].id))


def _overlaps(theirs: ColumnElement[bool], starts_at: datetime, ends_at: datetime) -> Any:
    return (
        plain_select(Booking, col(Person.name), col(Asset.name), col(Asset.code))
        .outerjoin(Person, col(Person.id) == col(Booking.person_id))
        .outerjoin(Asset, col(Asset.id) == col(Booking.asset_id))
        .where(theirs, is_held(starts_at, ends_at))
    )


def is_held(starts_at: datetime, ends_at: datetime) -> ColumnElement[bool]:
    """Of a booking: it counts, and overlaps that time."""
    return (
        col(Booking.released_at).is_(None)
        & (col(Booking.starts_at) < ends_at)
        & (col(Booking.ends_at) > starts_at)
    )


def set_aside(
    session: Session,
    thing: Person | Asset,
    *,
    purpose: str,
    starts_at: datetime,
    ends_at: datetime,
    note: str = "",
    by: Person,
    now: datetime,
) -> Booking:
    """Somebody is away, or something is in repair: nobody can book them meanwhile."""
    is_self = isinstance(thing, Person) and thing.id == by.id
    if not is_self:
        require(by, "bookings:administer")
    _check(thing, purpose, starts_at, ends_at, now)
    taken = Taken([(thing, "")]) if isinstance(thing, Person) else Taken((), [(thing, "")])
    told: dict[str, Any] = {"purpose": purpose, "starts_at": starts_at, "ends_at": ends_at}
    [booking] = book(session, taken, note=note, by=by.login, now=now, **told)
    _record(session, "booked", thing, booking, by, now)
    return booking


def give_back(session: Session, booking: Booking, *, by: Person, now: datetime) -> None:
    """End what `set_aside` began."""
    thing = _thing(session, booking)
    if not (isinstance(thing, Person) and thing.id == by.id):
        require(by, "bookings:administer")
    if booking.visit_id is not None:
        raise NotAllowed(
            f"这是上门 {booking.visit_id} 的预约,请在上门里换人或取消",
            f"This belongs to visit {booking.visit_id}: change its crew, or cancel it",
        )
    if booking.released_at is not None:
        raise NotAllowed("这个预约已经取消了", "This booking is given back already")
    booking.released_at = now
    _record(session, "booking given back", thing, booking, by, now)


def of_visit(session: Session, visit: Visit) -> list[Booking]:
    """Those that count, leads first."""
    mine = select(Booking).where(Booking.visit_id == visit.id, col(Booking.released_at).is_(None))
    return list(session.exec(mine.order_by(col(Booking.id))))


def release(session: Session, visit: Visit, *, now: datetime) -> list[Booking]:
    """All that the visit holds; what it was."""
    rows = of_visit(session, visit)
    for booking in rows:
        booking.released_at = now
    session.flush()
    return rows


def _lock_rows(session: Session, table: Any, ids: list[int]) -> None:
    if ids:
        rows = plain_select(table.id).where(table.id.in_(ids)).order_by(table.id)
        session.execute(rows.with_for_update(key_share=True))


def _thing(session: Session, booking: Booking) -> Person | Asset:
    if booking.person_id is not None:
        return session.get_one(Person, booking.person_id)
    return session.get_one(Asset, booking.asset_id)


def _check(
    thing: Person | Asset, purpose: str, starts_at: datetime, ends_at: datetime, now: datetime
) -> None:
    is_asset = isinstance(thing, Asset)
    fit = [key for key in PURPOSES if (key in OF_ASSETS) is is_asset]
    if purpose not in fit:
        some = ", ".join(fit)
        raise wrong("purpose", f"用途应为 {some} 之一", f"This is one of {some}")
    if not starts_at < ends_at:
        raise wrong("ends_at", "结束须晚于开始", "It has to end after it starts")
    if ends_at <= now:
        raise wrong("ends_at", "这段时间已经过去", "This time is over already")
    if ends_at - starts_at > LONGEST:
        days = LONGEST.days
        raise wrong("ends_at", f"最长 {days} 天,请分开填", f"{days} days at most: split it")


def _clash(clashes: Sequence[Row[Any]]) -> Conflict:
    told = [_say(*row) for row in clashes[:5]]
    return Conflict(
        ";".join(zh for zh, _ in told) + "。请换人、换时间,或先改那边的安排",
        "; ".join(en for _, en in told)
        + ". Take another one or another time, or change that first",
        taken=[
            {"person": row[0].person_id, "asset": row[0].asset_id, "visit": row[0].visit_id}
            for row in clashes
        ],
    )


def _say(
    booking: Booking, name: str | None, thing: str | None, code: str | None
) -> tuple[str, str]:
    who = name or f"{thing}({code})"
    span = f"{when(booking.starts_at)} – {when(booking.ends_at)}"
    if booking.visit_id is not None:
        return f"{who} {span} 已安排上门 {booking.visit_id}", (
            f"{name or code} is on visit {booking.visit_id}, {span}"
        )
    zh, en = PURPOSES.get(booking.purpose, ("占用", "is taken"))
    return f"{who} {span} {zh}", f"{name or code} {en}, {span}"


def _record(
    session: Session,
    verb: str,
    thing: Person | Asset,
    booking: Booking,
    by: Person,
    now: datetime,
) -> None:
    subject = f"person:{thing.login}" if isinstance(thing, Person) else f"asset:{thing.code}"
    told = {"booking": booking.id, "purpose": booking.purpose, "note": booking.note}
    span = {"starts_at": booking.starts_at.isoformat(), "ends_at": booking.ends_at.isoformat()}
    history.record(session, verb, subject=subject, by=by.login, at=now, **told, **span)
