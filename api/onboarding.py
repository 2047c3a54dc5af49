"""JSON: waves of customers who are taken on to care from end to end; audits of inventory."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from records import Audit, Onboarding, Wave
from tasks.archive import onboarding

router = make_router("onboarding-waves")
auditing = make_router("audits")
SORTS = {"id": (col(Wave.id),)}
MEMBERS = {"id": (col(Onboarding.id),), "score": (col(Onboarding.score), col(Onboarding.id))}
AUDITS = {"id": (col(Audit.id),), "risk": (col(Audit.risk), col(Audit.id))}
Grade = Literal["AAA", "AA", "A", "std"]


class WaveGiven(Given):
    key: str = Field(min_length=1, max_length=40)
    name: str = Field(min_length=1, max_length=200)
    grades: list[Grade] = Field(min_length=1, max_length=4)
    cities: list[str] = Field(default_factory=list, max_length=50, description="None: all")
    least_score: float = Field(0.9, ge=0, le=1, description="Readiness that opens the gate")
    most: int = Field(100, ge=1, le=10_000, description="Customers")
    starts_at: AwareDatetime


class WaveShown(BaseModel):
    id: int
    key: str
    name: str
    grades: list[str]
    cities: list[str]
    least_score: float
    most: int
    state: str
    starts_at: datetime
    closed_at: datetime | None
    planned_by: str


class OnboardingShown(BaseModel):
    id: int
    customer_id: int
    wave_id: int
    state: str
    run_id: int | None
    score: float
    checklist: dict[str, Any]
    begun_at: datetime
    onboarded_at: datetime | None
    reason: str


class AuditShown(BaseModel):
    id: int
    period: str
    circuit_id: int
    customer_id: int
    risk: float
    reasons: list[str]
    state: str
    run_id: int | None
    checked: int
    wrong: int
    result: dict[str, Any]
    drawn_at: datetime
    done_at: datetime | None
    done_by: str


class MemberFilter(Asked):
    state: Literal["preparing", "onboarded", "put_off"] | None = None


class AuditFilter(Asked):
    period: str | None = Field(None, max_length=7, examples=["2026-03"])
    state: Literal["drawn", "running", "done"] | None = None
    customer: int | None = None


@router.post("", status_code=201, summary="Plan a wave")
def plan(given: WaveGiven, turn: Turn = allow("archives:keep")) -> WaveShown:
    def make() -> WaveShown:
        told: dict[str, Any] = {**given.model_dump(), "by": turn.person, "now": turn.now}
        return _show(onboarding.plan_wave(turn.session, **told))

    return once(turn, make)


@router.get("", summary="Waves, the newest first")
def index(asked: Annotated[Asked, Query()], turn: Turn = allow("archives:read")) -> Page[WaveShown]:
    return page(turn.session, select(Wave), asked, sorts=SORTS, default="-id", show=_show)


@router.post("/{id}/opening", summary="Its customers begin to prepare, the most ready first")
def open_wave(id: Id, turn: Turn = allow("archives:keep")) -> WaveShown:
    onboarding.open_wave(turn.session, id, by=turn.person, now=turn.now)
    return _show(turn.session.get_one(Wave, id))


@router.get("/{id}/customers", summary="Who is in it, and how far")
def list_members(
    id: Id, asked: Annotated[MemberFilter, Query()], turn: Turn = allow("archives:read")
) -> Page[OnboardingShown]:
    rows = select(Onboarding).where(Onboarding.wave_id == id)
    rows = narrow(rows, asked, {"state": col(Onboarding.state)})
    return page(turn.session, rows, asked, sorts=MEMBERS, default="id", show=_show_member)


@auditing.get("", summary="Circuits that were drawn, and what came of them")
def list_audits(
    asked: Annotated[AuditFilter, Query()], turn: Turn = allow("archives:read")
) -> Page[AuditShown]:
    filters = {"period": col(Audit.period), "state": col(Audit.state)}
    rows = narrow(select(Audit), asked, filters | {"customer": col(Audit.customer_id)})
    return page(turn.session, rows, asked, sorts=AUDITS, default="-id", show=_show_audit)


def _show(row: Wave) -> WaveShown:
    return WaveShown(**row.model_dump())


def _show_member(row: Onboarding) -> OnboardingShown:
    return OnboardingShown(**row.model_dump(exclude={"revision"}))


def _show_audit(row: Audit) -> AuditShown:
    return AuditShown(**row.model_dump())
