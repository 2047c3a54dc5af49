"""Alarms from the network. Verbs: tasks/alarms.py."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class Alarm(SQLModel, table=True):
    """One trouble on one object, however often the network repeats it."""

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
    text: str = ""
    raised_at: datetime = Field(sa_type=UtcDateTime, index=True)
    last_at: datetime = Field(sa_type=UtcDateTime)
    cleared_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    tally: int = 1  # how often it was reported
    counted: int = 0  # how many of these its ticket knows of
    act_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    raw: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
