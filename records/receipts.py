"""What sources of alarms delivered, byte by byte, before anybody looked into it. Verbs:
tasks/network/receipts.py.
"""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime

WAITS, IS_REJECTED = "state = 'waiting'", "state = 'rejected'"
HAS_ID = "delivery IS NOT NULL"


class Receipt(SQLModel, table=True):
    """One delivery: kept before the answer, parsed afterwards, rejected where it cannot be read."""

    __table_args__ = (
        Index("ix_receipt_of_source", "source_id", "id"),
        Index("ix_receipt_delivery", "source_id", "delivery", sqlite_where=text(HAS_ID),
              postgresql_where=text(HAS_ID)),
        Index("ix_receipt_waiting", "source_id", "id", sqlite_where=text(WAITS),
              postgresql_where=text(WAITS)),
        Index("ix_receipt_rejected", "source_id", "received_at", sqlite_where=text(IS_REJECTED),
              postgresql_where=text(IS_REJECTED)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    source_id: int = Field(foreign_key="alarmsource.id")
    received_at: datetime = Field(sa_type=UtcDateTime)
    content_type: str = ""
    body: bytes
    size: int  # of the body, in bytes
    key: str  # what tells it from others: the SHA-256 of the body
    delivery: str | None = None  # the sender's own id of it
    is_complete: bool = False  # all that is active at the source: what is not in it is over
    state: str = "waiting"  # waiting, parsed, rejected
    error_zh: str = ""
    error_en: str = ""
    alarms: int = 0  # taken from it; of one that is rejected, what could be read
    parsed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    # From an operator who replayed it, beside what came.
    charset: str = ""
    corrected: bytes | None = None
    replays: int = 0
