"""JSON: incidents, and their repair: a retry, a skip, a correction."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.facts import Facts
from api.paging import Asked, Page, narrow, page
from bpmn import incidents
from records import Incident

router = make_router("incidents")
SORTS = {"opened_at": (col(Incident.opened_at), col(Incident.id))}


class IncidentShown(BaseModel):
    id: int
    run_id: int
    element: str
    name: str
    kind: str
    zh: str
    en: str
    line: int | None
    opened_at: datetime
    settled_at: datetime | None
    settled_by: str
    settled_how: str
    reason: str


class IncidentFilter(Asked):
    run_id: int | None = None
    kind: str | None = None
    is_open: bool | None = Field(True, alias="open")


class Skip(Given):
    reason: str = Field(max_length=4_000)


class Correction(Given):
    facts: Facts = Field(examples=[{"rate": 2}])
    reason: str = Field(max_length=4_000)


@router.get("")
def list_incidents(
    asked: Annotated[IncidentFilter, Query()], turn: Turn = allow("runs:read")
) -> Page[IncidentShown]:
    columns = {"run_id": col(Incident.run_id), "kind": col(Incident.kind)}
    rows = narrow(select(Incident), asked, columns)
    if asked.is_open is not None:
        settled = col(Incident.settled_at)
        rows = rows.where(settled.is_(None) if asked.is_open else settled.is_not(None))
    return page(turn.session, rows, asked, sorts=SORTS, default="-opened_at", show=show_incident)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("runs:read")) -> IncidentShown:
    return show_incident(turn.find(Incident, id))


@router.post("/{id}/retry")
def retry(id: Id, turn: Turn = allow("incidents:repair")) -> IncidentShown:
    """Run the step again with the data as it is."""
    incident = _take(turn, id)
    incidents.retry(turn.session, incident, by=turn.person, now=turn.now)
    return show_incident(incident)


@router.post("/{id}/skip")
def skip(id: Id, given: Skip, turn: Turn = allow("incidents:repair")) -> IncidentShown:
    """Go on as if the step were done."""
    incident = _take(turn, id)
    incidents.skip(turn.session, incident, reason=given.reason, by=turn.person, now=turn.now)
    return show_incident(incident)


@router.post("/{id}/correction")
def correct(id: Id, given: Correction, turn: Turn = allow("incidents:repair")) -> IncidentShown:
    """Set some of the step's data right, then run it again."""
    incident = _take(turn, id)
    told = (turn.session, incident, given.facts)
    incidents.correct(*told, reason=given.reason, by=turn.person, now=turn.now)
    return show_incident(incident)


def show_incident(incident: Incident) -> IncidentShown:
    return IncidentShown.model_validate(incident.model_dump())


def _take(turn: Turn, id: int) -> Incident:
    incident = turn.find(Incident, id)
    turn.about(f"run:{incident.run_id}")
    return incident
