"""Bookings: who and what is taken from when to when. Verbs: tasks/field/bookings.py."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime

IS_HELD = "released_at IS NULL"


class Booking(SQLModel, table=True):
    """One person or one asset, for a visit or for something else. Its times never change: who
    moves it releases it and books anew.

    The database itself refuses two that are held and overlap (migration 0005): an exclusion
    constraint on PostgreSQL, a trigger on SQLite.
    """

    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (asset_id IS NULL)", name="ck_booking_one"),
        CheckConstraint("starts_at < ends_at", name="ck_booking_order"),
        Index("ix_booking_person", "person_id", "ends_at", sqlite_where=text(IS_HELD),
              postgresql_where=text(IS_HELD)),
        Index("ix_booking_asset", "asset_id", "ends_at", sqlite_where=text(IS_HELD),
              postgresql_where=text(IS_HELD)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    person_id: int | None = Field(default=None, foreign_key="person.id")
    asset_id: int | None = Field(default=None, foreign_key="asset.id")
    visit_id: int | None = Field(default=None, foreign_key="visit.id", index=True)
    purpose: str = "visit"  # visit; absence, training, duty of people; repair, lent of assets
    role: str = ""  # on a visit: lead, member, vehicle, instrument
    note: str = ""
    starts_at: datetime = Field(sa_type=UtcDateTime)  # of a visit: with the way there
    ends_at: datetime = Field(sa_type=UtcDateTime)
    booked_by: str
    booked_at: datetime = Field(sa_type=UtcDateTime)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
