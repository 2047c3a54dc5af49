"""Cutovers (割接): work on the network that customers feel, with what was checked before and after.
Verbs: tasks/inspections/cutovers.py. Its window and shield: records/planned_works.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import inspect
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class Cutover(SQLModel, table=True):
    """What is changed, when, whom it concerns, and how to go back."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    title: str
    reason: str = ""
    steps: str = ""
    way_back: str = ""  # 倒回方案
    sites: list[str] = Field(default_factory=list, sa_type=Json)  # codes
    devices: list[str] = Field(default_factory=list, sa_type=Json)
    sections: list[str] = Field(default_factory=list, sa_type=Json)
    circuits: list[str] = Field(default_factory=list, sa_type=Json)
    starts_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    # asked, approved, announced, in_work, checked, done, backed_out, refused, cancelled
    state: str = Field(default="asked", index=True)
    affected: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # circuits, customers
    planned_work_id: int | None = Field(default=None, foreign_key="plannedwork.id", index=True)
    run_id: int | None = Field(default=None, index=True)
    before: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # alarms, levels
    after: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    closing: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    approved_by: str = ""
    announced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1

    @property
    def number(self) -> str:
        return f"CO-{self.asked_at:%Y%m%d}-{self.id}"


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(Cutover).version_id_col = inspect(Cutover).columns["revision"]
