"""JSON: planned works, which shield the alarms of what they list."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from records import PlannedWork
from tasks.network import alarm_rules, planned_works

router = make_router("planned-works")
SORTS = {
    "starts_at": (col(PlannedWork.starts_at), col(PlannedWork.id)),
    "id": (col(PlannedWork.id),),
}
FILTERS = {"state": col(PlannedWork.state)}
State = Literal["planned", "open", "over", "cancelled"]


class WorkGiven(Given):
    title: str = Field(max_length=200, examples=["东街 OTN 扩容割接"])
    reason: str = Field("", max_length=2_000, description="Needed where it begins soon: why")
    sites: list[str] = Field([], examples=[["HZ-DJ"]])
    devices: list[str] = Field([], description="With or without a part", examples=[["HZ-1/3"]])
    sections: list[str] = []
    circuits: list[str] = []
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class WorkChanged(Given):
    """What is left out stays as it is."""

    title: str = Field("", max_length=200)
    reason: str = Field("", max_length=2_000)
    sites: list[str] = []
    devices: list[str] = []
    sections: list[str] = []
    circuits: list[str] = []
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None


class Cancellation(Given):
    reason: str


class WorkShown(BaseModel):
    id: int
    title: str
    reason: str
    sites: list[str]
    devices: list[str]
    sections: list[str]
    circuits: list[str]
    starts_at: datetime
    ends_at: datetime
    state: State
    is_emergency: bool = Field(description="Planned later than the policy asks for")
    shielded: int = Field(description="Alarms so far")
    woken: int = Field(description="Of these, still standing at its end")
    created_by: str
    created_at: datetime


class WorkFilter(Asked):
    state: State | None = None


@router.get("")
def index(
    asked: Annotated[WorkFilter, Query()], turn: Turn = allow("planned-works:read")
) -> Page[WorkShown]:
    rows = narrow(select(PlannedWork), asked, FILTERS)
    return page(
        turn.session,
        rows,
        asked,
        sorts=SORTS,
        default="-starts_at",
        show=lambda one: _show(turn, one),
    )


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("planned-works:read")) -> WorkShown:
    return _show(turn, turn.find(PlannedWork, id))


@router.post("", status_code=201)
def create(given: WorkGiven, turn: Turn = allow("planned-works:plan")) -> WorkShown:
    def make() -> WorkShown:
        told = given.model_dump()
        return _show(turn, planned_works.create(turn.session, told, by=turn.person, now=turn.now))

    return once(turn, make)


@router.patch("/{id}")
def change(id: Id, given: WorkChanged, turn: Turn = allow("planned-works:plan")) -> WorkShown:
    """While it is open too: alarms that it does not explain any more are acted on."""
    work = turn.find(PlannedWork, id)
    told = given.model_dump(exclude_unset=True)
    planned_works.change(turn.session, work, told, by=turn.person, now=turn.now)
    return _show(turn, work)


@router.post("/{id}/cancellation")
def cancel(id: Id, given: Cancellation, turn: Turn = allow("planned-works:plan")) -> WorkShown:
    """What it shields and still stands is acted on."""
    work = turn.find(PlannedWork, id)
    planned_works.cancel(turn.session, work, reason=given.reason, by=turn.person, now=turn.now)
    return _show(turn, work)


def _show(turn: Turn, work: PlannedWork) -> WorkShown:
    rules = alarm_rules.current(turn.session)
    is_emergency = planned_works.is_short_notice(work, rules)
    return WorkShown.model_validate(work.model_dump() | {"is_emergency": is_emergency})
