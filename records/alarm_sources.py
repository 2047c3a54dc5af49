"""Sources of alarms: who sends them, in which form, and how each is doing. Verbs:
tasks/network/alarm_sources.py. What they sent: receipts.py.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

KINDS = ("alertmanager", "tmf642", "omc", "snmp", "syslog", "csv")


class AlarmSource(SQLModel, table=True):
    """A system that sends alarms. What changes with each delivery is written by the parser only,
    so that a delivery waits for no other.
    """

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = Field(unique=True)
    name: str
    name_en: str = ""
    kind: str  # one of KINDS
    charset: str = "utf-8"
    zone: str = "Asia/Shanghai"  # of times that it tells without one
    mapping: str = ""  # which of the policy snmp or syslog reads it; "": whichever fits
    devices: dict[str, str] = Field(default_factory=dict, sa_type=Json)  # its name: our code
    person_id: int | None = Field(default=None, foreign_key="person.id")  # who alone may send
    heartbeat_seconds: int | None = None  # a sign of life is due so often; None: not watched
    is_active: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_sequence: int | None = Field(default=None, sa_type=BigId)
    # {"sequence": [[from, to]], "truncated": {group: alarms}}: what never came
    gaps: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    gap_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # since when
    gap_ticket_id: int | None = None  # about that, where it stays
    resync: str = ""  # wanted, running
    resync_url: str = ""  # where it tells all that is active now; "": it cannot be asked
    resync_token: str = ""  # sent with that as a bearer's; never shown
    resync_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # when to ask next
    resync_error: str = ""  # why the last time told nothing
    resync_failures: int = 0  # how often it told nothing, one time after the other
    synced_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime
    )  # told all, for the last time
    skews: list[float] = Field(default_factory=list, sa_type=Json)  # received - raised, the latest
    skew_seconds: float | None = None  # their median: below 0 its clock is ahead of ours
    lag_seconds: float = 0.0  # from received to parsed, the last time
    receipts: int = 0  # parsed so far, with those that were rejected
    alarms: int = 0
    rejected: int = 0
    silent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # since when it is told
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id")  # about its silence
