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
    language: str = "zh"
    person_id: int | None = Field(default=None, index=True)  # where it is for one of ours
    is_urgent: bool = False  # goes out in quiet hours too
    title: str = ""  # as it was sent
    text: str = ""
    state: str = "waiting"  # waiting, sent, failed, dropped
    attempts: int = 0
    due_at: datetime = Field(sa_type=UtcDateTime)
    queued_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = ""
    # Hash of the secret in the link that a recipient presses to say that they have seen it.
    seen_hash: str | None = Field(default=None, unique=True, index=True)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_by: str = ""
