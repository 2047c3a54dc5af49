"""JSON: emergency plans that run. An acknowledgement, a note, a reservation are created on one."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from api.plan_run_shapes import (
    Comparison,
    Level,
    Moment,
    NoteShown,
    ReservationShown,
    RunInFull,
    RunShown,
    State,
    in_full,
    show_note,
    show_reservation,
    show_run,
)
from bpmn import plan_runs as moved
from records import (
    PlanNote,
    PlanRun,
)
from tasks.plans import (
    notes,
    plan_courses,
    plan_states,
    reservations,
    resources,
)

router = make_router("plan-runs")
SORTS = {"id": (col(PlanRun.id),), "proposed_at": (col(PlanRun.proposed_at), col(PlanRun.id))}
FILTERS = {
    "plan": col(PlanRun.plan_key),
    "state": col(PlanRun.state),
    "subject": col(PlanRun.subject),
    "is_drill": col(PlanRun.is_drill),
}


class Activation(Given):
    plan: str = Field(max_length=60, examples=["cable_cut"])
    subject: str = Field("", max_length=100, examples=["ticket:7"])
    city: str = Field("", max_length=100, examples=["海州"])
    title: str = Field("", max_length=200)
    reason: str = Field(min_length=1, max_length=2_000, examples=["多条专线同时中断"])
    case: dict[str, Any] = Field({}, examples=[{"warning": "orange"}])


class Answer(Given):
    answer: str = Field("", max_length=500, examples=["十分钟到"])


class NewNote(Given):
    text: str = Field(examples=["断点已定位,接续一小时"])
    customer_told: bool = Field(description="Was the customer told how it stands?")
    customer_expects: str = Field("", description="What they expect, and how they feel")


class Escalation(Given):
    level: Level
    reason: str = Field(min_length=1, max_length=2_000)


class NewReservation(Given):
    resource: str = Field(max_length=60, examples=["HZ-GEN-1"])
    quantity: int = Field(1, ge=1, le=1_000_000)


class Reason(Given):
    reason: str = Field(min_length=1, max_length=2_000)


class RunFilter(Asked):
    plan: str | None = Field(None, max_length=60)
    state: State | None = None
    subject: str | None = Field(None, max_length=100)
    is_drill: bool | None = None


@router.get("")
def index(
    asked: Annotated[RunFilter, Query()], turn: Turn = allow("plan-runs:read")
) -> Page[RunShown]:
    rows = narrow(select(PlanRun), asked, FILTERS)
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=show_run)


@router.post("", status_code=201)
def activate(given: Activation, turn: Turn = allow("plan-runs:start")) -> RunInFull:
    """Ask for a plan: a commander confirms. Where it runs already for this subject, that run comes
    back, with a trace of who asked again."""

    def make() -> RunInFull:
        told = given.model_dump()
        key = told.pop("plan")
        run, _ = moved.activate(turn.session, key, **told, by=turn.person, now=turn.now)
        return in_full(turn, run)

    return once(turn, make)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("plan-runs:read")) -> RunInFull:
    return in_full(turn, plan_states.find(turn.session, id))


@router.get("/{id}/timeline")
def timeline(
    id: Id, asked: Annotated[Asked, Query()], turn: Turn = allow("plan-runs:read")
) -> Page[Moment]:
    """Everything that happened, and who was told when."""
    rows = plan_courses.moments(plan_states.find(turn.session, id))
    return page(
        turn.session, rows, asked, sorts=plan_courses.SORTS, default="id",
        show=lambda row: Moment(at=row.at, verb=row.verb, by=row.by, told=row.particulars),
    )  # fmt: skip


@router.get("/{id}/comparison")
def compare(id: Id, turn: Turn = allow("plan-runs:read")) -> Comparison:
    """Drill and reality: this run beside the others of its plan."""
    run = plan_states.find(turn.session, id)
    return Comparison.model_validate(plan_courses.compare(turn.session, run))


@router.post("/{id}/acknowledgement")
def acknowledge(id: Id, given: Answer, turn: Turn = allow("plan-runs:advance")) -> RunInFull:
    """I was called, and I come."""
    run = _take(turn, id)
    moved.acknowledge(turn.session, run, answer=given.answer, by=turn.person, now=turn.now)
    return in_full(turn, run)


@router.get("/{id}/notes")
def list_notes(
    id: Id, asked: Annotated[Asked, Query()], turn: Turn = allow("plan-runs:read")
) -> Page[NoteShown]:
    rows = select(PlanNote).where(PlanNote.plan_run_id == plan_states.find(turn.session, id).id)
    sorts = {"id": (col(PlanNote.id),)}
    return page(turn.session, rows, asked, sorts=sorts, default="id", show=show_note)


@router.post("/{id}/notes", status_code=201)
def note(id: Id, given: NewNote, turn: Turn = allow("plan-runs:advance")) -> NoteShown:
    def make() -> NoteShown:
        told = given.model_dump()
        row = notes.add(turn.session, _take(turn, id), **told, by=turn.person, now=turn.now)
        return show_note(row)

    return once(turn, make)


@router.post("/{id}/escalation")
def escalate(id: Id, given: Escalation, turn: Turn = allow("plan-runs:command")) -> RunInFull:
    run, told = _take(turn, id), given.model_dump()
    moved.escalate(turn.session, run, **told, by=turn.person, now=turn.now)
    return in_full(turn, run)


@router.post("/{id}/reservations", status_code=201)
def reserve(
    id: Id, given: NewReservation, turn: Turn = allow("plan-runs:command")
) -> ReservationShown:
    """One more than the plan says. What another run holds is refused, and told whose it is."""

    def make() -> ReservationShown:
        run, resource = _take(turn, id), resources.find(turn.session, given.resource)
        told = {"by": turn.person, "now": turn.now}
        row = reservations.reserve(turn.session, run, resource, given.quantity, **told)  # type: ignore[arg-type]
        return show_reservation(row, resource)

    return once(turn, make)


@router.post("/{id}/reservations/{reservation}/arrival")
def arrive(id: Id, reservation: Id, turn: Turn = allow("plan-runs:advance")) -> RunInFull:
    run = _take(turn, id)
    moved.arrive(turn.session, run, reservation, by=turn.person, now=turn.now)
    return in_full(turn, run)


@router.post("/{id}/calling-off")
def call_off(id: Id, given: Reason, turn: Turn = allow("plan-runs:command")) -> RunInFull:
    """Until it is stood down."""
    run = _take(turn, id)
    moved.abort(turn.session, run, reason=given.reason, by=turn.person, now=turn.now)
    return in_full(turn, run)


def _take(turn: Turn, id: int) -> PlanRun:
    run = plan_states.find(turn.session, id, for_update=True)
    turn.about(plan_states.subject_of(run))
    return run
