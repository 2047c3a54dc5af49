"""Alarms from the network. Verbs: tasks/network/alarms.py."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_ENDED, IS_ACTIVE = "ended_key IS NOT NULL", "cleared_at IS NULL"
IS_STIRRED = "stirred_at IS NOT NULL"
FEW_HAVE = ("act_at", "ticket_id", "group_id", "planned_work_id", "shelved_until", "lapsed_at")


def _index_where_there(name: str) -> Index:
    """Of a column that few alarms have: the others, which come by the thousand, pay nothing."""
    there = text(f"{name} IS NOT NULL")
    return Index(f"ix_alarm_few_{name}", name, sqlite_where=there, postgresql_where=there)


class Alarm(SQLModel, table=True):
    """One trouble on one object, however often the network repeats it."""

    __table_args__ = (
        Index("ix_alarm_ended", "ended_key", "cleared_at", sqlite_where=text(IS_ENDED),
              postgresql_where=text(IS_ENDED)),
        Index("ix_alarm_active", "source", sqlite_where=text(IS_ACTIVE),
              postgresql_where=text(IS_ACTIVE)),
        Index("ix_alarm_stirred", "stirred_at", sqlite_where=text(IS_STIRRED),
              postgresql_where=text(IS_STIRRED)),
        *map(_index_where_there, FEW_HAVE),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    source: str
    key: str = Field(
        unique=True
    )  # source, object and cause; a cleared alarm's key gets its id added
    external_id: str = ""
    object: str = Field(index=True)
    device_id: int | None = Field(default=None, foreign_key="device.id", index=True)
    cause: str
    severity: str = "major"  # X.733: critical, major, minor, warning, indeterminate
    alarm_type: str = ""  # X.733: communicationsAlarm, equipmentAlarm …
    specific_problem: str = ""  # what its own system calls it
    text: str = ""
    raised_at: datetime = Field(sa_type=UtcDateTime, index=True)
    last_at: datetime = Field(sa_type=UtcDateTime)
    cleared_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    tally: int = 1  # how often it was reported; 0: only that it is over
    counted: int = 0  # how many of these its ticket knows of
    act_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id")
    # Since when its ticket does not know of what was counted: a later tick tells it of all at once.
    stirred_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Of one that is over: its key as it was, to know what comes late from what is new.
    ended_key: str | None = None
    receipt_id: int | None = Field(default=None, sa_type=BigId)  # which told of it first
    # Since when its source no longer lists it; where that ended it, it is `cleared_at` too.
    missing_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    group_id: int | None = Field(default=None, sa_type=BigId)  # an AlarmGroup
    planned_work_id: int | None = Field(default=None, sa_type=BigId)  # shields it
    is_flapping: bool = False
    # What people made of it, apart from what the network says: X.733 and RFC 8632.
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str = ""
    # Since when it is worse than what was acknowledged: a later tick tells history who that was.
    lapsed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    shelved_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    shelved_by: str = ""
    raw: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
