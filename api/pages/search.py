"""The one box of the header: anything on the sheet of a ticket or a work order."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select
from starlette.responses import Response

from api.deps import Turn, allow
from api.pages.pages import go, make_pages, show
from records import AlarmGroup, Customer, Ticket, WorkOrder
from tasks import sheet_search
from tasks.access.groups import name_groups
from tasks.access.people import may

router = make_pages()
MOST = 50  # of each kind


class Typed(BaseModel):
    q: str = Field("", max_length=200)


@router.get("/search")
def search(asked: Annotated[Typed, Query()], turn: Turn = allow("tickets:read")) -> Response:
    """A number, or what only one ticket has, leads right there."""
    found = sheet_search.find(turn.session, asked.q)
    if place := _only_place(turn, asked.q, found):
        return go(place)
    return show(
        turn,
        "search.html",
        q=asked.q.strip(),
        tickets=_tickets(turn, found),
        orders=_orders(turn, found),
        alarm_groups=_groups(turn, asked.q.strip()),
        groups=name_groups(turn.session),
        is_cut=found.is_cut,
    )


def _only_place(turn: Turn, text: str, found: sheet_search.Found) -> str:
    kind, number = sheet_search.number_in(text) or ("", 0)
    if kind == "order" and number in found.orders and may(turn.person, "work-orders:read"):
        return f"/work-orders/{number}"
    if len(found.tickets) == 1 and not found.orders:
        return f"/tickets/{min(found.tickets)}"
    return ""


def _tickets(turn: Turn, found: sheet_search.Found) -> list[Any]:
    """Those that are open first, the newest on top."""
    rows = select(Ticket, Customer).outerjoin(Customer, col(Customer.id) == col(Ticket.customer_id))
    rows = rows.where(col(Ticket.id).in_(found.tickets))
    rows = rows.order_by(col(Ticket.closed_at).is_not(None), col(Ticket.id).desc())
    return list(turn.session.exec(rows.limit(MOST)))


def _orders(turn: Turn, found: sheet_search.Found) -> list[Any]:
    if not may(turn.person, "work-orders:read"):
        return []
    ids = sheet_search.open_orders(turn.session, found)
    rows = select(WorkOrder, Ticket).outerjoin(Ticket, col(Ticket.id) == col(WorkOrder.ticket_id))
    rows = rows.where(col(WorkOrder.id).in_(ids)).order_by(col(WorkOrder.due_at))
    found_ones = turn.session.exec(rows.limit(MOST))
    return [{"order": order, "ticket": ticket} for order, ticket in found_ones]


def _groups(turn: Turn, text: str) -> list[AlarmGroup]:
    """Open ones whose root is called like that."""
    if not text or not may(turn.person, "alarms:read"):
        return []
    like = col(AlarmGroup.root_object).icontains(text, autoescape=True)
    rows = select(AlarmGroup).where(like, col(AlarmGroup.over_at).is_(None))
    return list(turn.session.exec(rows.order_by(col(AlarmGroup.circuits).desc()).limit(MOST)))
