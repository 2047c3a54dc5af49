"""Leads (商机): what a customer will want soon, noted by whoever hears of it, for their account
manager.

open ──take──▶ taken ──close──▶ won, lost
"""

from datetime import datetime

from sqlmodel import Session, col, select

from notifications import notices
from records import Customer, Lead, Person, history
from tasks.access.people import require
from tasks.refusals import NotAllowed, wrong

STATES = {
    "open": ("待跟进", "open"),
    "taken": ("跟进中", "taken"),
    "won": ("已成交", "won"),
    "lost": ("未成交", "lost"),
}
LONGEST = 2_000


def note(
    session: Session,
    customer_id: int,
    *,
    what: str,
    source: str,
    by: str,
    now: datetime,
    wanted_by: datetime | None = None,
) -> Lead:
    """Once for each source and wish; the account manager is told."""
    met = session.exec(
        select(Lead).where(
            Lead.customer_id == customer_id, Lead.source == source, Lead.what == what[:LONGEST]
        )
    ).first()
    if met is not None:
        return met
    customer = session.get_one(Customer, customer_id)
    lead = Lead(customer_id=customer_id, source=source, what=what[:LONGEST], wanted_by=wanted_by,
                owner=customer.account_manager, noted_by=by, noted_at=now)  # fmt: skip
    session.add(lead)
    session.flush()
    _record(session, lead, "lead noted", by, now, what=lead.what, owner=lead.owner)
    _tell_owner(session, lead, customer, now)
    return lead


def take(session: Session, lead: Lead, *, by: Person, now: datetime) -> None:
    require(by, "leads:keep")
    _require_open(lead)
    lead.state, lead.owner = "taken", by.login
    _record(session, lead, "lead taken", by.login, now)


def close(
    session: Session, lead: Lead, *, is_won: bool, note: str, by: Person, now: datetime
) -> None:
    require(by, "leads:keep")
    _require_open(lead)
    if not note.strip():
        raise wrong("note", "请写明结果", "Say what came of it")
    lead.state, lead.note, lead.closed_at = "won" if is_won else "lost", note.strip(), now
    _record(session, lead, "lead closed", by.login, now, is_won=is_won, note=lead.note)


def _tell_owner(session: Session, lead: Lead, customer: Customer, now: datetime) -> None:
    owner = session.exec(select(Person).where(Person.login == lead.owner, col(Person.active)))
    person = owner.first()
    if person is not None:
        facts = {"customer": customer.name, "what": lead.what}
        told = {"template": "lead_noted", "facts": facts, "key": f"lead:{lead.id}"}
        notices.tell(session, to=person, **told, subject=f"lead:{lead.id}", now=now)  # type: ignore[arg-type]


def _require_open(lead: Lead) -> None:
    if lead.closed_at:
        zh, en = STATES[lead.state]
        raise NotAllowed(f"商机 {lead.id} 已办结({zh})", f"Lead {lead.id} is {en} already")


def _record(
    session: Session, lead: Lead, verb: str, by: str, now: datetime, **told: object
) -> None:
    history.record(session, verb, subject=f"lead:{lead.id}", by=by, at=now, also=told)
