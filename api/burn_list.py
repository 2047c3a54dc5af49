"""JSON: the clocks of all tickets, those that run out next first: the burn list of the limits."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.clocks import STATES, in_both, read_names
from api.deps import Turn, allow, make_router
from api.paging import Asked, Page, narrow, page
from records import Clock, Ticket
from tasks.sla import clocks

router = make_router("clocks")
SORTS = {
    "due_at": (col(Clock.due_at), col(Clock.id)),
    "started_at": (col(Clock.started_at), col(Clock.id)),
}
STANDING = {"started_at": SORTS["started_at"]}  # what is paused has no time to sort by
FILTERS = {
    "name": col(Clock.name),
    "state": col(Clock.state),
    "kind": col(Clock.kind),
    "ticket": col(Clock.ticket_id),
    "grade": col(Ticket.grade),
}


class OpenClockShown(BaseModel):
    id: int
    ticket_id: int
    ticket: str = Field(examples=["FT-20260311-417"])
    title: str
    grade: str
    level: str
    name: str = Field(examples=["restore"])
    name_zh: str = Field(examples=["业务恢复"])
    name_en: str
    kind: str = Field(description="SLA, OLA or UC")
    state: str
    state_zh: str = Field(examples=["计时中"])
    state_en: str
    cycle: int
    rung: int = Field(description="How many rungs of its ladder have fired")
    started_at: datetime
    due_at: datetime | None = Field(description="null while it is paused")
    next_at: datetime | None = Field(description="When its next rung fires")
    ended_at: datetime | None
    breached_at: datetime | None


class ClockFilter(Asked):
    name: str | None = None
    state: Literal["running", "paused", "met", "missed", "cancelled"] | None = None
    kind: Literal["SLA", "OLA", "UC"] | None = None
    ticket: int | None = None
    grade: str | None = None
    is_open: bool | None = Field(True, alias="open", description="Runs, or is paused")
    is_breached: bool | None = Field(None, alias="breached")


@router.get("")
def list_clocks(
    asked: Annotated[ClockFilter, Query()], turn: Turn = allow("tickets:read")
) -> Page[OpenClockShown]:
    """Those that are due next first. What is paused is due at no time: ask for `state=paused`."""
    rows = select(Clock, Ticket).join(Ticket, col(Ticket.id) == col(Clock.ticket_id))
    rows = narrow(rows, asked, FILTERS)
    if asked.is_open is not None:
        ended = col(Clock.ended_at)
        rows = rows.where(ended.is_(None) if asked.is_open else ended.is_not(None))
    if asked.is_breached is not None:
        breached = col(Clock.breached_at)
        rows = rows.where(breached.is_not(None) if asked.is_breached else breached.is_(None))
    if asked.state == "paused":
        told, sorts, default = rows, STANDING, "started_at"
    else:
        told, sorts, default = rows.where(col(Clock.due_at).is_not(None)), SORTS, "due_at"

    names = read_names(turn.session)["clocks"]

    def show(clock: Clock, ticket: Ticket) -> OpenClockShown:
        row = clock.model_dump() | clocks.newer(turn.session, clock, ticket, now=turn.now)
        row |= in_both("name", clock.name, names) | in_both("state", row["state"], STATES)
        told = {"ticket": ticket.number, "title": ticket.title}
        return OpenClockShown(**row, **told, grade=ticket.grade, level=ticket.level)

    return page(turn.session, told, asked, sorts=sorts, default=default, show=show)
