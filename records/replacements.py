"""Gear that no element manager sees (改造清单), ranked by whom it carries. Verbs:
tasks/archive/replacements.py.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime


class Replacement(SQLModel, table=True):
    """One device that should be replaced or brought under management."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    device_id: int = Field(foreign_key="device.id", unique=True)
    score: int = Field(default=0, index=True)  # weights of the customers that it carries
    circuits: int = 0
    customers: int = 0
    key_customers: int = 0  # AAA and AA
    faults: int = 0  # tickets about it in a year
    state: str = Field(default="open", index=True)  # open, planned, declined, done
    planned_for: datetime | None = Field(default=None, sa_type=UtcDateTime)
    note: str = ""
    decided_by: str = ""
    counted_at: datetime = Field(sa_type=UtcDateTime)
