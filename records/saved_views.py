"""Views of the worklist that people saved: what is asked for, and which columns. Verbs:
tasks/saved_views.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint, inspect
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class SavedView(SQLModel, table=True):
    """Somebody's own, under a name."""

    __table_args__ = (UniqueConstraint("owner", "name"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    owner: str  # a login
    name: str
    asked: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # as its address says it
    saved_at: datetime = Field(sa_type=UtcDateTime)
    revision: int = 1


class ViewShare(SQLModel, table=True):
    """A group that a view is shared with."""

    view_id: int = Field(foreign_key="savedview.id", primary_key=True, sa_type=BigId)
    group_key: str = Field(primary_key=True, index=True)


class FirstView(SQLModel, table=True):
    """The view that somebody begins with: one of their own, or one that is shared with them."""

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    view_id: int = Field(foreign_key="savedview.id", index=True, sa_type=BigId)


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(SavedView).version_id_col = inspect(SavedView).columns["revision"]
