"""What visits look like from outside: what is given to their routes, and what these show.

Used by visits.py and visit_sheets.py.
"""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Select
from sqlalchemy import select as plain_select
from sqlmodel import col

from api.deps import Given, Turn
from api.facts import Facts
from api.paging import Asked
from records import Customer, Site, Visit
from tasks.field.visit_crews import crew_of
from tasks.field.visit_jobs import jobs_of
from tasks.field.visit_states import STATES


class VisitShown(BaseModel):
    id: int
    number: str = Field(examples=["V-20260311-17"])
    site: str = Field(description="Its code")
    place: str
    customer_id: int | None
    customer: str | None
    state: str
    state_zh: str
    starts_at: datetime
    ends_at: datetime
    ordinal: int = Field(description="The how manieth at this end for one of its subjects")
    reason: str = Field(description="Why somebody has to come again")
    approved_by: str
    is_explained: bool = Field(description="Whether the customer gets an explanation sheet")
    explained_at: datetime | None
    confirmed_at: datetime | None
    confirmed_by: str
    travel_minutes: int
    started_at: datetime | None
    finished_at: datetime | None
    planned_by: str
    revision: int


class JobShown(BaseModel):
    id: int
    subject: str
    kind: str
    title: str
    skills: list[str]
    tools: list[str]
    minutes: int
    people: int
    state: str
    result: dict[str, Any]


class GoesShown(BaseModel):
    login: str
    name: str
    phone: str


class ThingShown(BaseModel):
    code: str
    kind: str
    type: str
    name: str


class VisitInFull(VisitShown):
    jobs: list[JobShown]
    crew: list[GoesShown] = Field(description="The lead first")
    assets: list[ThingShown]
    sheet: dict[str, Any] = Field(description="The explanation sheet, as it was sent last")
    closing: dict[str, Any]


class VisitFilter(Asked):
    state: str | None = None
    customer: int | None = None
    site: str | None = Field(None, max_length=100)
    subject: str | None = Field(None, max_length=100, examples=["order:5"])
    person: str | None = Field(None, max_length=40, description="A login: who goes")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class JobGiven(Given):
    subject: str = Field(max_length=100, examples=["order:5"])
    kind: str = Field(max_length=40, examples=["cpe"])
    title: str = Field("", max_length=200)
    skills: list[str] = Field([], max_length=20, examples=[["splicing:2"]])
    tools: list[str] = Field([], max_length=20, examples=[["otdr"]])
    minutes: int | None = None
    people: int | None = None


class WindowGiven(Given):
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class PlanGiven(WindowGiven):
    site: str = Field(max_length=100, description="A site's code", examples=["HZ-ROOM-000017"])
    customer: int | None = None
    jobs: list[JobGiven] = Field(max_length=40)
    reason: str = Field("", max_length=2_000, description="Why somebody has to come again")


class MoveGiven(WindowGiven):
    reason: str = Field(max_length=2_000, examples=["客户改期"])


class CrewGiven(Given):
    people: list[str] = Field(min_length=1, max_length=20, description="Logins, the lead first")
    vehicle: str | None = Field(None, max_length=100, description="A code")
    instruments: list[str] = Field([], max_length=20, description="Codes")


class Reason(Given):
    reason: str = Field(max_length=2_000)


class StartGiven(Given):
    unexplained: str = Field("", max_length=2_000, description="Why the customer did not confirm")


class ResultsGiven(Given):
    results: Facts = Field(
        description="By the number of the job",
        examples=[{"41": {"is_done": True, "measured": {"loss_db": 0.2}}}],
    )
    note: str = Field("", max_length=4_000)


class FiguresShown(BaseModel):
    visits: int
    subjects: int
    visits_per_subject: float | None
    at_most_two: int
    wanted_sheet: int
    explained: int
    explained_share: float | None
    again: int


class ReasonShown(BaseModel):
    zh: str
    en: str
    weight: float


class LackShown(BaseModel):
    zh: str
    en: str


class SuggestionShown(BaseModel):
    people: list[str]
    names: list[str]
    team: str
    vehicle: str | None
    instruments: list[str]
    travel_minutes: int
    kilometres: float | None
    lacks: list[LackShown]
    score: float
    reasons: list[ReasonShown]


class Wanted(WindowGiven):
    site: str = Field(max_length=100)
    skills: list[str] = Field([], max_length=20)
    tools: list[str] = Field([], max_length=20)
    people: int = Field(1, ge=1, le=20)


def in_full(turn: Turn, visit: Visit) -> VisitInFull:
    session = turn.session
    session.flush()
    found = session.execute(rows_shown().where(col(Visit.id) == visit.id)).one()
    crew = crew_of(session, visit)
    things = [asset for asset, _ in crew.taken.assets]
    return VisitInFull(
        **show_visit(*found).model_dump(),
        jobs=[JobShown.model_validate(j, from_attributes=True) for j in jobs_of(session, visit)],
        crew=[GoesShown.model_validate(each, from_attributes=True) for each in crew.people],
        assets=[ThingShown.model_validate(each, from_attributes=True) for each in things],
        sheet=visit.sheet,
        closing=visit.closing,
    )


def rows_shown() -> Select[Any]:
    return (
        plain_select(Visit, Site, Customer)
        .join(Site, col(Site.id) == col(Visit.site_id))
        .outerjoin(Customer, col(Customer.id) == col(Visit.customer_id))
    )


def show_visit(visit: Visit, site: Site, customer: Customer | None) -> VisitShown:
    told = {name: getattr(visit, name) for name in VisitShown.model_fields if hasattr(visit, name)}
    return VisitShown(
        **told,
        site=site.code,
        place=f"{site.city}{site.county} {site.name}",
        customer=customer.name if customer else None,
        state_zh=STATES[visit.state][0],
    )
