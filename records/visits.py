"""Visits (上门): all that is to be done at one end of a customer's, together. Verbs:
tasks/field/visits.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, inspect, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_REMINDED = "remind_at IS NOT NULL"


class Visit(SQLModel, table=True):
    """One crew, one time, one place. The states are drawn in tasks/field/visits.py."""

    __table_args__ = (
        Index("ix_visit_end", "site_id", "starts_at"),
        Index("ix_visit_remind", "remind_at", sqlite_where=text(IS_REMINDED),
              postgresql_where=text(IS_REMINDED)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    site_id: int = Field(foreign_key="site.id")
    customer_id: int | None = Field(default=None, foreign_key="customer.id", index=True)
    state: str = Field(default="planned", index=True)
    starts_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    ordinal: int = 1  # the how manieth at this end for one of its subjects
    reason: str = ""  # why there is a second one
    approved_by: str = ""
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    travel_minutes: int = 0  # of the way there, as foreseen when the crew was booked
    is_explained: bool = False  # whether its jobs want an explanation sheet before
    sheet: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # 说明单, as it was sent
    explained_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_by: str = ""  # who at the customer's said yes
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reminders: int = 0
    sequence: int = 0  # of its invitation: RFC 5545 §3.8.7.4
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closing: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # why it ended so
    planned_by: str
    planned_at: datetime = Field(sa_type=UtcDateTime)
    revision: int = 1

    @property
    def number(self) -> str:
        """What people say on the phone: V-20260311-17."""
        return f"V-{self.planned_at:%Y%m%d}-{self.id}"


class VisitJob(SQLModel, table=True):
    """One thing to do on a visit, for an order, a ticket, an inspection …"""

    __table_args__ = (UniqueConstraint("visit_id", "subject", "kind", "title"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    visit_id: int = Field(foreign_key="visit.id")
    subject: str = Field(index=True)  # "order:5"
    kind: str  # as in the policy "visits"
    title: str  # "安装终端 / Install the CPE"
    skills: list[str] = Field(default_factory=list, sa_type=Json)  # "splicing", "splicing:2"
    tools: list[str] = Field(default_factory=list, sa_type=Json)  # types of instruments
    minutes: int
    people: int = 1  # at least
    state: str = "planned"  # planned, done, undone, dropped
    result: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(Visit).version_id_col = inspect(Visit).columns["revision"]
