"""What the API shows of emergency plans that run. Used by plan_runs.py and plan_drills.py."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Turn
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
from tasks.plans import plan_nodes, plan_scores

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
    review: dict[str, Any] = Field(description="With drill beside reality, as of then")


class Moment(BaseModel):
    at: datetime
    verb: str
    by: str
    told: dict[str, Any]


class Comparison(BaseModel):
    """A run beside others of its plan: drills beside real ones."""

    nodes: list[dict[str, Any]] = Field(description="Minutes from the activation: median of each")
    runs: dict[str, Any] = Field(description="How many, and their scores")


def show_run(run: PlanRun) -> RunShown:
    return RunShown.model_validate(_shown(run))


def _shown(run: PlanRun) -> dict[str, Any]:
    return {**run.model_dump(), "plan": run.plan_key, "version": run.number}


def in_full(turn: Turn, run: PlanRun) -> RunInFull:
    session = turn.session
    session.flush()
    session.refresh(run)
    nodes = plan_nodes.nodes_of(session, run, plan_nodes.version_of(session, run).nodes)
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
    return [show_reservation(row, resource) for row, resource in turn.session.exec(mine)]


def show_reservation(row: Reservation, resource: PlanResource) -> ReservationShown:
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


def show_note(row: PlanNote) -> NoteShown:
    return NoteShown.model_validate(row.model_dump())
