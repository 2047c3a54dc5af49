"""JSON: work orders. An action on one is a noun that is created: POST …/17/acceptance."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, or_, select

from api.deps import Given, Id, Turn, allow, make_router
from api.facts import Facts
from api.paging import Asked, Page, narrow, page
from bpmn import library, runs
from bpmn.moves import take_order
from records import Group, Membership, Run, WorkOrder
from tasks import candidates, suggestions, work_orders
from tasks.access.people import find_person
from tasks.refusals import NotFound
from tasks.states import STATES

router = make_router("work-orders")
SORTS = {
    "opened_at": (col(WorkOrder.opened_at), col(WorkOrder.id)),
    "priority": (col(WorkOrder.priority), col(WorkOrder.opened_at), col(WorkOrder.id)),
}
FILTERS = {
    "state": col(WorkOrder.state),
    "group": col(WorkOrder.group_key),
    "holder": col(WorkOrder.holder),
    "ticket": col(WorkOrder.ticket_id),
    "run": col(WorkOrder.run_id),
}


class OrderShown(BaseModel):
    id: int
    run_id: int
    ticket_id: int | None
    element: str
    title: str
    group: str
    stage: str
    segment: str
    is_on_site: bool
    form: str
    state: str
    state_zh: str
    holder: str | None
    priority: int
    opened_at: datetime
    accepted_at: datetime | None
    resume_at: datetime | None
    finished_at: datetime | None
    finished_by: str
    revision: int


class OrderInFull(OrderShown):
    form_schema: dict[str, Any] | None = Field(description="JSON Schema of the answers")
    draft: dict[str, Any] | None
    answers: dict[str, Any] | None
    candidates: list[str] = Field(description="Who may take it, as of now")


class OrderFilter(Asked):
    queue: Literal["all", "mine"] = Field("all", description="mine: what I may do now")
    is_open: bool | None = Field(True, alias="open")
    state: str | None = None
    group: str | None = None
    holder: str | None = None
    ticket: int | None = None
    run: int | None = None


class ReasonShown(BaseModel):
    zh: str = Field(examples=["就在海州"])
    en: str = Field(examples=["Is in 海州"])
    weight: float = Field(description="What it adds to the score")


class SuggestionShown(BaseModel):
    login: str
    name: str
    name_en: str
    city: str
    phone: str
    skills: list[str]
    holds: int = Field(description="Open work orders")
    score: float
    reasons: list[ReasonShown]


class Answers(Given):
    answers: Facts = Field(default_factory=dict, examples=[{"is_confirmed": True}])


class Reason(Given):
    reason: str = Field(max_length=4_000, examples=["跳纤盘缺货,已叫备件"])


class SuspensionGiven(Given):
    reason: str = Field(examples=["no_access"])
    evidence: str = Field(max_length=4_000, examples=["02:40 致电物业,无人应答"])
    resume_at: AwareDatetime
    customer_told: bool


class Assignment(Given):
    to: str | None = Field(None, description="A person's login", examples=["liu"])
    group: str | None = Field(None, description="A group's key", examples=["line"])
    reason: str = Field(max_length=4_000, examples=["就近"])


@router.get("")
def list_orders(
    asked: Annotated[OrderFilter, Query()], turn: Turn = allow("work-orders:read")
) -> Page[OrderShown]:
    rows = narrow(select(WorkOrder), asked, FILTERS)
    if asked.is_open is not None:
        finished = col(WorkOrder.finished_at)
        rows = rows.where(finished.is_(None) if asked.is_open else finished.is_not(None))
    if asked.queue == "mine":
        rows = rows.where(_is_mine(turn))
    return page(turn.session, rows, asked, sorts=SORTS, default="opened_at", show=show_order)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("work-orders:read")) -> OrderInFull:
    order = turn.find(WorkOrder, id)
    return OrderInFull(
        **show_order(order).model_dump(),
        form_schema=_form_of(turn, order),
        draft=order.draft,
        answers=order.answers,
        candidates=[person.login for person in candidates.find(turn.session, order)],
    )


@router.get("/{id}/suggestions")
def suggest(id: Id, turn: Turn = allow("work-orders:read")) -> list[SuggestionShown]:
    """Who should take it, the best first: near, skilled, free, no stranger to the place."""
    found = suggestions.for_order(turn.session, turn.find(WorkOrder, id), turn.now)
    return [SuggestionShown.model_validate(each, from_attributes=True) for each in found]


@router.post("/{id}/claim")
def claim(id: Id, turn: Turn = allow("work-orders:advance")) -> OrderShown:
    order = take(turn, id)
    work_orders.claim(turn.session, order, by=turn.person, now=turn.now)
    return show_order(order)


@router.delete("/{id}/claim")
def release(id: Id, turn: Turn = allow("work-orders:advance")) -> OrderShown:
    order = take(turn, id)
    work_orders.release(turn.session, order, by=turn.person, now=turn.now)
    return show_order(order)


@router.post("/{id}/acceptance")
def accept(id: Id, turn: Turn = allow("work-orders:advance")) -> OrderShown:
    order = take(turn, id)
    work_orders.accept(turn.session, order, by=turn.person, now=turn.now)
    return show_order(order)


@router.post("/{id}/departure")
def set_out(id: Id, turn: Turn = allow("work-orders:advance")) -> OrderShown:
    order = take(turn, id)
    work_orders.set_out(turn.session, order, by=turn.person, now=turn.now)
    return show_order(order)


@router.post("/{id}/arrival")
def arrive(id: Id, turn: Turn = allow("work-orders:advance")) -> OrderShown:
    order = take(turn, id)
    work_orders.arrive(turn.session, order, by=turn.person, now=turn.now)
    return show_order(order)


@router.post("/{id}/suspension")
def suspend(
    id: Id, given: SuspensionGiven, turn: Turn = allow("work-orders:advance")
) -> OrderShown:
    order = take(turn, id)
    work_orders.suspend(turn.session, order, **given.model_dump(), by=turn.person, now=turn.now)
    return show_order(order)


@router.delete("/{id}/suspension")
def resume(id: Id, turn: Turn = allow("work-orders:advance")) -> OrderShown:
    order = take(turn, id)
    work_orders.resume(turn.session, order, by=turn.person, now=turn.now)
    return show_order(order)


@router.post("/{id}/wait")
def wait(id: Id, given: Reason, turn: Turn = allow("work-orders:advance")) -> OrderShown:
    order = take(turn, id)
    work_orders.wait(turn.session, order, reason=given.reason, by=turn.person, now=turn.now)
    return show_order(order)


@router.put("/{id}/draft")
def save_draft(id: Id, given: Answers, turn: Turn = allow("work-orders:advance")) -> OrderShown:
    order = take(turn, id)
    work_orders.save_draft(turn.session, order, given.answers, by=turn.person, now=turn.now)
    return show_order(order)


@router.post("/{id}/reply")
def reply(id: Id, given: Answers, turn: Turn = allow("work-orders:advance")) -> OrderShown:
    order = take(turn, id)
    work_orders.reply(turn.session, order, given.answers, by=turn.person, now=turn.now)
    return show_order(order)


@router.post("/{id}/completion")
def complete(
    id: Id, given: Answers, turn: Turn = allow("work-orders:advance", bold=True)
) -> OrderShown:
    """Finish the order; its run moves on, and the next orders are open when this returns."""
    move, order = take_order(turn.session, id, by=turn.person.login, now=turn.now)
    turn.about(f"run:{move.run_id}")
    runs.complete(move, order, given.answers, by=turn.person)
    return show_order(order)


@router.post("/{id}/rejection")
def reject(id: Id, given: Reason, turn: Turn = allow("work-orders:advance")) -> OrderShown:
    order = take(turn, id)
    work_orders.reject(turn.session, order, reason=given.reason, by=turn.person, now=turn.now)
    return show_order(order)


@router.post("/{id}/assignment")
def reassign(id: Id, given: Assignment, turn: Turn = allow("work-orders:assign")) -> OrderShown:
    order = take(turn, id)
    to = find_person(turn.session, given.to) if given.to else None
    work_orders.reassign(
        turn.session,
        order,
        to=to,
        group=given.group,
        reason=given.reason,
        by=turn.person,
        now=turn.now,
    )
    return show_order(order)


def take(turn: Turn, id: int) -> WorkOrder:
    """The order, for changing it: on PostgreSQL the second of two waits here for the first."""
    order = turn.session.get(WorkOrder, id, with_for_update=True)
    if order is None:
        raise NotFound(f"没有编号为 {id} 的工单", f"There is no work order {id}")
    turn.about(f"run:{order.run_id}")
    return order


def show_order(order: WorkOrder) -> OrderShown:
    told = {name: getattr(order, name) for name in OrderShown.model_fields if hasattr(order, name)}
    return OrderShown(**told, group=order.group_key, state_zh=STATES[order.state].zh)


def _is_mine(turn: Turn) -> Any:
    """What I hold, and what waits in my groups' queues."""
    mine = (
        select(Group.key)
        .join(Membership, col(Membership.group_id) == col(Group.id))
        .where(Membership.person_id == turn.person.id)
    )
    holder = col(WorkOrder.holder)
    waiting = holder.is_(None) & col(WorkOrder.group_key).in_(mine)
    return or_(holder == turn.person.login, waiting)


def _form_of(turn: Turn, order: WorkOrder) -> dict[str, Any] | None:
    run = turn.session.get_one(Run, order.run_id)
    loaded = library.load(turn.session, run.version_id, run.content_hash)
    return loaded.blueprint.forms.get(order.form)
