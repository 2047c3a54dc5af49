"""Incidents: steps that failed, and their repair — run it again, correct its data, or skip it."""

from typing import Annotated, Any

import orjson
from fastapi import Query
from sqlmodel import select
from starlette.responses import Response

from api import incidents as incident_routes
from api.deps import Id, Turn, allow
from api.pages.asking import FromForm
from api.pages.pages import again_by, first, go, make_pages, show, typed
from bpmn import incidents, runs
from records import Incident, Run
from tasks.refusals import wrong

router = make_pages()
REPAIRS = ("retry", "correct", "skip")


class Wanted(FromForm, incident_routes.IncidentFilter):
    """What the address says."""

    limit: int = 30


@router.get("/incidents")
def list_incidents(asked: Annotated[Wanted, Query()], turn: Turn = allow("runs:read")) -> Response:
    found = incident_routes.list_incidents(asked, turn=turn)
    ids = {one.run_id for one in found.items}
    rows = turn.session.exec(select(Run).where(Run.id.in_(ids)))  # type: ignore[attr-defined]
    facts: dict[str, Any] = {"incidents": found.items, "next": found.next, "asked": asked}
    return show(turn, "incidents/list.html", **facts, runs={run.id: run for run in rows})


@router.get("/incidents/{id}")
def show_incident(id: Id, turn: Turn = allow("runs:read")) -> Response:
    incident = turn.find(Incident, id)
    run = turn.session.get_one(Run, incident.run_id)
    known = runs.facts(turn.session, run, now=turn.now) if incident.settled_at is None else {}
    return show(turn, "incidents/show.html", incident=incident, run=run, known=known)


@router.post("/incidents/{id}/repair")
@again_by(show_incident)
def repair(id: Id, turn: Turn = allow("incidents:repair", raw=True)) -> Response:
    """One of the buttons: its value is what to do."""
    incident, told = turn.find(Incident, id), typed(turn)
    turn.about(f"run:{incident.run_id}")
    how, reason = first(told, "how"), first(told, "reason")
    by: dict[str, Any] = {"by": turn.person, "now": turn.now}
    if how == "retry":
        incidents.retry(turn.session, incident, **by)
    elif how == "skip":
        incidents.skip(turn.session, incident, reason=reason, **by)
    else:
        facts = _read_facts(first(told, "facts"))
        incidents.correct(turn.session, incident, facts, reason=reason, **by)
    return go(f"/incidents/{id}")


def _read_facts(text: str) -> dict[str, Any]:
    try:
        facts = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        where = f"{error.lineno}:{error.colno}"
        zh = f"不是有效的 JSON,请看第 {where} 处"
        raise wrong("facts", zh, f"is no JSON: look at {where}") from None
    if not isinstance(facts, dict) or not facts:
        raise wrong("facts", '须为对象,如 {"rate": 2}', 'has to be an object, as {"rate": 2}')
    return facts
