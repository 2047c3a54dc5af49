"""What a route gets: a turn. It holds the transaction, who asks, and the time.

FastAPI runs each plain function, and each dependency that is one, in a turn of a thread of its
own, 0.2 ms each. So a route and all it needs share one: BEGIN, who asks, may they, the route, its
answer as JSON, COMMIT. Nothing is answered before it is committed.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import APIRouter, Depends, Path
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, TypeAdapter, field_validator
from pydantic_core import PydanticCustomError
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from api import door
from api.problems import Problem
from records import (
    Alarm,
    AlarmGroup,
    AssurancePeriod,
    Batch,
    Circuit,
    Customer,
    Cutover,
    Device,
    Discrepancy,
    Draft,
    Import,
    Incident,
    Inspection,
    Lead,
    Notice,
    Person,
    PlannedWork,
    Run,
    ServiceOrder,
    Ticket,
    Token,
    Visit,
    WorkOrder,
)
from records.bold import DoAgain
from records.database import open_session
from tasks.access.people import require
from tasks.refusals import NotFound

Row = TypeVar("Row")
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 200},
    "description": "A repeat under the same key is done once and answered as the first time",
}
NOUNS: dict[type, tuple[str, str]] = {
    Circuit: ("电路", "circuit"),
    Customer: ("客户", "customer"),
    Device: ("设备", "device"),
    Discrepancy: ("资源差异", "discrepancy"),
    Draft: ("草稿", "draft"),
    Alarm: ("告警", "alarm"),
    AlarmGroup: ("告警组", "group of alarms"),
    Inspection: ("巡检", "inspection"),
    Lead: ("商机", "lead"),
    AssurancePeriod: ("重保", "assurance period"),
    Cutover: ("割接", "cutover"),
    Import: ("导入", "import"),
    Batch: ("批量操作", "batch"),
    Incident: ("异常", "incident"),
    Notice: ("通知", "notice"),
    PlannedWork: ("计划作业", "planned work"),
    Run: ("运行", "run"),
    ServiceOrder: ("业务订单", "order"),
    Ticket: ("故障单", "ticket"),
    WorkOrder: ("工单", "work order"),
    Token: ("令牌", "token"),
    Visit: ("上门", "visit"),
}


class Given(BaseModel):
    """What is given to a route: nothing that it does not know, no blanks at the ends."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def check_characters(cls, value: object) -> object:
        if isinstance(value, str) and "\0" in value:  # PostgreSQL has no place for it
            raise PydanticCustomError("nul", "has a character that cannot be stored")
        return value


class Turn:
    """One request's turn. `session` commits when the route returns, rolls back when it raises."""

    session: Session
    person: Person
    now: datetime

    def __init__(self, request: Request, guard: "Guard", body: bytes) -> None:
        self.request, self.guard, self.body = request, guard, body
        self.headers: dict[str, str] = {}  # of the answer
        self.is_bold = guard.bold

    @contextmanager
    def taken(self) -> Iterator[None]:
        readonly = self.guard.readonly or self.request.method in door.SAFE
        engine = self.request.app.state.engine
        with open_session(engine, readonly=readonly, bold=self.is_bold) as self.session:
            self.session.connection()  # BEGIN: on SQLite a writer waits here, so the time is later
            self.now = self.request.app.state.clock()
            self.person = door.identify(self.session, self.request, self.now)
            if self.guard.permission:
                require(self.person, self.guard.permission)
            if not self.guard.apart:
                yield
        if self.guard.apart:
            yield

    def find(self, table: type[Row], key: object) -> Row:
        row = self.session.get(table, key)
        if row is None:
            zh, en = NOUNS[table]
            raise NotFound(f"没有编号为 {key} 的{zh}", f"There is no {en} {key}")
        return row

    def about(self, subject: str) -> None:
        """What this is about ("run:7"): if somebody is faster, its history says who."""
        self.request.state.subject = subject


class Guard:
    """Who may pass. Checks what needs no database, before the body is even looked at."""

    def __init__(
        self, permission: str | None, readonly: bool, apart: bool, raw: bool, bold: bool
    ) -> None:
        self.permission, self.readonly, self.apart = permission, readonly or apart, apart
        self.raw, self.bold = raw, bold

    async def __call__(self, request: Request) -> Turn:
        door.check_origin(request)
        door.require_secret(request)
        is_wanted = self.raw or "idempotency-key" in request.headers
        return Turn(request, self, await request.body() if is_wanted else b"")


def allow(
    permission: str | None = None,
    *,
    readonly: bool = False,
    apart: bool = False,
    raw: bool = False,
    bold: bool = False,
) -> Any:
    """The turn of a request whose person has the permission; any person who is signed in if None.

    GET turns only read; so does another one with `readonly`, which then keeps nobody waiting. With
    `apart` the turn's transaction is over before the route begins, which opens its own. With `raw`
    the body is a file: `turn.body`. A `bold` one is quick, and may be run twice: records/bold.py.
    """
    return Depends(Guard(permission, readonly, apart, raw, bold))


def make_router(noun: str) -> APIRouter:
    """For the routes of one noun, under /api."""
    return APIRouter(
        prefix=f"/api/{noun}",
        tags=[noun],
        route_class=Route,
        responses={"default": {"model": Problem, "description": "Why not, and what to do next"}},
        generate_unique_id_function=lambda route: f"{noun}-{route.name}".replace("_", "-"),
    )


class Route(APIRoute):
    """A route that takes its turn. Without a turn it is open to everybody."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        guard = guard_of(endpoint)
        if guard:
            options["openapi_extra"] = {
                "security": [{"cookie": []}, {"token": []}],
                "x-permission": guard.permission or "",
                "parameters": [IDEMPOTENCY_KEY] if options.get("status_code") == 201 else [],
            }
            endpoint = self.around(_in_one_turn(endpoint, options.get("status_code") or 200))
        self.beginning = path.partition("{")[0]
        super().__init__(path, endpoint, **options)

    def around(self, run: Callable[..., Response]) -> Callable[..., Response]:
        """What is done about the whole turn: pages have their own way with refusals."""
        return run

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As always; but looking whether the text is there spares most routes their pattern."""
        if self.beginning not in scope["path"]:
            return Match.NONE, {}
        return super().matches(scope)


def guard_of(endpoint: Callable[..., Any]) -> Guard | None:
    turn = inspect.signature(endpoint).parameters.get("turn")
    return turn.default.dependency if turn else None


def _in_one_turn(endpoint: Callable[..., Any], status: int) -> Callable[..., Response]:
    returned = inspect.signature(endpoint).return_annotation
    # A route that returns a Response (a file) has nothing to be written as JSON.
    write = TypeAdapter(Any if returned is Response else returned or Any).dump_json

    @wraps(endpoint)
    def run(*, turn: Turn, **given: Any) -> Response:
        try:
            return take(turn, given)
        except DoAgain:
            turn.is_bold = False
            return take(turn, given)

    def take(turn: Turn, given: dict[str, Any]) -> Response:
        with turn.taken():
            answer = endpoint(turn=turn, **given)
            if isinstance(answer, Response):
                return answer
            # An answer that was kept is JSON already, whatever its model has become since.
            content = orjson.dumps(answer) if isinstance(answer, dict) else write(answer)
        if answer is None:
            return Response(status_code=204, headers=turn.headers)
        return Response(content, status, turn.headers, "application/json")

    return run
