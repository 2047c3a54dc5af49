"""Messages to people and to other systems, until they have left the building."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

WAITS, UNSENT = "state = 'waiting'", "sent_at IS NULL"


class Notice(SQLModel, table=True):
    """A message to somebody, queued in the transaction that it tells of."""

    __table_args__ = (
        Index("ix_notice_waiting", "channel", "due_at", "queued_at", sqlite_where=text(WAITS),
              postgresql_where=text(WAITS)),
        Index("ix_notice_expires", "expires_at", sqlite_where=text(WAITS),
              postgresql_where=text(WAITS)),
        # For lists. A whole index on state would lure SQLite away from the two above.
        Index("ix_notice_unsent", "state", sqlite_where=text(UNSENT),
              postgresql_where=text(UNSENT)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = Field(unique=True)  # the idempotency key that the far side sees
    channel: str
    to: str = Field(index=True)
    template: str
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    subject: str = Field(default="", index=True)  # what it is about: "ticket:7"
    language: str = "zh"  # zh, en, both
    person_id: int | None = Field(default=None, index=True)  # where it is for one of ours
    contact_id: int | None = None  # where it is for somebody at a customer's
    is_urgent: bool = False  # goes out in quiet hours too
    title: str = ""  # as it was sent
    text: str = ""
    # waiting, sent, failed, dropped; kept: for a customer, and no channel is set up to leave by
    state: str = "waiting"
    attempts: int = 0
    due_at: datetime = Field(sa_type=UtcDateTime)
    # Where it has not left by then it has failed, and the next of `fallbacks` has its turn.
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    fallbacks: list[list[str]] = Field(default_factory=list, sa_type=Json)  # [[channel, to]]
    queued_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = ""
    # Hash of the secret in the link that a recipient presses to say that they have seen it.
    seen_hash: str | None = Field(default=None, unique=True, index=True)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_by: str = ""
