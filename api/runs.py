"""JSON: runs of diagrams, what each waits for, and messages into them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.facts import Facts
from api.once import once
from api.paging import Asked, Page, narrow, page
from bpmn import runs
from records import Run, Ticket
from tasks.refusals import Conflict, wrong

router = make_router("runs")
SORTS = {
    "started_at": (col(Run.started_at), col(Run.id)),
    "id": (col(Run.id),),
}
FILTERS = {
    "diagram": col(Run.diagram_key),
    "status": col(Run.status),
    "subject": col(Run.subject),
}


class RunShown(BaseModel):
    id: int
    diagram: str
    version_id: int
    subject: str
    status: str
    end: str = Field(description="The end events that it reached")
    revision: int
    started_at: datetime
    started_by: str
    finished_at: datetime | None


class RunFilter(Asked):
    diagram: str | None = None
    status: Literal["open", "finished", "cancelled"] | None = None
    subject: str | None = Field(None, examples=["ticket:7"])


class Beginning(Given):
    diagram: str = Field(examples=["fault_handling"])
    data: Facts = Field(default_factory=dict)
    subject: str = Field("", max_length=100)


class Message(Given):
    kind: Literal["message", "signal"] = "message"
    name: str = Field(max_length=200, examples=["alarm_cleared"])
    payload: Facts = Field(default_factory=dict)


class Cancelling(Given):
    reason: str = Field(min_length=1, max_length=4_000)


class WaitingShown(BaseModel):
    """What one token waits for; other fields by what it is: holder, due, message, key …"""

    model_config = {"extra": "allow"}

    step_id: int
    element: str
    name: str
    waits_for: str


@router.get("")
def list_runs(
    asked: Annotated[RunFilter, Query()], turn: Turn = allow("runs:read")
) -> Page[RunShown]:
    rows = narrow(select(Run), asked, FILTERS)
    return page(turn.session, rows, asked, sorts=SORTS, default="-started_at", show=show_run)


@router.post("", status_code=201)
def start(given: Beginning, turn: Turn = allow("runs:steer")) -> RunShown:
    """Start a run by hand. Tickets and orders start theirs by themselves."""

    def make() -> RunShown:
        by, about = turn.person.login, given.subject
        _check_subject(turn, about)
        told = (turn.session, given.diagram, given.data)
        return show_run(runs.start(*told, by=by, now=turn.now, subject=about))

    return once(turn, make)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("runs:read")) -> RunShown:
    return show_run(turn.find(Run, id))


@router.get("/{id}/why")
def why(id: Id, turn: Turn = allow("runs:read")) -> list[WaitingShown]:
    """Why is it waiting? For whom, until when, for which message with which key."""
    told = runs.why(turn.session, turn.find(Run, id), now=turn.now)
    return [WaitingShown.model_validate(one) for one in told]


@router.get("/{id}/facts")
def facts(id: Id, turn: Turn = allow("runs:read")) -> dict[str, Any]:
    """The data of the run, as each of its waiting steps sees it."""
    return {"steps": runs.facts(turn.session, turn.find(Run, id), now=turn.now)}


@router.post("/{id}/messages")
def send(id: Id, given: Message, turn: Turn = allow("runs:steer")) -> dict[str, int]:
    """Give the run a message or a signal; `taken` is 0 when it waits for no such thing."""
    taken = runs.send(
        turn.session,
        given.kind,
        given.name,
        given.payload,
        run_id=turn.find(Run, id).id,
        by=turn.person.login,
        now=turn.now,
    )
    return {"taken": taken}


@router.post("/{id}/cancellation")
def cancel(id: Id, given: Cancelling, turn: Turn = allow("runs:steer")) -> RunShown:
    run = turn.find(Run, id)
    turn.about(f"run:{id}")
    runs.cancel(turn.session, id, reason=given.reason, by=turn.person.login, now=turn.now)
    turn.session.refresh(run)
    return show_run(run)


def _check_subject(turn: Turn, subject: str) -> None:
    """A run about a ticket drives it: the ticket has to be there, and to have no other run."""
    about, _, number = subject.partition(":")
    key = int(number) if number.isascii() and number.isdecimal() else 0
    if about == "ticket" and (key >= 2**63 or turn.session.get(Ticket, key) is None):
        raise wrong("subject", f"没有故障单 {number},请核对", f"There is no ticket {number}: check")
    driving = select(Run.id).where(Run.subject == subject, Run.status == "open")
    if about == "ticket" and turn.session.exec(driving).first():
        raise Conflict(
            f"故障单 {number} 已有运行中的流程,请在那里推进",
            f"Ticket {number} has a run that is open: move that one",
        )


def show_run(run: Run) -> RunShown:
    told = {name: getattr(run, name) for name in RunShown.model_fields if hasattr(run, name)}
    return RunShown(**told, diagram=run.diagram_key)
