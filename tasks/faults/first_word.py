"""The first word to customers about a fault that we found: before they call, as soon as we know.

Told: which circuits, what is known of it, by when it should be back, when they hear again. Called
by services/tickets.py for a ticket's own customer, by bpmn/group_tickets.py for what comes later
and for circuits that only lost their second way. To whom, and by when: notice_choice.py; how it
goes on: promises.py; who was first: told_first.py.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from notifications import notices
from records import AlarmGroup, Notice, Ticket
from records.transactions import remembered
from tasks.faults import notice_choice
from tasks.faults.contacts import contacts_of, tell_each
from tasks.faults.impact import circuit_codes, named
from tasks.faults.root_words import known_of
from tasks.faults.tickets import record
from tasks.sla import clocks
from tasks.sla.durations import when

MOST = 50  # circuits that are listed; of more, the list says how many


def tell_known(session: Session, ticket: Ticket, *, key: str, by: str, now: datetime) -> int:
    """我们已知道, to every contact of the ticket's customer, where the table means them; how many.
    An outage is urgent."""
    choice = notice_choice.of(session, ticket)
    contacts = contacts_of(session, ticket.customer_id) if choice.is_meant(ticket.grade) else []
    if not contacts:
        return 0
    told: dict[str, Any] = {"template": "fault_known", "facts": _facts(session, ticket, now)}
    told |= {"key": key, "subject": f"ticket:{ticket.id}", "latest": choice.latest(now)}
    tell_each(session, ticket, contacts, is_urgent=ticket.impact == "outage", now=now, **told)
    names = [contact.name for contact in contacts]
    record(session, "customer told", ticket, by, now, told=names)
    return len(contacts)


def tell_untold(session: Session, tickets: Sequence[Ticket], *, by: str, now: datetime) -> int:
    """The table means more customers than before; how many tickets' were told only now."""
    subjects = {f"ticket:{ticket.id}": ticket for ticket in tickets}
    about = select(Notice.subject).where(col(Notice.subject).in_(subjects))
    told = set(session.exec(about.where(Notice.template == "fault_known")))
    late = [ticket for subject, ticket in subjects.items() if subject not in told]
    keys = [f"known-{ticket.id}" for ticket in late]
    return sum(
        tell_known(session, ticket, key=key, by=by, now=now) > 0
        for ticket, key in zip(late, keys, strict=True)
    )


def tell_at_risk(
    session: Session,
    ticket: Ticket,
    customer: int,
    codes: list[str],
    *,
    by: str,
    now: datetime,
) -> int:
    """Circuits of this customer run on their second way only: not urgent, but theirs to know."""
    contacts = contacts_of(session, customer)
    facts: dict[str, Any] = {
        "ticket": ticket.number,
        "circuit": named(codes),
        "circuits": _list(codes),
    }
    facts["known"] = _known(session, ticket)
    told: dict[str, Any] = {"template": "at_risk", "facts": facts, "now": now}
    told |= {"key": f"at-risk-{ticket.id}-{customer}", "subject": f"ticket:{ticket.id}"}
    told["latest"] = notice_choice.of(session, ticket).latest(now)
    states = notices.tell_contacts(session, contacts, **told)
    if states:
        names = [contact.name for contact in contacts]
        record(session, "customer told of a risk", ticket, by, now, customer=customer, told=names)
    return len(states)


def _facts(session: Session, ticket: Ticket, now: datetime) -> dict[str, Any]:
    codes, every = circuit_codes(session, ticket), ticket.limit.get("progress_every")
    return {
        "ticket": ticket.number,
        "circuit": named(codes) or ticket.title,
        "circuits": _list(codes),
        "is_degraded": ticket.impact != "outage",
        "known": _known(session, ticket),
        "expected": _expected(session, ticket, now),
        "next_at": when(now + timedelta(minutes=every)) if every else None,
    }


def _list(codes: list[str]) -> list[str] | None:
    if len(codes) < 2:
        return None
    return codes if len(codes) <= MOST else [*codes[:MOST], f"… ({len(codes)})"]


def _known(session: Session, ticket: Ticket) -> Any:
    """Of the newest root; for all children of one parent asked but once."""
    parent, known = ticket.parent_id or ticket.id, remembered(session, "roots of tickets")
    if parent not in known:
        root = select(AlarmGroup.root_kind, AlarmGroup.cause, AlarmGroup.impact)
        newest = root.order_by(col(AlarmGroup.id).desc()).limit(1)
        found = session.exec(newest.where(AlarmGroup.ticket_id == parent)).first()
        known[parent] = known_of(*found) if found else None
    return known[parent]


def _expected(session: Session, ticket: Ticket, now: datetime) -> str:
    """As somebody said of it, else by the end of the limit; "—" while there is none."""
    parent = session.get(Ticket, ticket.parent_id) if ticket.parent_id else None
    said = ticket.expected_at or (parent.expected_at if parent else None)
    if said and said > now:
        return when(said)
    if ticket.state == "following" and ticket.opened_at == now:
        due = _at_first(ticket)  # it costs a third of all that opening a child does
    else:
        found = clocks.read_all(session, ticket, now)
        due = next((clock.due_at for clock in found if clock.name == "restore"), None)
    return when(due) if due else "—"


def _at_first(ticket: Ticket) -> datetime | None:
    """When its restore clock is due, that has just begun; as for outages, day and night."""
    minutes = ticket.limit.get("restore")
    travel = timedelta(minutes=ticket.limit.get("travel") or 0)
    return ticket.opened_at + timedelta(minutes=minutes) + travel if minutes else None
