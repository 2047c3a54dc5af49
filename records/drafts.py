"""Drafts of diagrams: what an owner changes before it is published. Verbs: bpmn/drafts.py."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime

IS_OPEN = text("state IN ('editing', 'offered')")


class Draft(SQLModel, table=True):
    """The next version of one diagram, with all the files of its bundle. One is open at a time."""

    __table_args__ = (
        Index(
            "ix_draft_open",
            "diagram_key",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    diagram_key: str = Field(index=True)
    base_number: int  # the version that it began from; 0 for a diagram that is new
    bundle: bytes  # JSON: file name to text
    state: str = "editing"  # editing, offered, published, dropped
    revision: int = 1
    begun_by: str
    begun_at: datetime = Field(sa_type=UtcDateTime)
    changed_by: str
    changed_at: datetime = Field(sa_type=UtcDateTime)
    held_until: datetime = Field(sa_type=UtcDateTime)  # so long nobody but `changed_by` may save
    reason: str = ""  # why it should be published
    offered_by: str = ""
    words: str = ""  # of whoever looked at it
    settled_by: str = ""
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version_number: int | None = None  # what it became
