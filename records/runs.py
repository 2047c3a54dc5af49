"""Runs of diagrams and what each of them waits for, besides people. Verbs: bpmn/runs.py."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class Run(SQLModel, table=True):
    """One run of one version: where it stands, as the engine's own bytes."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    version_id: int = Field(foreign_key="version.id", index=True)
    diagram_key: str = Field(index=True)
    content_hash: str
    subject: str = Field(default="", index=True)  # what it is about: "ticket:7"
    status: str = "open"  # open, finished, cancelled
    end: str = ""  # the end event that it reached
    state: bytes = b""
    revision: int = 1
    started_at: datetime = Field(sa_type=UtcDateTime)
    started_by: str = ""
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Timer(SQLModel, table=True):
    """A step that goes on at an instant."""

    run_id: int = Field(foreign_key="run.id", primary_key=True)
    step_id: int = Field(primary_key=True, sa_type=BigId)
    element: str
    due_at: datetime = Field(sa_type=UtcDateTime, index=True)


class Subscription(SQLModel, table=True):
    """A step that goes on when a message or signal of this name (and key, if any) arrives."""

    __table_args__ = (Index("ix_subscription_name_key", "name", "key"),)

    run_id: int = Field(foreign_key="run.id", primary_key=True)
    step_id: int = Field(primary_key=True, sa_type=BigId)
    element: str
    kind: str  # message, signal
    name: str
    key: str | None = None


class ServiceCall(SQLModel, table=True):
    """The outbox of service steps: what to call, under one key however often it is tried."""

    __table_args__ = (
        Index("ix_servicecall_due", "due_at", sqlite_where=text("state = 'waiting'"),
              postgresql_where=text("state = 'waiting'")),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    run_id: int = Field(foreign_key="run.id", index=True)
    step_id: int = Field(sa_type=BigId)
    element: str
    service: str
    params: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    key: str = Field(unique=True)  # the idempotency key that the far side sees
    state: str = "waiting"  # waiting, done, failed, dropped
    attempts: int = 0
    due_at: datetime = Field(sa_type=UtcDateTime)
    error: str = ""
    queued_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Incident(SQLModel, table=True):
    """A step that failed and waits for repair."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    run_id: int = Field(foreign_key="run.id", index=True)
    step_id: int = Field(sa_type=BigId)
    element: str
    name: str
    kind: str  # script, condition, decision, service, runaway …
    zh: str
    en: str
    line: int | None = None
    opened_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    settled_by: str = ""
    settled_how: str = ""  # retried, skipped, corrected, gone
    reason: str = ""
