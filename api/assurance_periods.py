"""JSON: assurance periods, in which some customers must not be without service."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, func, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from bpmn import assurance_periods as period_runs
from records import AssurancePeriod, AssuredCustomer, Customer
from tasks.inspections import assurance_periods as periods

router = make_router("assurance-periods")
SORTS = {
    "starts_at": (col(AssurancePeriod.starts_at), col(AssurancePeriod.id)),
    "id": (col(AssurancePeriod.id),),
}
MEMBERS = {"id": (col(AssuredCustomer.id),)}
State = Literal["planned", "ready", "on", "over", "closed", "cancelled"]
Grade = Literal["AAA", "AA", "A", "std"]


class PeriodGiven(Given):
    name: str = Field(max_length=200, examples=["年终决算"])
    level: str = Field(max_length=10, description="As in the policy inspections", examples=["A"])
    reason: str = Field("", max_length=2_000)
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    customers: list[str] = Field(default_factory=list, max_length=1_000, description="Codes")
    industry: str = Field("", max_length=40, description="All of it, or of these grades")
    grades: list[Grade] = Field(default_factory=list, max_length=4)


class DatesGiven(Given):
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    reason: str = Field(max_length=2_000)


class Cancellation(Given):
    reason: str = Field(max_length=2_000)


class PeriodShown(BaseModel):
    id: int
    name: str
    level: str
    reason: str
    state: State
    state_zh: str
    state_en: str
    starts_at: datetime
    ends_at: datetime
    run_id: int | None
    created_by: str
    approved_by: str
    began_at: datetime | None
    ended_at: datetime | None


class PeriodInFull(PeriodShown):
    customers: int
    plan: dict[str, Any]
    notes: list[dict[str, Any]] = Field(description="Day by day")
    summary: dict[str, Any]
    inspections: dict[str, int] = Field(description="Before it, by state")
    open_dangers: int


class MemberShown(BaseModel):
    customer_id: int
    code: str
    name: str
    grade: str


class PeriodFilter(Asked):
    state: State | None = None
    level: str | None = Field(None, max_length=10)


@router.get("", summary="Assurance periods, the newest first")
def index(
    asked: Annotated[PeriodFilter, Query()], turn: Turn = allow("inspections:read")
) -> Page[PeriodShown]:
    filters = {"state": col(AssurancePeriod.state), "level": col(AssurancePeriod.level)}
    rows = narrow(select(AssurancePeriod), asked, filters)
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=_show)


@router.post("", status_code=201, summary="Plan one; its run asks for the plan and an approval")
def create(given: PeriodGiven, turn: Turn = allow("assurance:plan")) -> PeriodInFull:
    def make() -> PeriodInFull:
        told = given.model_dump(exclude={"customers", "industry", "grades"})
        chosen = periods.find_customers(turn.session, given.customers, given.industry, given.grades)
        row = period_runs.create(turn.session, told, chosen, by=turn.person, now=turn.now)
        return _in_full(turn, row)

    return once(turn, make)


@router.get("/{id}", summary="One, with its inspections and notes")
def show(id: Id, turn: Turn = allow("inspections:read")) -> PeriodInFull:
    return _in_full(turn, turn.find(AssurancePeriod, id))


@router.get("/{id}/customers", summary="Whom it assures")
def list_customers(
    id: Id, asked: Annotated[Asked, Query()], turn: Turn = allow("inspections:read")
) -> Page[MemberShown]:
    rows: Any = (
        select(AssuredCustomer, Customer)
        .join(Customer, col(Customer.id) == col(AssuredCustomer.customer_id))
        .where(AssuredCustomer.period_id == id)
    )
    return page(turn.session, rows, asked, sorts=MEMBERS, default="id", show=_show_member)


@router.put("/{id}/dates", summary="Other dates; its inspections follow")
def move(id: Id, given: DatesGiven, turn: Turn = allow("assurance:plan")) -> PeriodInFull:
    row = turn.find(AssurancePeriod, id)
    period_runs.move(turn.session, row, given.model_dump(), by=turn.person, now=turn.now)
    return _in_full(turn, row)


@router.post("/{id}/cancellation", summary="It is off")
def cancel(id: Id, given: Cancellation, turn: Turn = allow("assurance:plan")) -> PeriodInFull:
    row = turn.find(AssurancePeriod, id)
    period_runs.cancel(turn.session, row, reason=given.reason, by=turn.person, now=turn.now)
    return _in_full(turn, row)


def _show(row: AssurancePeriod) -> PeriodShown:
    zh, en = periods.STATES[row.state]
    return PeriodShown(**row.model_dump(), state_zh=zh, state_en=en)


def _in_full(turn: Turn, row: AssurancePeriod) -> PeriodInFull:
    count = select(func.count(col(AssuredCustomer.id))).where(AssuredCustomer.period_id == row.id)
    told = row.model_dump(include={"plan", "notes", "summary"}) | _show(row).model_dump()
    many = turn.session.exec(count).one()
    return PeriodInFull(**told, customers=many, **periods.look(turn.session, row))


def _show_member(_: AssuredCustomer, customer: Customer) -> MemberShown:
    told = {name: getattr(customer, name) for name in ("code", "name", "grade")}
    return MemberShown(customer_id=customer.id, **told)
