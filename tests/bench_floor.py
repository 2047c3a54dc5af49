"""The floor: a bare FastAPI route that writes the same rows as a completion, and nothing else.

What the rows are is found out by doing everything once, in process, on a copy of the database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import Connection, Engine, event

from records.database import connect, open_session
from tests.bench_servers import listen
from tests.bench_tickets import do, run_ids, way

Write = tuple[Any, Any]  # a statement of SQLAlchemy Core, and its rows


class Given(BaseModel):
    answers: dict[str, Any] = {}


def serve_floor(copy: str, url: str, port: int) -> None:
    """Do all there is to do on `copy`; then serve a route that writes the same rows into `url`."""
    actions, writes = _recorded(connect(copy))
    engine, app = connect(url), FastAPI()

    @app.get("/actions")
    def show() -> list[dict[str, Any]]:
        return actions

    @app.post("/writes/{number}")
    def write(number: int, given: Given) -> dict[str, int]:
        with engine.begin() as connection:
            for statement, rows in writes[number]:
                connection.execute(statement, rows)
        return {"written": len(writes[number])}

    listen(app, port)


def _recorded(engine: Engine) -> tuple[list[dict[str, Any]], list[list[Write]]]:
    actions: list[dict[str, Any]] = []
    writes: list[list[Write]] = []
    for run_id in run_ids(engine):
        for action in way(engine, run_id):
            with _writes_noted(engine) as noted, open_session(engine, bold=True) as session:
                do(session, action)
            actions.append(asdict(action))
            writes.append(noted)
    engine.dispose()
    return actions, writes


@contextmanager
def _writes_noted(engine: Engine) -> Iterator[list[Write]]:
    noted: list[Write] = []

    def note(_: Connection, statement: Any, many: Any, one: Any, __: Any) -> None:
        if getattr(statement, "is_dml", False):
            noted.append((statement, many or one))

    event.listen(engine, "before_execute", note)
    try:
        yield noted
    finally:
        event.remove(engine, "before_execute", note)
