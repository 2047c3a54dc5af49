"""JSON: is it there? Open to everybody."""

from importlib.metadata import version
from typing import Literal

from pydantic import BaseModel
from sqlalchemy import text
from starlette.requests import Request

from api.deps import make_router
from records.database import open_session

router = make_router("health")


class Health(BaseModel):
    status: Literal["ok"] = "ok"
    version: str
    database: str


@router.get("", summary="Is it there, and its database")
def show(request: Request) -> Health:
    """503 where the database cannot be reached."""
    engine = request.app.state.engine
    with open_session(engine, readonly=True) as session:
        session.execute(text("SELECT 1"))
    return Health(version=version("baton"), database=engine.dialect.name)
