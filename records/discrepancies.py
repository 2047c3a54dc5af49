"""Where inventory and the world differ (资源差异). Verbs: tasks/archive/discrepancies.py."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_OPEN = "settled_at IS NULL"


class Discrepancy(SQLModel, table=True):
    """One thing that is not as recorded. One person proposes what is right, another confirms it."""

    __table_args__ = (
        Index("ix_discrepancy_open", "open_key", unique=True, sqlite_where=text(IS_OPEN),
              postgresql_where=text(IS_OPEN)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str = Field(index=True)  # unknown_object, wrong_value, missing, surplus
    open_key: str  # one open discrepancy for each: kind, object and field
    object: str  # as it was told: a device, circuit, customer
    field: str = ""
    recorded: str = ""
    found: str = ""
    customer_id: int | None = Field(default=None, foreign_key="customer.id", index=True)
    source: str = ""  # subject of what raised it: alarm source:…, ticket:…, visit:…, inspection:…
    note: str = ""
    tally: int = 1  # how often it was met
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    state: str = Field(default="open", index=True)  # open, proposed, settled, refused
    raised_by: str
    raised_at: datetime = Field(sa_type=UtcDateTime, index=True)
    last_at: datetime = Field(sa_type=UtcDateTime)
    proposal: str = ""  # what inventory should say
    proposed_by: str = ""
    settled_by: str = ""  # another person than who proposed
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
