"""JSON: is it there, does its time run? Open to everybody, so it tells numbers and no names."""

from importlib.metadata import version
from typing import Literal

from pydantic import BaseModel, Field
from starlette.requests import Request

from api.deps import make_router
from notifications.backlog import backlog
from records.database import open_session
from tasks import flows

router = make_router("health")


class ChannelHealth(BaseModel):
    """A way that notices leave by: is it set up, how many wait, and since when."""

    is_ready: bool
    waiting: int
    oldest_seconds: float


class Health(BaseModel):
    """With no shift at work, nothing is done that time does: no clock, timer, alarm or notice."""

    status: Literal["ok"] = "ok"
    version: str
    database: str
    shifts: int = Field(description="Shifts of timed work that are alive; none: start one")
    clocks_late_seconds: float = Field(description="How long the longest overdue clock waits")
    channels: dict[str, ChannelHealth]


@router.get("", summary="Is it there: its database, its timed work, its channels")
def show(request: Request) -> Health:
    """503 where the database cannot be reached."""
    engine, now = request.app.state.engine, request.app.state.clock()
    with open_session(engine, readonly=True) as session:
        waiting, pulse = backlog(session, now=now), flows.pulse(session, now=now)
    channels = {
        one.channel: ChannelHealth.model_validate(one, from_attributes=True) for one in waiting
    }
    return Health(
        version=version("baton"),
        database=engine.dialect.name,
        shifts=pulse.shifts,
        clocks_late_seconds=pulse.overdue_seconds,
        channels=channels,
    )
