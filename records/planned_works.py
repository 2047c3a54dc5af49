"""Planned works (割接、计划作业): when, and on what; their alarms are kept and shielded. Verbs:
tasks/network/planned_works.py.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class PlannedWork(SQLModel, table=True):
    """A window in which objects are worked on."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    title: str
    reason: str = ""
    sites: list[str] = Field(default_factory=list, sa_type=Json)  # codes
    devices: list[str] = Field(default_factory=list, sa_type=Json)  # codes, with or without a part
    sections: list[str] = Field(default_factory=list, sa_type=Json)  # codes
    circuits: list[str] = Field(default_factory=list, sa_type=Json)  # codes
    starts_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    state: str = Field(default="planned", index=True)  # planned, open, over, cancelled
    act_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)  # opens or ends
    shielded: int = 0  # alarms so far
    woken: int = 0  # of these, still active at its end
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
