"""JSON: visits. An action on one is a noun that is created: PUT …/17/crew, POST …/17/start.

Explanation sheets, cards and invitations: visit_sheets.py.
"""

from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime
from sqlmodel import Session, col, select

from api.deps import Id, Turn, allow, make_router
from api.once import once
from api.paging import Page, narrow, page
from api.visit_shapes import (
    CrewGiven,
    FiguresShown,
    MoveGiven,
    PlanGiven,
    Reason,
    ResultsGiven,
    StartGiven,
    SuggestionShown,
    VisitFilter,
    VisitInFull,
    VisitShown,
    Wanted,
    in_full,
    rows_shown,
    show_visit,
)
from records import Booking, Person, Site, Visit, VisitJob
from tasks.access.people import find_person, may
from tasks.field import assets, crews, visit_crews, visit_figures, visits
from tasks.field.visit_crews import Crew
from tasks.field.visit_jobs import Job, Window
from tasks.refusals import NotFound

router = make_router("visits")
SORTS = {
    "starts_at": (col(Visit.starts_at), col(Visit.id)),
    "id": (col(Visit.id),),
}
FILTERS = {"state": col(Visit.state), "customer": col(Visit.customer_id), "site": col(Site.code)}


@router.get("", summary="Visits, filtered and sorted")
def index(
    asked: Annotated[VisitFilter, Query()], turn: Turn = allow("visits:read")
) -> Page[VisitShown]:
    rows = narrow(rows_shown(), asked, FILTERS)
    if asked.subject:
        mine = select(VisitJob.visit_id).where(VisitJob.subject == asked.subject)
        rows = rows.where(col(Visit.id).in_(mine.where(VisitJob.state != "dropped")))
    if asked.person:
        booked = select(Booking.visit_id).join(Person).where(Person.login == asked.person)
        rows = rows.where(col(Visit.id).in_(booked.where(col(Booking.released_at).is_(None))))
    if asked.since:
        rows = rows.where(col(Visit.starts_at) >= asked.since)
    if asked.until:
        rows = rows.where(col(Visit.starts_at) < asked.until)
    return page(turn.session, rows, asked, sorts=SORTS, default="starts_at", show=show_visit)


@router.post("", status_code=201, summary="Put jobs on the open visit of an end, or on a new one")
def plan(given: PlanGiven, turn: Turn = allow("visits:plan")) -> VisitInFull:
    def make() -> VisitInFull:
        told = given.model_dump(exclude={"site", "customer", "jobs", "starts_at", "ends_at"})
        visit = visits.plan(
            turn.session,
            site_id=find_site(turn.session, given.site).id,
            customer_id=given.customer,
            jobs=[Job(**job.model_dump()) for job in given.jobs],
            window=Window(given.starts_at, given.ends_at),
            by=turn.person.login,
            now=turn.now,
            **told,
        )
        return in_full(turn, visit)

    return once(turn, make)


@router.get("/figures", summary="How many visits an order takes, and how many were explained")
def figures(
    since: AwareDatetime,
    until: AwareDatetime,
    kind: Annotated[str, Query(max_length=40, description="Of subjects")] = "order",
    turn: Turn = allow("reports:read"),
) -> FiguresShown:
    found = visit_figures.count_visits(turn.session, kind, since, until)
    return FiguresShown.model_validate(found, from_attributes=True)


@router.post("/suggestions", summary="Crews for a visit that is not planned yet, best first")
def suggest_for(
    given: Wanted, turn: Turn = allow("visits:read", readonly=True)
) -> list[SuggestionShown]:
    told = given.model_dump(include={"skills", "tools", "people"})
    window, site = Window(given.starts_at, given.ends_at), find_site(turn.session, given.site)
    found = crews.suggest(turn.session, site, window, **told)
    return [SuggestionShown.model_validate(each, from_attributes=True) for each in found]


@router.get("/{id}", summary="One visit, its jobs and its crew")
def show(id: Id, turn: Turn = allow("visits:read")) -> VisitInFull:
    return in_full(turn, turn.find(Visit, id))


@router.get("/{id}/suggestions", summary="Three crews that could go, best first, with reasons")
def suggest(id: Id, turn: Turn = allow("visits:read")) -> list[SuggestionShown]:
    found = crews.suggest_for(turn.session, turn.find(Visit, id))
    return [SuggestionShown.model_validate(each, from_attributes=True) for each in found]


@router.post("/{id}/approval", summary="Let the crew come again")
def approve(id: Id, turn: Turn = allow("visits:approve")) -> VisitInFull:
    visit = take(turn, id)
    visits.approve(turn.session, visit, by=turn.person, now=turn.now)
    return in_full(turn, visit)


@router.post("/{id}/refusal", summary="Not again: the visit is cancelled")
def refuse(id: Id, given: Reason, turn: Turn = allow("visits:approve")) -> VisitInFull:
    visit = take(turn, id)
    visits.refuse(turn.session, visit, reason=given.reason, by=turn.person, now=turn.now)
    return in_full(turn, visit)


@router.put("/{id}/window", summary="Another time; the crew is kept where they are free")
def move(id: Id, given: MoveGiven, turn: Turn = allow("visits:plan")) -> VisitInFull:
    visit, window = take(turn, id), Window(given.starts_at, given.ends_at)
    told: dict[str, Any] = {"by": turn.person.login, "now": turn.now}
    visits.move(turn.session, visit, window, reason=given.reason, **told)
    return in_full(turn, visit)


@router.put("/{id}/crew", summary="Send people with a vehicle and instruments: all booked, or none")
def send(id: Id, given: CrewGiven, turn: Turn = allow("visits:plan")) -> VisitInFull:
    session, visit = turn.session, take(turn, id)
    crew = Crew(
        [find_person(session, login) for login in given.people],
        assets.find_asset(session, given.vehicle) if given.vehicle else None,
        [assets.find_asset(session, code) for code in given.instruments],
    )
    visit_crews.assign(session, visit, crew, by=turn.person.login, now=turn.now)
    return in_full(turn, visit)


@router.post("/{id}/release", summary="The crew does not go: they are free")
def release(id: Id, given: Reason, turn: Turn = allow("visits:plan")) -> VisitInFull:
    visit = take(turn, id)
    told: dict[str, Any] = {"by": turn.person.login, "now": turn.now}
    visit_crews.release(turn.session, visit, reason=given.reason, **told)
    return in_full(turn, visit)


@router.post("/{id}/start", summary="The crew is there")
def start(id: Id, given: StartGiven, turn: Turn = allow("visits:advance")) -> VisitInFull:
    visit = take_own(turn, id)
    told: dict[str, Any] = {"by": turn.person.login, "now": turn.now}
    visits.start(turn.session, visit, unexplained=given.unexplained, **told)
    return in_full(turn, visit)


@router.post("/{id}/completion", summary="What came of every job; the crew is free")
def finish(id: Id, given: ResultsGiven, turn: Turn = allow("visits:advance")) -> VisitInFull:
    visit = take_own(turn, id)
    results = {_number(key): _map(value) for key, value in given.results.items()}
    told: dict[str, Any] = {"by": turn.person.login, "now": turn.now}
    visits.finish(turn.session, visit, results, note=given.note, **told)
    return in_full(turn, visit)


@router.post("/{id}/cancellation", summary="Nobody comes")
def cancel(id: Id, given: Reason, turn: Turn = allow("visits:plan")) -> VisitInFull:
    visit = take(turn, id)
    told: dict[str, Any] = {"by": turn.person.login, "now": turn.now}
    visits.cancel(turn.session, visit, reason=given.reason, **told)
    return in_full(turn, visit)


def take(turn: Turn, id: int) -> Visit:
    """The visit, for changing it: on PostgreSQL the second of two waits here for the first."""
    visit = turn.session.get(Visit, id, with_for_update=True)
    if visit is None:
        raise NotFound(f"没有编号为 {id} 的上门", f"There is no visit {id}")
    turn.about(f"visit:{id}")
    return visit


def take_own(turn: Turn, id: int) -> Visit:
    """As `take`, for who goes, or plans visits."""
    visit = take(turn, id)
    if not may(turn.person, "visits:plan"):
        visit_crews.require_crew(turn.session, visit, turn.person)
    return visit


def find_site(session: Session, code: str) -> Site:
    site = session.exec(select(Site).where(Site.code == code)).first()
    if site is None:
        raise NotFound(f"没有站点“{code}”,请用站点编码", f"There is no site “{code}”")
    return site


def _number(key: str) -> int:
    return int(key) if key.isascii() and key.isdecimal() and len(key) < 19 else 0


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
