"""A ticket as it was at any moment: its state, its time and clocks until then, who had it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from sqlmodel import col, or_, select
from starlette.responses import Response

from api.deps import Id, Turn, allow
from api.pages import answers
from api.pages.pages import make_pages, show
from api.pages.ticket_sheets import pieces_of, urgency
from api.time_spent import tell_time
from records import Entry, Notice, Ticket, WorkOrder
from tasks.access.groups import name_groups
from tasks.refusals import wrong
from tasks.states import STATES

router = make_pages()
MOST = 500  # entries and notices that are listed
When = Annotated[str, Query(max_length=40)]


@router.get("/tickets/{id}/past")
def show_past(id: Id, at: When = "", turn: Turn = allow("tickets:read")) -> Response:
    ticket, when = turn.find(Ticket, id), answers.as_instant(at, "at")
    if not ticket.opened_at < when <= turn.now:
        raise wrong("at", "请选建单之后、现在之前的时间", "choose a time since it was opened")
    return show(turn, "tickets/past.html", **_read(turn, ticket, when))


def _read(turn: Turn, ticket: Ticket, at: datetime) -> dict[str, Any]:
    time, about = tell_time(turn, ticket, at), f"ticket:{ticket.id}"
    entries = _until(turn, Entry, Entry.subject == about, col(Entry.at) <= at)
    return {
        "ticket": ticket,
        "at": at,
        "now": at,  # what was late then
        "state": next((state for one in entries if (state := _state(one))), "new"),
        "time": time,
        "pieces": pieces_of(time.bar),
        "clocks": sorted(time.clocks, key=urgency),
        "orders": _orders(turn, ticket, at),
        "groups": name_groups(turn.session),
        "notices": _until(turn, Notice, Notice.subject == about, col(Notice.queued_at) <= at),
        "entries": entries,
    }


def _until(turn: Turn, table: Any, *conditions: Any) -> list[Any]:
    """The newest first."""
    rows = select(table).where(*conditions).order_by(col(table.id).desc())
    return list(turn.session.exec(rows.limit(MOST)))


def _orders(turn: Turn, ticket: Ticket, at: datetime) -> list[WorkOrder]:
    """Those that were open then."""
    ended = col(WorkOrder.finished_at)
    rows = select(WorkOrder).where(WorkOrder.ticket_id == ticket.id)
    rows = rows.where(col(WorkOrder.opened_at) <= at, or_(ended.is_(None), ended > at))
    return list(turn.session.exec(rows.order_by(col(WorkOrder.id))))


def _state(entry: Entry) -> str:
    state = entry.particulars.get("is")
    return state if isinstance(state, str) and state in STATES else ""
