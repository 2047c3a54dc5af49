"""What the page of a work order shows: its form, who may take it, what was said and done."""

from typing import Any

from sqlmodel import col, select

from api.deps import Turn
from api.pages import answers, pictures, ticket_sheets
from api.pages.paper import spoken
from bpmn import library
from bpmn.pasts import replay
from records import Attachment, Circuit, Comment, Customer, Entry, Run, Ticket, WorkOrder
from tasks import candidates, suggestions
from tasks.access.groups import name_groups
from tasks.access.people import may
from tasks.learning import article_search, case_scripts
from tasks.sla.clocks import reasons_of
from tasks.work_orders import ALLOWED

NEWEST = 100  # entries of history
MOST = 2_000  # entries that say where a run stands
FEW = 3  # articles


def read(turn: Turn, order: WorkOrder) -> dict[str, Any]:
    session = turn.session
    ticket = session.get(Ticket, order.ticket_id) if order.ticket_id else None
    schema = form_of(turn, order)
    return {
        "order": order,
        "ticket": ticket,
        "customer": _of(turn, Customer, ticket.customer_id if ticket else None),
        "circuit": _of(turn, Circuit, ticket.circuit_id if ticket else None),
        "schema": schema,
        "kind_of": answers.kind_of,
        "given": answers.shown(schema, order.answers or order.draft),
        "verbs": verbs(turn, order),
        "groups": name_groups(session),
        "suggested": _suggested(turn, order),
        "reasons": reasons_of(session) if "suspend" in verbs(turn, order) else {},
        "comments": _comments(turn, order),
        "picture": _picture(turn, order),
        "files": _files(turn, order),
        **_knowledge(turn, order, ticket),
        **(ticket_sheets.read_time(turn, ticket) if ticket else {}),
        "entries": _entries(turn, order),
    }


def form_of(turn: Turn, order: WorkOrder) -> dict[str, Any]:
    """The JSON Schema of its answers; empty where it asks nothing."""
    run = turn.session.get_one(Run, order.run_id)
    loaded = library.load(turn.session, run.version_id, run.content_hash)
    return loaded.blueprint.forms.get(order.form) or {}


def verbs(turn: Turn, order: WorkOrder) -> set[str]:
    """What the viewer may do with it now."""
    person = turn.person
    if order.finished_at or not may(person, "work-orders:advance"):
        return set()
    steers, holds = may(person, "work-orders:assign"), order.holder == person.login
    is_free = order.holder in (None, person.login)
    is_theirs = holds or steers
    can = (
        {"claim", "accept"}
        if is_free and candidates.is_candidate(turn.session, order, person)
        else set()
    )
    can |= set(ALLOWED) - {"claim", "accept", "reassign"} if is_theirs else set()
    can |= {"reassign"} if steers else set()
    left_out = {"set_out", "arrive"} if not order.is_on_site else set()
    return {verb for verb in can - left_out if order.state in ALLOWED[verb]}


def _of(turn: Turn, table: Any, key: int | None) -> Any:
    return turn.session.get(table, key) if key else None


def _suggested(turn: Turn, order: WorkOrder) -> list[Any]:
    if order.finished_at or not may(turn.person, "work-orders:assign"):
        return []
    return suggestions.for_order(turn.session, order, turn.now)[:3]


def _picture(turn: Turn, order: WorkOrder) -> dict[str, Any] | None:
    """Its diagram, with what is done and what is open."""
    if not may(turn.person, "runs:read"):
        return None
    run = turn.session.get_one(Run, order.run_id)
    told = select(Entry).where(Entry.subject == f"run:{run.id}").order_by(col(Entry.seq))
    entries = list(turn.session.exec(told.limit(MOST)))
    return pictures.draw_run(turn.session, run, replay(entries), spoken(turn.request))


def _knowledge(turn: Turn, order: WorkOrder, ticket: Ticket | None) -> dict[str, list[Any]]:
    """What may help: articles, and what was pushed for such a case."""
    if ticket is None or not may(turn.person, "articles:read"):
        return {"articles": [], "scripts": []}
    text, cause = f"{ticket.symptom} {ticket.title}".strip(), ticket.cause
    found = article_search.suggest(turn.session, text, cause=cause, limit=FEW)
    steps = case_scripts.scripts_for(turn.session, text, cause=cause, now=turn.now)
    return {"articles": found, "scripts": steps[:FEW]}


def _files(turn: Turn, order: WorkOrder) -> list[Any]:
    """Without their content."""
    columns = [getattr(Attachment, name) for name in ("id", "name", "size", "by", "at")]
    mine = select(*columns).where(Attachment.work_order_id == order.id)
    return list(turn.session.execute(mine.order_by(col(Attachment.id))))


def _comments(turn: Turn, order: WorkOrder) -> list[Comment]:
    mine = select(Comment).where(Comment.work_order_id == order.id).order_by(col(Comment.id))
    return list(turn.session.exec(mine))


def _entries(turn: Turn, order: WorkOrder) -> list[Entry]:
    """What was done to it, the newest first."""
    told = select(Entry).where(Entry.subject == f"run:{order.run_id}")
    rows = turn.session.exec(told.order_by(col(Entry.seq).desc()).limit(NEWEST))
    return [one for one in rows if one.particulars.get("work_order") == order.id]
