"""JSON: is it there? Open to everybody, so it tells numbers and no names."""

from importlib.metadata import version
from typing import Literal

from pydantic import BaseModel
from starlette.requests import Request

from api.deps import make_router
from notifications.backlog import backlog
from records.database import open_session

router = make_router("health")


class ChannelHealth(BaseModel):
    """A way that notices leave by: is it set up, how many wait, and since when."""

    is_ready: bool
    waiting: int
    oldest_seconds: float


class Health(BaseModel):
    status: Literal["ok"] = "ok"
    version: str
    database: str
    channels: dict[str, ChannelHealth]


@router.get("", summary="Is it there, its database, and the channels of its notices")
def show(request: Request) -> Health:
    """503 where the database cannot be reached."""
    engine = request.app.state.engine
    with open_session(engine, readonly=True) as session:
        waiting = backlog(session, now=request.app.state.clock())
    channels = {
        one.channel: ChannelHealth.model_validate(one, from_attributes=True) for one in waiting
    }
    return Health(version=version("baton"), database=engine.dialect.name, channels=channels)
