"""JSON: the rungs of ladders that have fired, and who has seen them."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Text, type_coerce
from sqlmodel import col, select

from api.clocks import Names, in_both, read_names
from api.deps import Id, Turn, allow, make_router
from api.paging import Asked, Page, narrow, page
from records import Clock, Escalation, Ticket
from tasks.refusals import NotFound
from tasks.sla import escalations

router = make_router("escalations")
SORTS = {
    "fired_at": (col(Escalation.fired_at), col(Escalation.id)),
    "due_at": (col(Escalation.due_at), col(Escalation.id)),
}
FILTERS = {
    "ticket": col(Escalation.ticket_id),
    "to": col(Escalation.to),
    "action": col(Escalation.action),
}


class EscalationShown(BaseModel):
    id: int
    ticket_id: int
    ticket: str = Field(examples=["FT-20260311-417"])
    title: str
    grade: str
    clock: str = Field(examples=["restore"])
    clock_zh: str = Field(examples=["业务恢复"])
    clock_en: str
    cycle: int
    rung: int = Field(description="1, 2 … as they fired in this cycle")
    at: str = Field(examples=["75%"])
    to: str = Field(examples=["duty_lead"])
    to_zh: str = Field(examples=["值班长"])
    to_en: str
    action: str
    action_zh: str
    action_en: str
    told: list[str] = Field(description="Whom that was: logins")
    facts: dict[str, Any] = Field(description="Shares of the time, suggestions, who was not there")
    due_at: datetime
    fired_at: datetime
    seen_at: datetime | None
    seen_by: str


class EscalationFilter(Asked):
    ticket: int | None = None
    to: str | None = None
    action: str | None = None
    since: AwareDatetime | None = Field(None, description="Fired then or later")
    is_seen: bool | None = Field(None, alias="seen")
    told: Literal["me"] | None = Field(None, description="Only what I was told")


@router.get("")
def list_escalations(
    asked: Annotated[EscalationFilter, Query()], turn: Turn = allow("tickets:read")
) -> Page[EscalationShown]:
    rows = narrow(_rows(), asked, FILTERS)
    if asked.since:
        rows = rows.where(col(Escalation.fired_at) >= asked.since)
    if asked.is_seen is not None:
        seen = col(Escalation.seen_at)
        rows = rows.where(seen.is_not(None) if asked.is_seen else seen.is_(None))
    if asked.told:
        rows = rows.where(_has_told(turn.person.login))
    show = partial(show_escalation, read_names(turn.session))
    return page(turn.session, rows, asked, sorts=SORTS, default="-fired_at", show=show)


@router.post("/{id}/acknowledgement")
def acknowledge(id: Id, turn: Turn = allow("tickets:read")) -> EscalationShown:
    """已阅: I have taken it up."""
    row = turn.session.get(Escalation, id, with_for_update=True)
    if row is None:
        raise NotFound(f"没有编号为 {id} 的升级", f"There is no escalation {id}")
    turn.about(f"ticket:{row.ticket_id}")
    escalations.acknowledge(turn.session, row, by=turn.person, now=turn.now)
    names = read_names(turn.session)
    return show_escalation(names, *turn.session.execute(_rows().where(Escalation.id == id)).one())


def show_escalation(names: Names, row: Escalation, ticket: Ticket, clock: str) -> EscalationShown:
    told = row.model_dump() | {"ticket": ticket.number, "clock": clock}
    told |= in_both("clock", clock, names["clocks"])
    told |= in_both("to", row.to, names["recipients"])
    told |= in_both("action", row.action, names["actions"])
    return EscalationShown(**told, title=ticket.title, grade=ticket.grade)


def _rows() -> Any:
    both = select(Escalation, Ticket, Clock.name).join(
        Ticket, col(Ticket.id) == col(Escalation.ticket_id)
    )
    return both.join(Clock, col(Clock.id) == col(Escalation.clock_id))


def _has_told(login: str) -> Any:
    return type_coerce(col(Escalation.told), Text).contains(f'"{login}"', autoescape=True)
