"""Messages to people and to other systems, until they have left the building."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class Notice(SQLModel, table=True):
    """A message to somebody, queued in the transaction that it tells of."""

    __table_args__ = (
        Index("ix_notice_due", "due_at", sqlite_where=text("state = 'waiting'"),
              postgresql_where=text("state = 'waiting'")),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = Field(unique=True)  # the idempotency key that the far side sees
    channel: str
    to: str = Field(index=True)
    template: str
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    subject: str = ""  # what it is about: "ticket:7"
    state: str = "waiting"  # waiting, sent, failed
    attempts: int = 0
    due_at: datetime = Field(sa_type=UtcDateTime)
    queued_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = ""
