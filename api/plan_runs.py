"""JSON: emergency plans that run. An acknowledgement, a note, a reservation are created on one."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from bpmn import plan_runs as moved
from records import (
    Person,
    PlanCall,
    PlanNote,
    PlanResource,
    PlanRun,
    PlanStatement,
    Reservation,
    WorkOrder,
)
from tasks.plans import (
    notes,
    plan_courses,
    plan_nodes,
    plan_runs,
    plan_scores,
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
State = Literal["proposed", "active", "stood_down", "closed", "declined", "aborted"]
Level = Literal["city", "province", "group"]


class RunShown(BaseModel):
    id: int
    plan: str
    version: int
    title: str
    state: State
    mode: Literal["auto", "propose", "manual"]
    is_drill: bool
    subject: str
    city: str
    level: Level
    commander: str
    merged: int = Field(description="How often it was asked for once more")
    started_by: str
    proposed_at: datetime
    activated_at: datetime | None
    restored_at: datetime | None
    stood_down_at: datetime | None
    closed_at: datetime | None
    note_at: datetime | None = Field(description="When the next situation note is due")


class CallShown(BaseModel):
    party: str
    login: str
    round: int
    called_at: datetime
    due_at: datetime
    acked_at: datetime | None
    answer: str


class ReservationShown(BaseModel):
    id: int
    resource: str
    kind: str
    place: str
    keeper: str
    quantity: int
    reserved_at: datetime
    arrived_at: datetime | None
    released_at: datetime | None


class NoteShown(BaseModel):
    id: int
    at: datetime
    by: str
    text: str
    customer_told: bool
    customer_expects: str


class StatementShown(BaseModel):
    number: int
    state: Literal["drafted", "refused", "signed"]
    text: str
    text_en: str
    audience: Literal["customers", "public"]
    drafted_by: str
    drafted_at: datetime
    decided_by: str
    decided_at: datetime | None
    note: str


class NodeShown(BaseModel):
    element: str
    title: str
    group: str
    limit: int = Field(description="Minutes from the activation")
    customer_visible: bool
    work_order: int | None
    opened_at: datetime | None
    due_at: datetime | None
    done_at: datetime | None
    by: str
    is_late: bool
    customer_told: bool | None
    customer_expects: str
    evidence: str


class OrderShown(BaseModel):
    id: int
    element: str
    title: str
    group: str
    holder: str | None
    state: str


class RunInFull(RunShown):
    run_id: int | None
    bridge: str
    reason: str
    case: dict[str, Any]
    fired: list[dict[str, Any]] = Field(description="The tables that were asked, and their rows")
    nodes: list[NodeShown]
    calls: list[CallShown]
    reservations: list[ReservationShown]
    statements: list[StatementShown]
    work_orders: list[OrderShown] = Field(description="Those that are open")
    score: dict[str, Any] = Field(description="Until it is over: as it stands now")
    review: dict[str, Any]


class Moment(BaseModel):
    at: datetime
    verb: str
    by: str
    told: dict[str, Any]


class Comparison(BaseModel):
    """A run beside others of its plan: drills beside real ones."""

    nodes: list[dict[str, Any]] = Field(description="Minutes from the activation: median of each")
    runs: dict[str, Any] = Field(description="How many, and their scores")


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
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=_show)


@router.post("", status_code=201)
def activate(given: Activation, turn: Turn = allow("plan-runs:start")) -> RunInFull:
    """Ask for a plan: a commander confirms. Where it runs already for this subject, that run comes
    back, with a trace of who asked again."""

    def make() -> RunInFull:
        told = given.model_dump()
        key = told.pop("plan")
        run, _ = moved.activate(turn.session, key, **told, by=turn.person, now=turn.now)
        return _in_full(turn, run)

    return once(turn, make)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("plan-runs:read")) -> RunInFull:
    return _in_full(turn, plan_states.find(turn.session, id))


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
    return _in_full(turn, run)


@router.get("/{id}/notes")
def list_notes(
    id: Id, asked: Annotated[Asked, Query()], turn: Turn = allow("plan-runs:read")
) -> Page[NoteShown]:
    rows = select(PlanNote).where(PlanNote.plan_run_id == plan_states.find(turn.session, id).id)
    sorts = {"id": (col(PlanNote.id),)}
    return page(turn.session, rows, asked, sorts=sorts, default="id", show=_show_note)


@router.post("/{id}/notes", status_code=201)
def note(id: Id, given: NewNote, turn: Turn = allow("plan-runs:advance")) -> NoteShown:
    def make() -> NoteShown:
        told = given.model_dump()
        row = notes.add(turn.session, _take(turn, id), **told, by=turn.person, now=turn.now)
        return _show_note(row)

    return once(turn, make)


@router.post("/{id}/escalation")
def escalate(id: Id, given: Escalation, turn: Turn = allow("plan-runs:command")) -> RunInFull:
    run, told = _take(turn, id), given.model_dump()
    moved.escalate(turn.session, run, **told, by=turn.person, now=turn.now)
    return _in_full(turn, run)


@router.post("/{id}/reservations", status_code=201)
def reserve(
    id: Id, given: NewReservation, turn: Turn = allow("plan-runs:command")
) -> ReservationShown:
    """One more than the plan says. What another run holds is refused, and told whose it is."""

    def make() -> ReservationShown:
        run, resource = _take(turn, id), resources.find(turn.session, given.resource)
        told = {"by": turn.person, "now": turn.now}
        row = reservations.reserve(turn.session, run, resource, given.quantity, **told)  # type: ignore[arg-type]
        return _show_reservation(row, resource)

    return once(turn, make)


@router.post("/{id}/reservations/{reservation}/arrival")
def arrive(id: Id, reservation: Id, turn: Turn = allow("plan-runs:advance")) -> RunInFull:
    run = _take(turn, id)
    moved.arrive(turn.session, run, reservation, by=turn.person, now=turn.now)
    return _in_full(turn, run)


@router.post("/{id}/calling-off")
def call_off(id: Id, given: Reason, turn: Turn = allow("plan-runs:command")) -> RunInFull:
    """Until it is stood down."""
    run = _take(turn, id)
    moved.abort(turn.session, run, reason=given.reason, by=turn.person, now=turn.now)
    return _in_full(turn, run)


def _take(turn: Turn, id: int) -> PlanRun:
    run = plan_states.find(turn.session, id, for_update=True)
    turn.about(plan_states.subject_of(run))
    return run


def _show(run: PlanRun) -> RunShown:
    return RunShown.model_validate(_shown(run))


def _shown(run: PlanRun) -> dict[str, Any]:
    return {**run.model_dump(), "plan": run.plan_key, "version": run.number}


def _in_full(turn: Turn, run: PlanRun) -> RunInFull:
    session = turn.session
    session.flush()
    session.refresh(run)
    nodes = plan_nodes.nodes_of(session, run, plan_runs.version_of(session, run).nodes)
    return RunInFull.model_validate(
        _shown(run)
        | {
            "nodes": nodes,
            "calls": _calls(turn, run),
            "reservations": _reservations(turn, run),
            "statements": _statements(turn, run),
            "work_orders": _orders(turn, run),
            "score": run.score or plan_scores.score_of(session, run, now=turn.now),
        }
    )


def _calls(turn: Turn, run: PlanRun) -> list[CallShown]:
    rows = select(PlanCall, Person.login).join(Person, col(Person.id) == col(PlanCall.person_id))
    found = turn.session.exec(rows.where(PlanCall.plan_run_id == run.id).order_by(col(PlanCall.id)))
    return [CallShown.model_validate(call.model_dump() | {"login": login}) for call, login in found]


def _reservations(turn: Turn, run: PlanRun) -> list[ReservationShown]:
    rows = select(Reservation, PlanResource).join(
        PlanResource, col(PlanResource.id) == col(Reservation.resource_id)
    )
    mine = rows.where(Reservation.plan_run_id == run.id).order_by(col(Reservation.id))
    return [_show_reservation(row, resource) for row, resource in turn.session.exec(mine)]


def _show_reservation(row: Reservation, resource: PlanResource) -> ReservationShown:
    told = resource.model_dump(include={"kind", "place", "keeper"})
    told |= row.model_dump(exclude={"plan_run_id", "resource_id", "is_drill", "reserved_by"})
    return ReservationShown(resource=resource.code, **told)


def _statements(turn: Turn, run: PlanRun) -> list[StatementShown]:
    mine = select(PlanStatement).where(PlanStatement.plan_run_id == run.id)
    rows = turn.session.exec(mine.order_by(col(PlanStatement.id)))
    return [StatementShown.model_validate(row.model_dump()) for row in rows]


def _orders(turn: Turn, run: PlanRun) -> list[OrderShown]:
    mine = select(WorkOrder).where(
        WorkOrder.run_id == run.run_id, col(WorkOrder.finished_at).is_(None)
    )
    rows = turn.session.exec(mine.order_by(col(WorkOrder.id)))
    names = ("id", "element", "title", "holder", "state")
    return [
        OrderShown(group=row.group_key, **{name: getattr(row, name) for name in names})
        for row in rows
    ]


def _show_note(row: PlanNote) -> NoteShown:
    return NoteShown.model_validate(row.model_dump())
