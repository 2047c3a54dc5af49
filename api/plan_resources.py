"""JSON: what emergency plans draw on. A check is a noun that is created on one."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from records import PlanResource
from tasks.plans import reservations, resources

router = make_router("plan-resources")
SORTS = {
    "id": (col(PlanResource.id),),
    "check_at": (col(PlanResource.check_at), col(PlanResource.id)),
}
FILTERS = {
    "kind": col(PlanResource.kind),
    "city": col(PlanResource.city),
    "keeper": col(PlanResource.keeper),
    "state": col(PlanResource.state),
}
State = Literal["ready", "not_ready", "retired"]


class ResourceShown(BaseModel):
    code: str
    kind: str
    name: str
    name_en: str
    city: str
    place: str
    quantity: int
    free: int = Field(description="Not reserved by a plan that runs")
    keeper: str
    state: State
    note: str
    checked_at: datetime | None
    check_at: datetime | None


class ResourceGiven(Given):
    name: str = Field(max_length=200, examples=["移动油机 30 kW"])
    name_en: str = Field("", max_length=200)
    city: str = Field("", max_length=100, examples=["海州"])
    place: str = Field(max_length=200, examples=["海州东街机房 1 楼库"])
    quantity: int = Field(ge=0, le=1_000_000)
    keeper: str = Field(max_length=40, examples=["liu"])


class NewResource(ResourceGiven):
    code: str = Field(max_length=60, examples=["HZ-GEN-1"])
    kind: str = Field(max_length=60, examples=["generator"])


class ResourceChange(Given):
    name: str | None = Field(None, max_length=200)
    name_en: str | None = Field(None, max_length=200)
    city: str | None = Field(None, max_length=100)
    place: str | None = Field(None, max_length=200)
    quantity: int | None = Field(None, ge=0, le=1_000_000)
    keeper: str | None = Field(None, max_length=40)
    state: State | None = None
    note: str | None = Field(None, max_length=2_000)


class CheckGiven(Given):
    quantity: int = Field(ge=0, le=1_000_000, description="How many are there")
    is_ready: bool
    note: str = Field("", max_length=2_000)


class ResourceFilter(Asked):
    kind: str | None = Field(None, max_length=60)
    city: str | None = Field(None, max_length=100)
    keeper: str | None = Field(None, max_length=40)
    state: State | None = None


@router.get("")
def index(
    asked: Annotated[ResourceFilter, Query()], turn: Turn = allow("plans:read")
) -> Page[ResourceShown]:
    rows = narrow(select(PlanResource), asked, FILTERS)
    shown = page(turn.session, rows, asked, sorts=SORTS, default="id", show=lambda row: row)
    free = reservations.free_of(turn.session, shown.items)
    told = [_show(row, free[row.id]) for row in shown.items]
    return Page[ResourceShown](items=told, next=shown.next)


@router.post("", status_code=201)
def add(given: NewResource, turn: Turn = allow("plans:equip")) -> ResourceShown:
    def make() -> ResourceShown:
        told: dict[str, Any] = given.model_dump()
        code, kind = told.pop("code"), told.pop("kind")
        row = resources.add(turn.session, code, kind, told, by=turn.person, now=turn.now)
        return _show(row, row.quantity)

    return once(turn, make)


@router.get("/{code}")
def show(code: str, turn: Turn = allow("plans:read")) -> ResourceShown:
    return _told(turn, resources.find(turn.session, code))


@router.patch("/{code}")
def change(code: str, given: ResourceChange, turn: Turn = allow("plans:equip")) -> ResourceShown:
    row = _take(turn, code)
    told = given.model_dump(exclude_none=True)
    resources.change(turn.session, row, told, by=turn.person, now=turn.now)
    return _told(turn, row)


@router.post("/{code}/checks", status_code=201)
def check(code: str, given: CheckGiven, turn: Turn = allow("plan-runs:advance")) -> ResourceShown:
    """Its keeper looked at it; or who says what plans draw on."""

    def make() -> ResourceShown:
        row = _take(turn, code)
        resources.check(turn.session, row, **given.model_dump(), by=turn.person, now=turn.now)
        return _told(turn, row)

    return once(turn, make)


def _take(turn: Turn, code: str) -> PlanResource:
    turn.about(f"plan resource:{code}")
    return resources.find(turn.session, code)


def _told(turn: Turn, row: PlanResource) -> ResourceShown:
    turn.session.flush()
    return _show(row, reservations.free_of(turn.session, [row])[row.id])


def _show(row: PlanResource, free: int) -> ResourceShown:
    return ResourceShown.model_validate(row.model_dump() | {"free": free})
