"""Runs of flows (Prefect), as far as we need them: who is at work, and how late they were.

Prefect's own database may be lost; this stays. Verbs: tasks/shifts.py.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime


class Shift(SQLModel, table=True):
    """One run of one flow, from its first sign of life to its end."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    flow: str = Field(index=True)
    flow_run: str = Field(default="", index=True)  # Prefect's id of it
    host: str = ""
    process: int = 0
    started_at: datetime = Field(sa_type=UtcDateTime, index=True)
    seen_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    has_failed: bool = False  # as a whole: what it was for was not done
    done: int = 0  # rows acted on
    failed: int = 0  # rows that failed, and were put off
    worst_seconds: float = 0.0  # the most that anything was late
    error: str = ""  # the last one, of the whole or of a row
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # when the flow runs again


class Lateness(SQLModel, table=True):
    """How late one job was within one minute: so many rows, the median, the worst."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    job: str = Field(index=True)
    minute: datetime = Field(sa_type=UtcDateTime, index=True)
    rows: int
    median_seconds: float
    p99_seconds: float
    worst_seconds: float
