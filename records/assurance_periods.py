"""Assurance periods (重保): customers who must not be without service for some days. Verbs:
tasks/inspections/assurance_periods.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint, inspect
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class AssurancePeriod(SQLModel, table=True):
    """From when to when, how strictly, and what was prepared. While it is on, nothing of these
    customers' is cut over."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    name: str
    level: str  # A, B, C: as in the policy "inspections"
    reason: str = ""
    state: str = Field(default="planned", index=True)  # planned, ready, on, over, closed, cancelled
    starts_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ends_at: datetime = Field(sa_type=UtcDateTime, index=True)
    plan: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # working group, spares …
    notes: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)  # 平安日报, day by day
    summary: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    closing: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    run_id: int | None = Field(default=None, index=True)
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    approved_by: str = ""
    began_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1


class AssuredCustomer(SQLModel, table=True):
    """One customer of an assurance period."""

    __table_args__ = (UniqueConstraint("period_id", "customer_id"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    period_id: int = Field(foreign_key="assuranceperiod.id")
    customer_id: int = Field(foreign_key="customer.id", index=True)


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(AssurancePeriod).version_id_col = inspect(AssurancePeriod).columns["revision"]
