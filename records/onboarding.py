"""Onboarding of customers to care from end to end (端到端管理), in waves by grade. Verbs:
tasks/archive/onboarding.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import inspect
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class Wave(SQLModel, table=True):
    """Customers of some grades, who are taken on together once they are ready."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = Field(unique=True)
    name: str
    grades: list[str] = Field(default_factory=list, sa_type=Json)
    cities: list[str] = Field(default_factory=list, sa_type=Json)  # none: all
    least_score: float  # readiness that opens the gate
    most: int  # customers
    state: str = "planned"  # planned, open, closed
    starts_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    planned_by: str


class Onboarding(SQLModel, table=True):
    """One customer on the way, or there."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    customer_id: int = Field(foreign_key="customer.id", unique=True)
    wave_id: int = Field(foreign_key="wave.id", index=True)
    state: str = Field(default="preparing", index=True)  # preparing, onboarded, put_off
    run_id: int | None = Field(default=None, index=True)
    score: float = 0.0  # when the gate was asked last
    checklist: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    begun_at: datetime = Field(sa_type=UtcDateTime)
    onboarded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = ""  # why it was put off
    revision: int = 1


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(Onboarding).version_id_col = inspect(Onboarding).columns["revision"]
