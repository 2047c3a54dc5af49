"""Fault tickets: the list, and one ticket with where its time goes, its clocks and its orders."""

from typing import Annotated, Any

from fastapi import Query
from sqlmodel import col, select
from starlette.responses import Response

from api.deps import Id, Turn, allow
from api.pages import answers, ticket_sheets
from api.pages.pages import again_by, first, go, make_pages, show, typed
from api.paging import Asked, narrow, page
from api.tickets import SORTS, take
from bpmn import tickets
from records import Ticket
from records.customers import GRADES
from tasks import sheet_search
from tasks.faults.intake import OVER

router = make_pages()
FILTERS = {"grade": col(Ticket.grade), "level": col(Ticket.level)}
LEVELS = ("F1", "F2", "F3", "F4")


class Wanted(Asked):
    """What the address says."""

    q: str | None = None
    grade: str | None = None
    level: str | None = None
    over: bool = False
    limit: int = 30


@router.get("/tickets")
def list_tickets(asked: Annotated[Wanted, Query()], turn: Turn = allow("tickets:read")) -> Response:
    rows = narrow(select(Ticket), asked, FILTERS)
    if asked.q:
        rows = rows.where(col(Ticket.id).in_(sheet_search.find(turn.session, asked.q).tickets))
    state = col(Ticket.state)
    rows = rows.where(state.in_(OVER) if asked.over else state.not_in(OVER))
    found = page(turn.session, rows, asked, sorts=SORTS, default="-opened_at", show=_as_it_is)
    return show(
        turn,
        "tickets/list.html",
        tickets=found.items,
        next=found.next,
        asked=asked,
        grades=GRADES,
        levels=LEVELS,
    )


@router.get("/tickets/new")
def show_intake(turn: Turn = allow("tickets:open")) -> Response:
    """受理: what is asked while the customer is on the telephone."""
    schema = tickets.intake_form().schema
    return show(turn, "tickets/new.html", schema=schema, given={}, kind_of=answers.kind_of)


@router.post("/tickets")
@again_by(show_intake)
def report(turn: Turn = allow("tickets:open", raw=True)) -> Response:
    """A new ticket; or, where one is open for the circuit, a call that is noted on it."""
    given = answers.read(tickets.intake_form().schema, typed(turn))
    ticket = tickets.report(turn.session, given, by=turn.person, now=turn.now)
    return go(f"/tickets/{ticket.id}")


@router.get("/tickets/{id}")
def show_ticket(id: Id, turn: Turn = allow("tickets:read")) -> Response:
    return show(turn, "tickets/show.html", **ticket_sheets.read(turn, turn.find(Ticket, id)))


@router.post("/tickets/{id}/calls")
@again_by(show_ticket)
def call_again(id: Id, turn: Turn = allow("tickets:open", raw=True)) -> Response:
    """催问: the customer calls again."""
    ticket, told = take(turn, id), typed(turn)
    words, caller = first(told, "words"), first(told, "caller")
    tickets.call_again(
        turn.session, ticket, words=words, caller=caller, by=turn.person, now=turn.now
    )
    return go(f"/tickets/{id}")


@router.post("/tickets/{id}/regrading")
@again_by(show_ticket)
def regrade(id: Id, turn: Turn = allow("tickets:steer", raw=True)) -> Response:
    """改级: the limits are worked out anew."""
    ticket, told = take(turn, id), typed(turn)
    given = {name: first(told, name) for name in ("grade", "impact", "reason")}
    tickets.regrade(turn.session, ticket, **given, by=turn.person, now=turn.now)
    return go(f"/tickets/{id}")


def _as_it_is(ticket: Ticket) -> Any:
    return ticket
