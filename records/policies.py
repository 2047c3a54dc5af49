"""Policies: rules that an owner edits as data, outside any diagram, with versions.

Calendars, what starts and stops each clock, reasons to suspend, whom a ladder reaches. Verbs:
tasks/policies.py. Limits and ladders themselves are decision tables beside their diagram.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class Policy(SQLModel, table=True):
    """One version of one policy. Never changed; the newest counts for what begins from now on."""

    __table_args__ = (UniqueConstraint("key", "number"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    key: str  # calendars, clocks, suspensions, recipients …
    number: int
    content: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    published_at: datetime = Field(sa_type=UtcDateTime)
    published_by: str
    reason: str = ""
