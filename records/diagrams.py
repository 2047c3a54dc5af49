"""Diagrams and their versions. A published version never changes. Verbs: bpmn/library.py."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class Diagram(SQLModel, table=True):
    """A way of working that has an owner; its key is the id of the process in the BPMN file."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = Field(unique=True)
    name: str
    current_version_id: int | None = None  # what new runs use


class Version(SQLModel, table=True):
    """One published state of a diagram with the decisions, forms and diagrams that it uses."""

    __table_args__ = (UniqueConstraint("diagram_id", "number"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    diagram_id: int = Field(foreign_key="diagram.id", index=True)
    number: int
    content_hash: str = Field(index=True)
    bundle: bytes  # JSON: file name to text
    lanes: dict[str, str] = Field(default_factory=dict, sa_type=Json)  # lane name to group key
    findings: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    published_at: datetime = Field(sa_type=UtcDateTime)
    published_by: str
    reason: str = ""
