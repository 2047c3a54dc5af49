"""Clocks of tickets, as far as they are kept. What they mean: tasks/sla/clocks.py.

A clock is a function of history; its row says only when somebody has to look at it next.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_DUE = "next_at IS NOT NULL"
IS_OPEN = "ended_at IS NULL AND due_at IS NOT NULL"


class Clock(SQLModel, table=True):
    """One clock (时钟) of one ticket. Computing it again from history gives the same row."""

    __table_args__ = (
        UniqueConstraint("ticket_id", "name"),
        Index("ix_clock_next", "next_at", sqlite_where=text(IS_DUE), postgresql_where=text(IS_DUE)),
        Index("ix_clock_open", "due_at", "id",
              sqlite_where=text(IS_OPEN), postgresql_where=text(IS_OPEN)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    ticket_id: int = Field(foreign_key="ticket.id")
    name: str  # accept, first_feedback, progress, judge, restore … : a key of the clocks policy
    kind: str  # SLA, OLA, UC
    state: str  # running, paused, met, missed, cancelled
    cycle: int = 1  # of a clock that starts again: which time
    rung: int = 0  # how many rungs of the ladder have fired in this cycle
    started_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # None while paused
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the next rung, or the end
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    breached_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class Escalation(SQLModel, table=True):
    """A rung of a ladder that has fired (升级), or a limit that was missed."""

    __table_args__ = (UniqueConstraint("clock_id", "cycle", "rung"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    clock_id: int = Field(foreign_key="clock.id")
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    cycle: int
    rung: int  # 1, 2 … in the order in which they fire
    at: str  # "75%", "PT2H": as the ladder has it
    to: str  # the rule that names the recipients: duty_lead, province_crc …
    action: str = ""
    told: list[str] = Field(default_factory=list, sa_type=Json)  # whom that was
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # shares of the time so far …
    due_at: datetime = Field(sa_type=UtcDateTime)
    fired_at: datetime = Field(sa_type=UtcDateTime, index=True)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_by: str = ""
