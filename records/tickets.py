"""Fault tickets (故障单). Verbs: tasks/faults/tickets.py."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, inspect, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_LOOKED_AT = "plan_look_at IS NOT NULL"
IS_STIRRED = "stirred_at IS NOT NULL"
HAS_PHONE = "phone <> ''"
IS_UNACCOUNTED = "accounted_at IS NULL AND closed_at IS NOT NULL"


class Ticket(SQLModel, table=True):
    """A fault, from the first call or alarm to the close."""

    __table_args__ = (
        Index("ix_ticket_plan_look", "plan_look_at", sqlite_where=text(IS_LOOKED_AT),
              postgresql_where=text(IS_LOOKED_AT)),
        Index("ix_ticket_stirred", "stirred_at", sqlite_where=text(IS_STIRRED),
              postgresql_where=text(IS_STIRRED)),
        Index("ix_ticket_phone", "phone", sqlite_where=text(HAS_PHONE),
              postgresql_where=text(HAS_PHONE)),
        Index("ix_ticket_unaccounted", "id", sqlite_where=text(IS_UNACCOUNTED),
              postgresql_where=text(IS_UNACCOUNTED)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    source: str  # customer, alarm, inspection
    # One open ticket per object and cause: kept while open, emptied at the end.
    open_key: str | None = Field(default=None, unique=True)
    customer_id: int | None = Field(default=None, foreign_key="customer.id", index=True)
    circuit_id: int | None = Field(default=None, foreign_key="circuit.id", index=True)
    device_id: int | None = Field(default=None, foreign_key="device.id", index=True)
    parent_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)  # 主单
    run_id: int | None = Field(default=None, index=True)
    state: str = Field(default="new", index=True)
    grade: str = "std"
    impact: str = "outage"  # outage, degraded, consultation
    level: str = ""  # F1 to F4
    priority: str = ""  # P1 to P4, as the table alarm_priority says; "" where no alarm opened it
    title: str
    symptom: str = ""
    reporter: str = ""
    phone: str = ""
    cause: str = ""
    domains: list[str] = Field(default_factory=list, sa_type=Json)  # transport, data, line, access
    section: str = ""  # where it is thought to be
    plan: str = ""  # the emergency plan that was proposed
    limit: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # the row of fault_limit
    closing: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # 六要素
    calls: int = 0  # how often the customer called
    alarms: int = 0  # how many alarms it has taken up
    reopened: int = 0
    resume_state: str = ""  # where a suspended ticket goes back to
    renewals: int = 0  # how often the present suspension was lengthened
    revision: int = 1
    started_at: datetime = Field(sa_type=UtcDateTime)  # when the fault began
    opened_at: datetime = Field(sa_type=UtcDateTime, index=True)
    expected_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # to be restored
    resume_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    restored_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the customer, by us
    called_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the customer called
    # Since when the rows of its clocks are behind its history: the next tick follows.
    stirred_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # When it is looked at whether an emergency plan should begin: bpmn/plan_offers.py.
    plan_look_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accounted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # rows of Segment kept

    @property
    def number(self) -> str:
        """What people say on the phone: FT-20260311-417."""
        return f"FT-{self.opened_at:%Y%m%d}-{self.id}"


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(Ticket).version_id_col = inspect(Ticket).columns["revision"]
