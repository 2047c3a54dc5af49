"""Alarms of one cause together (告警组), and the circuits that it hits. Verbs:
tasks/network/alarm_groups.py, tasks/network/affected.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_OPEN = "over_at IS NULL"
WAITS = "waits_since IS NOT NULL"


class AlarmGroup(SQLModel, table=True):
    """One root and what follows from it. Another one takes it over where it knows better."""

    __table_args__ = (
        Index("ix_alarmgroup_open", "root_kind", "root_id", sqlite_where=text(IS_OPEN),
              postgresql_where=text(IS_OPEN)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    root_kind: str  # site, device, card, duct, section, port, circuit, object
    root_id: int | None = Field(
        default=None, sa_type=BigId
    )  # of the site, device, section, circuit
    root_object: str  # its code, with the part of a device: "HZ-1/GE1"
    root_alarm_id: int | None = Field(default=None, sa_type=BigId)  # none: it was inferred
    layer: int  # 1 power and site … 7 equipment at the customer's: domain.md §2.11
    cause: str
    severity: str
    impact: str = "outage"  # outage, degraded, at_risk, none
    priority: str = ""  # P1 to P4; "": no ticket
    action: str = (
        ""  # what the table alarm_priority said: ticket, at_risk, shield, discrepancy, none
    )
    decision: dict[str, Any] = Field(
        default_factory=dict, sa_type=Json
    )  # version, row, what it knew
    alarms: int = 0
    circuits: int = 0
    customers: int = 0
    aaa: int = 0
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)  # 主单
    taken_over_by: int | None = Field(default=None, sa_type=BigId)  # a group with a better root
    raised_at: datetime = Field(sa_type=UtcDateTime, index=True)  # of its first alarm
    last_at: datetime = Field(sa_type=UtcDateTime)  # of its latest
    opened_at: datetime = Field(sa_type=UtcDateTime)
    cleared_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # its root, for now
    over_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # clear for good
    act_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)  # look again
    revision: int = 1


class AffectedCircuit(SQLModel, table=True):
    """A circuit that a ticket is about, beside the one that may stand on the ticket itself."""

    __table_args__ = (
        UniqueConstraint("ticket_id", "circuit_id"),
        Index("ix_affectedcircuit_waits", "waits_since", sqlite_where=text(WAITS),
              postgresql_where=text(WAITS)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    ticket_id: int = Field(foreign_key="ticket.id")
    circuit_id: int = Field(foreign_key="circuit.id", index=True)
    customer_id: int = Field(foreign_key="customer.id", index=True)
    group_id: int | None = Field(default=None, foreign_key="alarmgroup.id", index=True)
    impact: str = "outage"  # outage, degraded; at_risk: on its second way
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # On the parent's ticket, and its customer has none of their own yet: since then.
    waits_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
