"""JSON: cutovers. Their windows shield alarms as any planned work does: planned_works.py."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from bpmn import cutovers as cutover_runs
from records import Cutover
from tasks.inspections import cutovers

router = make_router("cutovers")
SORTS = {
    "starts_at": (col(Cutover.starts_at), col(Cutover.id)),
    "id": (col(Cutover.id),),
}
State = Literal["asked", "approved", "announced", "in_work", "checked", "done", "backed_out",
                "refused", "cancelled"]  # fmt: skip


class CutoverGiven(Given):
    title: str = Field(min_length=1, max_length=200, examples=["东街光缆割接"])
    reason: str = Field("", max_length=2_000, description="Needed where customers are told late")
    steps: str = Field("", max_length=8_000)
    way_back: str = Field(max_length=8_000)
    sites: list[str] = Field(default_factory=list, max_length=1_000)
    devices: list[str] = Field(default_factory=list, max_length=1_000)
    sections: list[str] = Field(default_factory=list, max_length=1_000)
    circuits: list[str] = Field(default_factory=list, max_length=1_000)
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class Cancellation(Given):
    reason: str = Field(max_length=2_000)


class CutoverShown(BaseModel):
    id: int
    number: str
    title: str
    state: State
    state_zh: str
    state_en: str
    starts_at: datetime
    ends_at: datetime
    affected_circuits: int
    affected_customers: int
    planned_work_id: int | None
    run_id: int | None
    asked_by: str
    approved_by: str
    announced_at: datetime | None
    ended_at: datetime | None


class CutoverInFull(CutoverShown):
    reason: str
    steps: str
    way_back: str
    sites: list[str]
    devices: list[str]
    sections: list[str]
    circuits: list[str]
    affected: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]
    closing: dict[str, Any]


class CutoverFilter(Asked):
    state: State | None = None


@router.get("", summary="Cutovers, the newest first")
def index(
    asked: Annotated[CutoverFilter, Query()], turn: Turn = allow("planned-works:read")
) -> Page[CutoverShown]:
    rows = narrow(select(Cutover), asked, {"state": col(Cutover.state)})
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=_show)


@router.post("", status_code=201, summary="Ask for one; refused where it is frozen")
def create(given: CutoverGiven, turn: Turn = allow("cutovers:ask")) -> CutoverInFull:
    def make() -> CutoverInFull:
        told = given.model_dump()
        return _in_full(cutover_runs.create(turn.session, told, by=turn.person, now=turn.now))

    return once(turn, make)


@router.get("/{id}", summary="One, with whom it concerns and what was measured")
def show(id: Id, turn: Turn = allow("planned-works:read")) -> CutoverInFull:
    return _in_full(turn.find(Cutover, id))


@router.post("/{id}/cancellation", summary="It does not take place")
def cancel(id: Id, given: Cancellation, turn: Turn = allow("cutovers:ask")) -> CutoverInFull:
    row = turn.find(Cutover, id)
    cutover_runs.cancel(turn.session, row, reason=given.reason, by=turn.person, now=turn.now)
    return _in_full(row)


def _show(row: Cutover) -> CutoverShown:
    zh, en = cutovers.STATES[row.state]
    names = ("circuits", "customers")
    size = {f"affected_{name}": len(row.affected.get(name, ())) for name in names}
    return CutoverShown(**row.model_dump(), **size, number=row.number, state_zh=zh, state_en=en)


def _in_full(row: Cutover) -> CutoverInFull:
    return CutoverInFull(**row.model_dump() | _show(row).model_dump())
