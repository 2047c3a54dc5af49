"""Nobody and nothing is in two places at once, whoever asks and however many do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, select

from records import Asset, Booking, Person
from records.database import open_session
from tasks.field import bookings
from tasks.field.bookings import Taken
from tasks.refusals import Conflict, Forbidden, Invalid, NotAllowed
from tests.field import DAY, Field

# What is SQL of its own is asked of both databases; rules need but one.
on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def field(session, cast, now):
    return Field(session, cast, now)


def take(session, person, asset, starts_at, hours, now):
    taken = Taken([(person, "lead")], [(asset, "vehicle")])
    ends_at = starts_at + timedelta(hours=hours)
    return bookings.book(session, taken, starts_at=starts_at, ends_at=ends_at, by="dora", now=now)


def test_who_is_taken_is_not_booked_again_and_the_sentence_says_by_what(session, field, now):
    take(session, field.liu, field.van, now + DAY, 3, now)
    with pytest.raises(Conflict) as refusal:
        take(session, field.kai, field.van, now + DAY + timedelta(hours=2), 3, now)
    assert "V1" in refusal.value.zh and "03-12 10:14" in refusal.value.en
    take(session, field.kai, field.van, now + DAY + timedelta(hours=3), 1, now)  # right after it


@on_one
def test_what_is_given_back_is_free(session, field, cast, now):
    told = {"starts_at": now + DAY, "ends_at": now + 2 * DAY, "now": now, "note": "年假"}
    away = bookings.set_aside(session, field.liu, purpose="absence", by=field.liu, **told)
    with pytest.raises(Conflict, match="is away"):
        take(session, field.liu, field.van, now + DAY, 3, now)
    bookings.give_back(session, away, by=cast["dora"], now=now)
    take(session, field.liu, field.van, now + DAY, 3, now)
    with pytest.raises(NotAllowed, match="back already"):
        bookings.give_back(session, away, by=cast["dora"], now=now)


@on_one
def test_what_makes_no_sense_is_refused(session, field, cast, now):
    def set_aside(thing, by="dora", start=now, end=now + DAY, purpose="absence"):
        told = {"starts_at": start, "ends_at": end, "by": cast[by], "now": now}
        bookings.set_aside(session, thing, purpose=purpose, **told)

    for wrong in (
        {"start": now + DAY},  # ends when it starts
        {"start": now - 2 * DAY, "end": now - DAY},
        {"end": now + 400 * DAY},
        {"purpose": "repair"},  # of a person
        {"purpose": "holiday"},
    ):
        with pytest.raises(Invalid):
            set_aside(field.liu, **wrong)
    with pytest.raises(Forbidden):
        set_aside(field.kai, by="liu")  # only one's own


def test_of_many_at_once_exactly_one_gets_the_van(engine, session, field, now):
    """And those who ask for the same two in another order do not wait for each other for ever."""
    ids = [(field.liu.id, field.van.id), (field.kai.id, field.van.id)]

    def ask(n):
        person_id, asset_id = ids[n % 2]
        starts_at = now + DAY + timedelta(minutes=10 * (n % 3))
        try:
            with open_session(engine) as own:
                person, asset = own.get_one(Person, person_id), own.get_one(Asset, asset_id)
                take(own, person, asset, starts_at, 3, now)
            return "taken"
        except Conflict:
            return "refused"

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(ask, range(16)))
    assert sorted(told) == ["refused"] * 15 + ["taken"]
    with open_session(engine, readonly=True) as reader:
        assert reader.exec(select(func.count()).select_from(Booking)).one() == 2


def test_what_gets_past_the_verb_the_database_refuses(session, field, now):
    told = {"asset_id": field.van.id, "booked_by": "x", "booked_at": now}
    first = Booking(starts_at=now, ends_at=now + DAY, **told)
    session.add_all([first, Booking(starts_at=now + DAY, ends_at=now + 2 * DAY, **told)])
    session.commit()
    for begin, end in ((now - DAY, now + 3 * DAY), (now + DAY / 2, now + DAY)):
        session.add(Booking(starts_at=begin, ends_at=end, **told))
        with pytest.raises(IntegrityError):
            session.commit()
        session.rollback()
    first.ends_at = now + DAY + timedelta(minutes=1)
    with pytest.raises(IntegrityError):
        session.commit()
    session.rollback()
    held = col(Booking.released_at).is_(None)
    assert session.exec(select(func.count()).where(held)).one() == 2
