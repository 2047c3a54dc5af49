"""JSON: bookings: who and what is taken, from when to when. Those of a visit: visits.py."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from records import Asset, Booking, Person
from tasks.access.people import find_person
from tasks.field import bookings
from tasks.field.assets import find_asset
from tasks.refusals import NotFound, wrong

router = make_router("bookings")
SORTS = {"starts_at": (col(Booking.starts_at), col(Booking.id)), "id": (col(Booking.id),)}
FILTERS = {
    "person": col(Person.login),
    "asset": col(Asset.code),
    "visit": col(Booking.visit_id),
    "purpose": col(Booking.purpose),
}


class BookingShown(BaseModel):
    id: int
    person: str | None
    asset: str | None
    visit_id: int | None
    purpose: str
    role: str
    note: str
    starts_at: datetime
    ends_at: datetime
    booked_by: str
    released_at: datetime | None


class BookingFilter(Asked):
    person: str | None = Field(None, max_length=40)
    asset: str | None = Field(None, max_length=100)
    visit: int | None = None
    purpose: str | None = Field(None, max_length=40)
    since: AwareDatetime | None = Field(None, description="Those that end later")
    until: AwareDatetime | None = Field(None, description="Those that begin earlier")
    is_held: bool | None = Field(True, alias="held")


class BookingGiven(Given):
    person: str | None = Field(None, max_length=40, examples=["liu"])
    asset: str | None = Field(None, max_length=100)
    purpose: str = Field(max_length=40, examples=["absence"])
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    note: str = Field("", max_length=2_000)


@router.get("", summary="Bookings, filtered; those that were given back only if asked for")
def index(
    asked: Annotated[BookingFilter, Query()], turn: Turn = allow("assets:read")
) -> Page[BookingShown]:
    rows: Any = (
        select(Booking, Person, Asset)
        .outerjoin(Person, col(Person.id) == col(Booking.person_id))
        .outerjoin(Asset, col(Asset.id) == col(Booking.asset_id))
    )
    rows, released = narrow(rows, asked, FILTERS), col(Booking.released_at)
    if asked.is_held is not None:
        rows = rows.where(released.is_(None) if asked.is_held else released.is_not(None))
    if asked.since:
        rows = rows.where(col(Booking.ends_at) > asked.since)
    if asked.until:
        rows = rows.where(col(Booking.starts_at) < asked.until)
    return page(turn.session, rows, asked, sorts=SORTS, default="starts_at", show=_show)


@router.post("", status_code=201, summary="Somebody is away, or something is in repair")
def create(given: BookingGiven, turn: Turn = allow("assets:read")) -> BookingShown:
    """One's own absence; that of others and of assets wants bookings:administer."""

    def make() -> BookingShown:
        thing, told = _thing(turn, given), given.model_dump(exclude={"person", "asset"})
        by: dict[str, Any] = {"by": turn.person, "now": turn.now}
        booking = bookings.set_aside(turn.session, thing, **told, **by)
        return _read(turn, booking)

    return once(turn, make)


@router.delete("/{id}", summary="Give back what was set aside")
def delete(id: Id, turn: Turn = allow("assets:read")) -> BookingShown:
    booking = turn.session.get(Booking, id, with_for_update=True)
    if booking is None:
        raise NotFound(f"没有编号为 {id} 的预约", f"There is no booking {id}")
    bookings.give_back(turn.session, booking, by=turn.person, now=turn.now)
    return _read(turn, booking)


def _thing(turn: Turn, given: BookingGiven) -> Person | Asset:
    if (given.person is None) is (given.asset is None):
        raise wrong("person", "person 与 asset 须填且只填一项", "give either person or asset")
    if given.person is not None:
        return find_person(turn.session, given.person)
    return find_asset(turn.session, given.asset or "")


def _read(turn: Turn, booking: Booking) -> BookingShown:
    person = turn.session.get(Person, booking.person_id) if booking.person_id else None
    asset = turn.session.get(Asset, booking.asset_id) if booking.asset_id else None
    return _show(booking, person, asset)


def _show(booking: Booking, person: Person | None, asset: Asset | None) -> BookingShown:
    told = booking.model_dump(exclude={"person_id", "asset_id", "booked_at"})
    return BookingShown(
        **told, person=person.login if person else None, asset=asset.code if asset else None
    )
