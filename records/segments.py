"""Where the time of a ticket went, once it is over, and what was foretold. Verbs: tasks/timelines
(what a stretch is), kept_segments.py, hand_offs.py, risks.py.
"""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime

IS_UNSETTLED = "settled_at IS NULL"


class Segment(SQLModel, table=True):
    """A stretch of a ticket's time in which one thing was so. They add up to all of it."""

    __table_args__ = (UniqueConstraint("ticket_id", "seq"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    ticket_id: int = Field(foreign_key="ticket.id")
    seq: int
    kind: str = Field(index=True)  # queue, travel, work, wait_internal, wait_customer, verify
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime = Field(sa_type=UtcDateTime, index=True)
    seconds: float = 0.0  # as reports add them up
    stops_clock: bool = False  # the ticket was suspended: net time is without it
    work_order_id: int | None = None
    element: str = ""
    title: str = ""
    stage: str = ""
    group_key: str = ""  # whose it was: the group, and so the lane
    person: str = ""
    taken_by: str = ""  # who accepted in the end what waits here
    from_group: str = ""  # of a hand-off: who had it before
    from_person: str = ""
    from_element: str = ""
    handed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = ""


class HandOff(SQLModel, table=True):
    """A time in which a ticket that is over lay between two people (衔接): what reports add up.

    With what they narrow by, so that none of them has to look at tickets or circuits.
    """

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    over_at: datetime = Field(sa_type=UtcDateTime, index=True)  # when the ticket was over
    kind: str  # queue, wait_internal
    started_at: datetime = Field(sa_type=UtcDateTime)
    seconds: float
    work_order_id: int | None = None
    element: str = ""
    title: str = ""
    stage: str = ""
    from_group: str = ""
    from_person: str = ""
    group_key: str = ""
    person: str = ""  # who took it, or who waited; "" where nobody ever did
    reason: str = ""
    grade: str = ""
    level: str = ""
    city: str = ""


class Tally(SQLModel, table=True):
    """All the time of one ticket that is over, in seconds by kind."""

    ticket_id: int = Field(foreign_key="ticket.id", primary_key=True)
    over_at: datetime = Field(sa_type=UtcDateTime, index=True)
    restored_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    grade: str = ""
    level: str = ""
    city: str = ""
    gross: float
    net: float
    queue: float
    travel: float
    work: float
    wait_internal: float
    wait_customer: float
    verify: float


class Forecast(SQLModel, table=True):
    """How likely it was held, at some moment, that a ticket would miss its limit."""

    __table_args__ = (
        Index("ix_forecast_open", "ticket_id", sqlite_where=text(IS_UNSETTLED),
              postgresql_where=text(IS_UNSETTLED)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    stage: str = ""
    probability: float
    has_breached: bool | None = None  # known once the ticket is restored or late
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class Report(SQLModel, table=True):
    """A report of one kind for one period, as it was made."""

    __table_args__ = (UniqueConstraint("kind", "period"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str  # hand-offs: of one day
    period: str  # 2026-03-11
    made_at: datetime = Field(sa_type=UtcDateTime)
    content: str = ""  # JSON
