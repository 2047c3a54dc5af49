"""Inspections of customers' rooms (机房巡检): why one is due, what was measured and found, and what
the customer wants. Verbs: tasks/inspections/.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, inspect, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_SLOT = "state IN ('planned', 'sent')"
IS_OPEN = "fixed_at IS NULL"


class Inspection(SQLModel, table=True):
    """One room, looked at once. The states are drawn in tasks/inspections/inspection_states.py.

    Nobody leads two at one time: the database refuses it while they are yet to come.
    """

    __table_args__ = (
        Index("ix_inspection_end", "site_id", "customer_id", "starts_at"),
        Index("ix_inspection_slot", "lead_id", "starts_at", unique=True,
              sqlite_where=text(IS_SLOT), postgresql_where=text(IS_SLOT)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    customer_id: int = Field(foreign_key="customer.id", index=True)
    site_id: int = Field(foreign_key="site.id")
    kind: str = Field(index=True)  # opening, assurance, periodic, request: why it was planned first
    room: str  # the type of room, as in the policy "checklists"
    state: str = Field(default="due", index=True)
    from_at: datetime = Field(sa_type=UtcDateTime)
    by_at: datetime = Field(sa_type=UtcDateTime, index=True)
    starts_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lead_id: int | None = Field(default=None, foreign_key="person.id")
    crew: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # vehicle, instruments: ids
    visit_id: int | None = Field(default=None, foreign_key="visit.id", index=True)
    run_id: int | None = Field(default=None, index=True)
    planned_by: str
    planned_at: datetime = Field(sa_type=UtcDateTime)
    checklist: int | None = None  # the version of the policy that it was measured by
    inspected_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    inspected_by: str = ""
    remarks: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    signature: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    report_by_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reported_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closing: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # why it ended so
    revision: int = 1

    @property
    def number(self) -> str:
        """What people say on the phone: I-20260311-17."""
        return f"I-{self.planned_at:%Y%m%d}-{self.id}"


class InspectionNeed(SQLModel, table=True):
    """One reason to inspect one room within a time. Several may be met by one inspection; each is
    there once, by its key."""

    __table_args__ = (Index("ix_inspectionneed_end", "site_id", "customer_id"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = Field(unique=True)  # "periodic:7:31:2026-03"
    kind: str  # opening, assurance, periodic, request
    cause: str = ""  # the subject that it comes from: "circuit:5"
    customer_id: int = Field(foreign_key="customer.id", index=True)
    site_id: int = Field(foreign_key="site.id")
    room: str
    from_at: datetime = Field(sa_type=UtcDateTime)
    by_at: datetime = Field(sa_type=UtcDateTime, index=True)
    # open, planned, met; missed, declined by the customer, dropped
    state: str = Field(default="open", index=True)
    inspection_id: int | None = Field(default=None, foreign_key="inspection.id", index=True)
    noted_at: datetime = Field(sa_type=UtcDateTime)


class Measurement(SQLModel, table=True):
    """What was measured or seen, beside what inventory says and what it was the last time."""

    __table_args__ = (Index("ix_measurement_last", "site_id", "item", "object", "measured_at"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    inspection_id: int = Field(foreign_key="inspection.id", index=True)
    site_id: int = Field(foreign_key="site.id")
    item: str  # as in the policy "checklists"
    object: str = ""  # "HZ-1/3" where there are several
    value: float | None = None
    said: str = ""  # of an item that is no number
    unit: str = ""
    recorded: str = ""  # as inventory has it
    last: float | None = None  # the time before
    verdict: str = "good"  # good, worse, bad, wrong (not as recorded)
    measured_at: datetime = Field(sa_type=UtcDateTime)


class Finding(SQLModel, table=True):
    """Something not as it should be, or that the customer wants (隐患、老化、资料、需求)."""

    __table_args__ = (
        Index("ix_finding_due", "due_at", sqlite_where=text(IS_OPEN),
              postgresql_where=text(IS_OPEN)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    inspection_id: int = Field(foreign_key="inspection.id", index=True)
    customer_id: int = Field(foreign_key="customer.id", index=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    item: str
    object: str = ""
    what: str
    nature: str  # danger, ageing, data, need
    severity: str  # urgent, major, minor
    action: str  # ticket, work, discrepancy, lead, note: what the table says is to be done
    outcome: str = ""  # what came of it: "ticket:5"
    state: str = Field(default="open", index=True)  # open, mended, fixed, dropped
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # that it is overdue
    found_at: datetime = Field(sa_type=UtcDateTime)
    mended_by: str = ""
    fixed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    fixed_by: str = ""  # who looked again, somebody else than who mended it
    note: str = ""
    revision: int = 1


class Lead(SQLModel, table=True):
    """What a customer will want soon (商机), for their account manager."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    customer_id: int = Field(foreign_key="customer.id", index=True)
    source: str  # the subject that it came from: "inspection:7"
    what: str
    wanted_by: datetime | None = Field(default=None, sa_type=UtcDateTime)
    owner: str = Field(default="", index=True)  # a login
    state: str = Field(default="open", index=True)  # open, taken, won, lost
    note: str = ""
    noted_by: str
    noted_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1


# Two people press the same button: the second flush raises StaleDataError (409).
for table in (Inspection, Finding, Lead):
    inspect(table).version_id_col = inspect(table).columns["revision"]
