"""Runs of diagrams: the list, and one of them as it is, or as it was at any moment."""

from typing import Annotated, Any

from fastapi import Query
from sqlmodel import col, select
from starlette.responses import Response

from api import runs as run_routes
from api.deps import Id, Turn, allow
from api.pages import answers, run_sheets
from api.pages.asking import FromForm
from api.pages.pages import again_by, first, go, make_pages, show, typed
from bpmn import runs
from records import Diagram, Run
from tasks.refusals import wrong

router = make_pages()
STATUS = ("open", "finished", "cancelled")
When = Annotated[str, Query(max_length=40)]


class Wanted(FromForm, run_routes.RunFilter):
    """What the address says."""

    limit: int = 30


@router.get("/runs")
def list_runs(asked: Annotated[Wanted, Query()], turn: Turn = allow("runs:read")) -> Response:
    found = run_routes.list_runs(asked, turn=turn)
    facts: dict[str, Any] = {"runs": found.items, "next": found.next, "asked": asked}
    diagrams = turn.session.exec(select(Diagram).order_by(col(Diagram.key)))
    named = {one.key: one.name for one in diagrams}
    return show(turn, "runs/list.html", **facts, diagrams=named, statuses=STATUS)


@router.get("/runs/{id}")
def show_run(id: Id, at: When = "", turn: Turn = allow("runs:read")) -> Response:
    when = answers.as_instant(at, "at") if at.strip() else None
    run = turn.find(Run, id)
    return show(turn, "runs/show.html", **run_sheets.read(turn, run, when))


@router.post("/runs/{id}/cancellation")
@again_by(show_run)
def cancel(id: Id, turn: Turn = allow("runs:steer", raw=True)) -> Response:
    turn.find(Run, id)
    turn.about(f"run:{id}")
    reason = first(typed(turn), "reason")
    if not reason:
        raise wrong("reason", "请写明原因", "Say why")
    runs.cancel(turn.session, id, reason=reason, by=turn.person.login, now=turn.now)
    return go(f"/runs/{id}")
