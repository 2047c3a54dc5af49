"""Suspending a whole ticket (挂起), with its open work orders, and taking it up again (解挂).

Why a clock may stop and who may allow it: suspensions.py. A single order: work_orders.py. The time
of children (副单) is their parent's, so it stops and goes on with it until they are restored.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from records import Person, Ticket, WorkOrder, history
from tasks import work_orders
from tasks.faults.tickets import children, move, record, require
from tasks.sla.suspensions import check_suspension


def suspend(
    session: Session,
    ticket: Ticket,
    *,
    reason: str,
    evidence: str,
    resume_at: datetime,
    customer_told: bool,
    by: Person,
    now: datetime,
) -> None:
    """Stop the clock until `resume_at`, or lengthen the stop of a ticket that is suspended."""
    told: dict[str, Any] = {"reason": reason, "evidence": evidence}
    check_suspend(session, ticket, **told, resume_at=resume_at, by=by, now=now)
    if ticket.state == "suspended":
        ticket.renewals += 1
    else:
        ticket.resume_state = ticket.state
        _suspend_orders(session, ticket, by.login, now)
    ticket.resume_at = resume_at
    told |= {"customer_told": customer_told, "resume_at": resume_at.isoformat()}
    move(session, "suspended", ticket, "suspended", by.login, now, **told)
    _tell_children(session, ticket, "suspended with its parent", by.login, now, **told)


def resume(
    session: Session, ticket: Ticket, *, by: str, now: datetime, planned: bool = False
) -> bool:
    """Go on. False, and nothing is done, if it goes on already or the stop was lengthened.

    `planned`: the time has come by itself, so only if it is still the planned one.
    """
    is_early = planned and ticket.resume_at is not None and ticket.resume_at > now
    if ticket.state != "suspended" or is_early:
        return False
    state, ticket.resume_state = ticket.resume_state or "accepted", ""
    ticket.resume_at, ticket.renewals = None, 0
    for order in _orders(session, ticket):
        if order.state == "suspended" and order.resume_at is None:
            work_orders.resume(session, order, by=None, now=now)
    move(session, "resumed", ticket, state, by, now, planned=planned)
    _tell_children(session, ticket, "resumed with its parent", by, now)
    return True


def check_suspend(
    session: Session,
    ticket: Ticket,
    *,
    reason: str,
    evidence: str,
    resume_at: datetime,
    by: Person,
    now: datetime,
) -> None:
    require("suspend", ticket)
    renewals = ticket.renewals + 1 if ticket.state == "suspended" else 0
    told: dict[str, Any] = {"reason": reason, "evidence": evidence, "resume_at": resume_at}
    check_suspension(session, **told, renewals=renewals, by=by, now=now)


def _suspend_orders(session: Session, ticket: Ticket, by: str, now: datetime) -> None:
    """Those that are suspended on their own account stay so, with their own time."""
    for order in _orders(session, ticket):
        if order.state == "suspended":
            continue
        if order.state != "waiting_internal":
            order.resume_state = order.state
        told: dict[str, Any] = {"work_order": order.id, "element": order.element}
        told |= {"was": order.state, "is": "suspended", "ticket": ticket.id}
        order.state = "suspended"
        subject = f"run:{order.run_id}"
        history.record(session, "suspended", subject=subject, by=by, at=now, **told)


def _orders(session: Session, ticket: Ticket) -> list[WorkOrder]:
    is_open = col(WorkOrder.finished_at).is_(None)
    mine = select(WorkOrder).where(WorkOrder.ticket_id == ticket.id, is_open)
    return list(session.exec(mine.order_by(col(WorkOrder.id))))


def _tell_children(
    session: Session, ticket: Ticket, verb: str, by: str, now: datetime, **told: Any
) -> None:
    for child in children(session, ticket):
        if child.state in ("merged", "following"):
            record(session, verb, child, by, now, parent=ticket.id, **told)
