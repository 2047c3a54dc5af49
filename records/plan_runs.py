"""Plans that run: who was called, what was reserved, noted and said. Verbs: tasks/plans/."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, inspect, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_HELD = "released_at IS NULL"


class PlanRun(SQLModel, table=True):
    """One activation of a plan, or one drill of it. Its key nodes are work orders of `run_id`."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    plan_id: int = Field(foreign_key="plan.id", index=True)
    number: int  # of the plan's version
    plan_key: str = Field(index=True)
    title: str
    state: str = Field(default="proposed", index=True)
    mode: str  # auto, propose; manual where a person asked for it
    is_drill: bool = False
    subject: str = Field(default="", index=True)  # what it is about: "ticket:7"
    # One open run of a plan for each subject: kept while open, emptied at the end.
    open_key: str | None = Field(default=None, unique=True)
    run_id: int | None = Field(default=None, index=True)
    city: str = ""
    level: str = "city"  # city, province, group
    commander: str = ""  # a login, once confirmed
    bridge: str = ""  # where the parties meet
    case: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # what was known at the start
    fired: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)  # tables and their rows
    merged: int = 0  # how often it was asked for once more
    reason: str = ""  # of who asked for it, declined it or called it off
    late: list[str] = Field(default_factory=list, sa_type=Json)  # key nodes told as late
    score: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    review: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    started_by: str
    proposed_at: datetime = Field(sa_type=UtcDateTime, index=True)
    activated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    restored_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stood_down_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    note_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the next one is due
    act_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    revision: int = 1


class PlanCall(SQLModel, table=True):
    """Somebody called out for a party; `acked_at` once they said that they come."""

    __table_args__ = (Index("ix_plancall_one", "plan_run_id", "person_id", "party", unique=True),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    plan_run_id: int = Field(foreign_key="planrun.id")
    party: str
    person_id: int = Field(foreign_key="person.id", index=True)
    round: int = 1
    called_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    acked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer: str = ""


class PlanNote(SQLModel, table=True):
    """A note on how things stand: what is known, what the customer was told, what they expect."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    plan_run_id: int = Field(foreign_key="planrun.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    text: str
    customer_told: bool = False
    customer_expects: str = ""


class PlanStatement(SQLModel, table=True):
    """One draft of what customers, or the public, are told at the end."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    plan_run_id: int = Field(foreign_key="planrun.id", index=True)
    number: int
    state: str = "drafted"  # drafted, refused, signed
    text: str
    text_en: str = ""
    audience: str = "customers"  # customers, public
    drafted_by: str
    drafted_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    note: str = ""


class Reservation(SQLModel, table=True):
    """So many of a resource, for one run of a plan, until it is given back."""

    __table_args__ = (
        Index("ix_reservation_resource", "resource_id", sqlite_where=text(IS_HELD),
              postgresql_where=text(IS_HELD)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    plan_run_id: int = Field(foreign_key="planrun.id", index=True)
    resource_id: int = Field(foreign_key="planresource.id")
    quantity: int
    is_drill: bool = False  # counts for nobody else
    reserved_by: str
    reserved_at: datetime = Field(sa_type=UtcDateTime)
    arrived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(PlanRun).version_id_col = inspect(PlanRun).columns["revision"]
