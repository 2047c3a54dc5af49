"""What waits, by channel: how many, since when, and is it set up. Called by the doors."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, SQLModel, col

from notifications.channels import CHANNELS
from records import Notice

_QUEUED_AT = SQLModel.metadata.tables["notice"].c.queued_at
_WAITING = (  # built once: health is asked often
    select(col(Notice.channel), func.count(), func.min(_QUEUED_AT, type_=_QUEUED_AT.type))
    .where(col(Notice.state) == "waiting")
    .group_by(col(Notice.channel))
)


@dataclass(frozen=True)
class Waiting:
    """One channel. `setting` is the variable of the environment that sets it up."""

    channel: str
    is_ready: bool
    setting: str
    waiting: int
    oldest_seconds: float


def backlog(session: Session, *, now: datetime) -> list[Waiting]:
    found = {channel: (count, since) for channel, count, since in session.execute(_WAITING)}
    told = []
    for name, channel in CHANNELS.items():
        count, since = found.get(name, (0, now))
        age = max((now - since).total_seconds(), 0.0)
        told.append(Waiting(name, channel.is_ready(), channel.setting, count, age))
    return told
