"""Child tickets (副单) with a way of their own: one for each customer whom a parent's fault hits.

Such a child follows its parent (state “following”) until that is restored, then its customer is
told and called back, and it is closed with its parent. One whose customer is not satisfied leaves
the parent and is a fault of its own. Which circuits it is about: affected_circuits.py; its run, and
when it moves: bpmn/child_tickets.py. What was merged into a parent has no way of its own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists
from sqlmodel import Session, col, select

from records import AffectedCircuit, Customer, Ticket
from tasks.faults.impact import best
from tasks.faults.intake import record_opening, title_for
from tasks.faults.tickets import end, move, record, require
from tasks.network import affected_circuits
from tasks.network.affected import worst

UNCALLED = ("new", "dispatched", "following", "restored", "suspended")
_UNCALLED = (  # built once: the last of 260 call-backs asks as the first does
    select(Ticket.id)
    .where(Ticket.parent_id == bindparam("parent"), col(Ticket.state).in_(UNCALLED))
    .order_by(col(Ticket.id))
)
_WAITING = exists().where(
    col(AffectedCircuit.ticket_id) == bindparam("parent"),
    col(AffectedCircuit.waits_since).is_not(None),
)


def open_children(
    session: Session,
    parent: Ticket,
    customers: Sequence[tuple[Customer, Sequence[Any]]],
    *,
    by: str,
    now: datetime,
) -> list[Ticket]:
    """One for each customer, with these of the parent's circuits. Their runs are yet to begin."""
    opened = [_child(parent, customer, rows, now) for customer, rows in customers]
    session.add_all(opened)
    session.flush()
    affected_circuits.give(session, parent, opened)
    for child, (_, rows) in zip(opened, customers, strict=True):
        record_opening(session, child, by, now, parent=parent.id, circuits=len(rows))
    if parent.state == "suspended":
        _stop_with(session, opened, parent, by, now)
    return opened


def join(session: Session, ticket: Ticket, parent: Ticket, *, by: str, now: datetime) -> None:
    """A customer's own ticket turns out to be about the parent's fault: it keeps its number."""
    require("join", ticket)
    stood, stops = ticket.state == "suspended", parent.state == "suspended"
    ticket.parent_id, ticket.priority = parent.id, ticket.priority or parent.priority
    ticket.resume_at, ticket.resume_state, ticket.renewals = None, "", 0
    told = {"parent": parent.id, "number": parent.number}
    move(session, "joined its parent", ticket, "following", by, now, **told)
    if stood is not stops:
        verb = "suspended with its parent" if stops else "resumed with its parent"
        record(session, verb, ticket, by, now, parent=parent.id)
    record(session, "child joined", parent, by, now, child=ticket.id, number=ticket.number)


def move_to(session: Session, child: Ticket, parent: Ticket, *, by: str, now: datetime) -> None:
    """Another ticket knows the root better (换主单)."""
    was = session.get_one(Ticket, child.parent_id)
    child.parent_id = parent.id
    record(session, "moved to parent", child, by, now, parent=parent.id, was_parent=was.id)
    stood, stops = was.state == "suspended", parent.state == "suspended"
    if stood is not stops and child.state == "following":
        verb = "suspended with its parent" if stops else "resumed with its parent"
        record(session, verb, child, by, now, parent=parent.id)


def restore(session: Session, child: Ticket, *, by: str, now: datetime) -> None:
    """业务恢复, as its parent was; never before it began itself."""
    require("restore_with_parent", child)
    parent = session.get_one(Ticket, child.parent_id)
    child.restored_at = max(child.started_at, parent.restored_at or parent.closed_at or now)
    told = {"parent": parent.id, "restored_at": child.restored_at.isoformat()}
    move(session, "restored with its parent", child, "restored", by, now, **told)


def reopen(session: Session, child: Ticket, *, by: str, now: datetime) -> None:
    """Its parent was not restored after all."""
    require("reopen_with_parent", child)
    child.reopened += 1
    child.restored_at = None
    told = {"parent": child.parent_id, "count": child.reopened}
    move(session, "reopened with its parent", child, "following", by, now, **told)


def leave(session: Session, child: Ticket, *, words: str, by: str, now: datetime) -> None:
    """Its customer is not satisfied though the parent is restored: a fault of its own from now on,
    and what they said is its report."""
    require("leave", child)
    parent = child.parent_id
    child.parent_id, child.restored_at, child.source = None, None, "customer"
    child.symptom, child.open_key = words or child.symptom, None
    child.reopened += 1
    told = {"parent": parent, "count": child.reopened, "words": words}
    move(session, "left its parent", child, "new", by, now, **told)


def close(session: Session, child: Ticket, *, by: str, now: datetime) -> None:
    """归档 with its parent, by the parent's six elements."""
    require("close", child)
    parent = session.get_one(Ticket, child.parent_id)
    child.closing, child.cause = dict(parent.closing), parent.cause
    told = {"parent": parent.id, "closing": child.closing}
    end(session, "closed with its parent", child, "closed", by, now, **told)


def count_uncalled(session: Session, parent: Ticket) -> int:
    """Children that were not called back yet; one more where some are not even open."""
    session.flush()
    told = {"parent": parent.id}
    is_waiting = session.execute(select(_WAITING), told).scalar_one()
    return len(session.execute(_UNCALLED, told).all()) + bool(is_waiting)


def _child(parent: Ticket, customer: Customer, rows: Sequence[Any], now: datetime) -> Ticket:
    impact = worst(row.impact for row in rows)
    impact = impact if impact in ("outage", "degraded") else parent.impact
    return Ticket(
        source="alarm",
        open_key=f"child:{parent.id}:{customer.id}",
        customer_id=customer.id,
        circuit_id=rows[0].circuit_id if len(rows) == 1 else None,
        parent_id=parent.id,
        state="following",
        grade=best({grade for row in rows for grade in (row.grade, row.customer_grade)}),
        impact=impact,
        priority=parent.priority,
        title=title_for(customer, [row.code for row in rows], impact),
        cause=parent.cause,
        started_at=parent.started_at,
        opened_at=now,
    )


def _stop_with(
    session: Session, opened: Sequence[Ticket], parent: Ticket, by: str, now: datetime
) -> None:
    for child in opened:
        record(session, "suspended with its parent", child, by, now, parent=parent.id)
