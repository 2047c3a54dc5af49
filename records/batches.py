"""Work orders that somebody did one thing to together (批量). Verbs: tasks/batches.py."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, inspect
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class Batch(SQLModel, table=True):
    """What was done, how each of the orders answered, and what undoing it brought."""

    __table_args__ = (Index("ix_batch_by", "by", "id"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    verb: str  # claim, accept, reassign, chase, suspend
    told: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # reason, to, group …
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
    # Of each order: order, title, is_done; was and is, or why not.
    results: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undone: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    revision: int = 1


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(Batch).version_id_col = inspect(Batch).columns["revision"]
