"""JSON: fault tickets. A call, a change of grade, a merge are nouns that are created on one."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.facts import Facts
from api.once import once
from api.paging import Asked, Page, narrow, page, search
from bpmn import tickets
from records import Ticket
from tasks.faults.impact import best
from tasks.faults.tickets import children
from tasks.network import affected_circuits
from tasks.refusals import NotFound
from tasks.states import STATES

router = make_router("tickets")
SORTS = {
    "opened_at": (col(Ticket.opened_at), col(Ticket.id)),
    "grade": (col(Ticket.grade), col(Ticket.opened_at), col(Ticket.id)),
}
FILTERS = {
    "state": col(Ticket.state),
    "grade": col(Ticket.grade),
    "level": col(Ticket.level),
    "source": col(Ticket.source),
    "customer": col(Ticket.customer_id),
    "circuit": col(Ticket.circuit_id),
    "parent": col(Ticket.parent_id),
}


class TicketShown(BaseModel):
    id: int
    number: str = Field(examples=["FT-20260311-417"])
    source: str
    title: str
    state: str
    state_zh: str
    tmf_status: str = Field(description="TMF621 status")
    grade: str
    impact: str
    level: str
    customer_id: int | None
    circuit_id: int | None
    device_id: int | None
    parent_id: int | None
    run_id: int | None
    priority: str = Field(description="P1 to P4 where alarms opened it")
    calls: int
    alarms: int
    reopened: int
    started_at: datetime
    opened_at: datetime
    restored_at: datetime | None
    closed_at: datetime | None
    told_at: datetime | None = Field(description="When we told the customer first")
    called_at: datetime | None = Field(description="When the customer called first")


class CircuitHit(BaseModel):
    circuit: int
    code: str
    customer: int
    grade: str
    impact: str = Field(description="outage, degraded; at_risk: on its second way only")
    ticket: int


class TicketInFull(TicketShown):
    symptom: str
    reporter: str
    phone: str
    cause: str
    domains: list[str]
    section: str
    plan: str
    limit: dict[str, Any] = Field(description="The row of fault_limit that holds, in minutes")
    closing: dict[str, Any]
    children: list[int]
    circuits: list[CircuitHit] = Field(description="Of a fault that hits several, its children’s")


class TicketFilter(Asked):
    q: str | None = Field(None, max_length=100, description="Part of the title or the symptom")
    state: str | None = None
    grade: str | None = None
    level: str | None = None
    source: str | None = None
    customer: int | None = None
    circuit: int | None = None
    parent: int | None = None
    is_open: bool | None = Field(None, alias="open")


class Call(Given):
    words: str = Field(min_length=1, max_length=4_000, examples=["还没好吗?柜台都停了"])
    caller: str = Field(min_length=1, max_length=100, examples=["王敏"])


class Regrading(Given):
    reason: str = Field(min_length=1, max_length=4_000)
    grade: str = ""
    impact: str = ""


class Merging(Given):
    parent: int = Field(ge=1, le=2**63 - 1, description="The number of the parent ticket (主单)")
    reason: str = Field(min_length=1, max_length=4_000)


class Cancelling(Given):
    reason: str = Field(description="As on the form cancel", examples=["no_fault_found"])
    note: str = Field(examples=["测试 24 小时无误码,客户同意撤单"])


class Specialty(Given):
    domain: str = Field(examples=["line"])
    reason: str = Field(min_length=1, max_length=4_000)


class Stopping(Given):
    reason: str = Field(examples=["no_access"])
    evidence: str = Field(max_length=4_000)
    resume_at: AwareDatetime
    customer_told: bool
    since: AwareDatetime | None = Field(
        None, description="Noted afterwards: the clock stood still from then on"
    )


@router.get("")
def list_tickets(
    asked: Annotated[TicketFilter, Query()], turn: Turn = allow("tickets:read")
) -> Page[TicketShown]:
    rows = search(select(Ticket), asked.q, (col(Ticket.title), col(Ticket.symptom)))
    rows = narrow(rows, asked, FILTERS)
    if asked.is_open is not None:
        closed = col(Ticket.closed_at)
        rows = rows.where(closed.is_(None) if asked.is_open else closed.is_not(None))
    return page(turn.session, rows, asked, sorts=SORTS, default="-opened_at", show=show_ticket)


@router.get("/form")
def show_form(turn: Turn = allow("tickets:read")) -> dict[str, Any]:
    """The JSON Schema of a report."""
    return tickets.intake_form().schema


@router.post("", status_code=201)
def report(given: Facts, turn: Turn = allow("tickets:open")) -> TicketShown:
    """受理: what a customer reports, as on the form. An open ticket of the circuit takes it."""

    def make() -> TicketShown:
        return show_ticket(tickets.report(turn.session, given, by=turn.person, now=turn.now))

    return once(turn, make)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("tickets:read")) -> TicketInFull:
    ticket = turn.find(Ticket, id)
    more = TicketInFull.model_fields.keys() - TicketShown.model_fields.keys()
    more -= {"children", "circuits"}
    return TicketInFull(
        **show_ticket(ticket).model_dump(),
        **{name: getattr(ticket, name) for name in more},
        children=[child.id for child in children(turn.session, ticket)],
        circuits=[_show_hit(row) for row in affected_circuits.all_of(turn.session, ticket)],
    )


@router.post("/{id}/calls")
def call_again(id: Id, given: Call, turn: Turn = allow("tickets:open")) -> TicketShown:
    """The customer calls again; the second call raises the level."""
    ticket = take(turn, id)
    tickets.call_again(
        turn.session, ticket, words=given.words, caller=given.caller, by=turn.person, now=turn.now
    )
    return show_ticket(ticket)


@router.post("/{id}/grade")
def regrade(id: Id, given: Regrading, turn: Turn = allow("tickets:steer")) -> TicketShown:
    """改级: another grade or impact; the limits are worked out anew."""
    ticket = take(turn, id)
    tickets.regrade(turn.session, ticket, **dict(given), by=turn.person, now=turn.now)
    return show_ticket(ticket)


@router.post("/{id}/merger")
def merge(id: Id, given: Merging, turn: Turn = allow("tickets:steer")) -> TicketShown:
    """并单: the ticket becomes a child of another."""
    ticket, parent = take(turn, id), take(turn, given.parent)
    tickets.merge(turn.session, ticket, parent, reason=given.reason, by=turn.person, now=turn.now)
    return show_ticket(ticket)


@router.post("/{id}/cancellation")
def cancel(id: Id, given: Cancelling, turn: Turn = allow("tickets:steer")) -> TicketShown:
    """作废: no fault of ours after all."""
    ticket = take(turn, id)
    tickets.cancel(
        turn.session, ticket, reason=given.reason, note=given.note, by=turn.person, now=turn.now
    )
    return show_ticket(ticket)


@router.post("/{id}/specialties")
def add_specialty(id: Id, given: Specialty, turn: Turn = allow("tickets:steer")) -> TicketShown:
    """加派: one more specialty joins the repair."""
    ticket = take(turn, id)
    tickets.add_specialty(
        turn.session, ticket, domain=given.domain, reason=given.reason, by=turn.person, now=turn.now
    )
    return show_ticket(ticket)


@router.post("/{id}/suspension")
def suspend(id: Id, given: Stopping, turn: Turn = allow("tickets:steer")) -> TicketShown:
    """挂起, with every open work order of the ticket."""
    ticket = take(turn, id)
    tickets.suspend(turn.session, ticket, **dict(given), by=turn.person, now=turn.now)
    return show_ticket(ticket)


@router.delete("/{id}/suspension")
def resume(id: Id, turn: Turn = allow("tickets:steer")) -> TicketShown:
    """解挂."""
    ticket = take(turn, id)
    tickets.resume(turn.session, ticket, by=turn.person, now=turn.now)
    return show_ticket(ticket)


def take(turn: Turn, id: int) -> Ticket:
    """The ticket, for changing it: on PostgreSQL the second of two waits here for the first."""
    ticket = turn.session.get(Ticket, id, with_for_update=True)
    if ticket is None:
        raise NotFound(f"没有编号为 {id} 的故障单", f"There is no ticket {id}")
    turn.about(f"ticket:{id}")
    return ticket


def _show_hit(row: Any) -> CircuitHit:
    told = {"circuit": row.circuit_id, "code": row.code, "customer": row.customer_id}
    grade = best({row.grade, row.customer_grade})
    return CircuitHit(**told, grade=grade, impact=row.impact, ticket=row.ticket_id)


def show_ticket(ticket: Ticket) -> TicketShown:
    state = STATES[ticket.state]
    told = {name: getattr(ticket, name, None) for name in TicketShown.model_fields}
    return TicketShown(**told | {"state_zh": state.zh, "tmf_status": state.tmf})
