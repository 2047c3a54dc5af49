"""Audits of inventory (资源核查): circuits drawn by risk, compared with what is there. Verbs:
tasks/archive/audits.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class Audit(SQLModel, table=True):
    """One circuit in one month's sample."""

    __table_args__ = (UniqueConstraint("period", "circuit_id"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    period: str  # "2026-03"
    circuit_id: int = Field(foreign_key="circuit.id", index=True)
    customer_id: int = Field(foreign_key="customer.id", index=True)
    risk: float  # its weight when it was drawn
    reasons: list[str] = Field(default_factory=list, sa_type=Json)
    state: str = Field(default="drawn", index=True)  # drawn, running, done, dropped
    run_id: int | None = Field(default=None, index=True)
    checked: int = 0  # items that were compared
    wrong: int = 0  # of these
    result: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    drawn_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str = ""
