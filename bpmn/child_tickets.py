"""Child tickets with a way of their own, and their runs: opened in batches, told of their parent.

The tick (workflows/child_tickets.py) calls each of these in a transaction of its own, so that a
cable cut with hundreds of customers holds nobody up; what was not done yet is found by the next
one. The rules: tasks/faults/child_tickets.py; who is hit: group_tickets.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bpmn import library, runs
from notifications import notices
from records import AffectedCircuit, Circuit, Customer, Run, Subscription, Ticket, WorkOrder
from records.customers import GRADES
from records.database import QuickSession
from tasks.faults import child_tickets, contacts, first_word, tickets
from tasks.faults.impact import facts_of, facts_with
from tasks.network import affected_circuits
from tasks.network.affected_circuits import AT_RISK

DIAGRAM = "customer_impact"
BATCH = 25  # children opened in one transaction
MOST = 5_000
BY = "alarms"
STRAY = "own_fault"  # the end of a run whose customer was not satisfied
BUSY = ("accepted", "en_route", "on_site", "waiting_internal")  # of an order: somebody has it
_RANK = case({grade: rank for rank, grade in enumerate(GRADES)}, value=col(Customer.grade))
_PARENT, _CHILD = aliased(Ticket), aliased(Ticket)
_WAITS = col(AffectedCircuit.waits_since).is_not(None)

Rows = Mapping[int, Sequence[Any]]  # affected circuits, by customer


def find_waiting(session: Session, *, now: datetime) -> list[int]:
    """Parents with customers who have no child yet, of the MOST circuits that wait the longest."""
    since = col(AffectedCircuit.waits_since)
    waiting = select(AffectedCircuit.ticket_id).where(since <= now).order_by(since).limit(MOST)
    return list(dict.fromkeys(session.exec(waiting)))


def open_some(session: Session, parent_id: int, *, now: datetime, limit: int = BATCH) -> int:
    """Children for the customers of the best grades that have none; how many customers."""
    parent = session.get_one(Ticket, parent_id, with_for_update=True)
    customers = _next(session, parent, now, limit)
    open_for(session, parent, customers, now=now)
    return len(customers)


def open_for(
    session: Session, parent: Ticket, customers: Iterable[int], *, now: datetime, by: str = BY
) -> None:
    """A child for each: new; his own ticket, that turns out to be about this; or the one there is,
    which has more circuits now."""
    rows = affected_circuits.by_customer(session, parent, customers)
    if parent.state not in tickets.OPEN:
        affected_circuits.change(session, _ids(rows), waits_since=None)
        return
    there = _children_of(session, parent, rows)
    called = _called(session, parent, {key: rows[key] for key in rows.keys() - there.keys()})
    for key, child in there.items():
        _add_to(session, child, rows[key], by, now)
    for key, ticket in called.items():
        affected_circuits.move(session, [row.id for row in rows[key]], ticket.id)
        turn(session, ticket, parent, by=by, now=now)
    new = {key: told for key, told in rows.items() if key not in there and key not in called}
    _open_new(session, parent, new, by, now)
    session.flush()


def turn(session: Session, ticket: Ticket, parent: Ticket, *, by: str, now: datetime) -> None:
    """A customer's own ticket is about the parent's fault: a child from now on, with its number.
    Where somebody repairs something for it already, that goes on, and they know of this."""
    if _is_in_repair(session, ticket):
        told = {"parent": parent.id, "number": parent.number}
        tickets.record(session, "circuits added", ticket, by, now, **told)
        ticket.priority = ticket.priority or parent.priority
        return
    child_tickets.join(session, ticket, parent, by=by, now=now)
    runs.end_of(session, ticket.run_id, reason=parent.number, by=by, now=now)
    data = _data(session, ticket, affected_circuits.all_of(session, ticket))
    about = f"ticket:{ticket.id}"
    ticket.run_id = runs.start(session, DIAGRAM, data, by=by, now=now, subject=about).id


def open_for_call(
    session: Session, circuit: Circuit, impact: str, *, now: datetime
) -> Ticket | None:
    """A customer calls whose circuit a fault has hit, but who has no child yet: now they have. One
    who was only at risk is hit after all."""
    row = _row_on_parent(session, circuit) if impact != "consultation" else None
    if row is None:
        return None
    if row.impact == AT_RISK:
        affected_circuits.change(session, [row.id], impact=impact)
    parent = session.get_one(Ticket, row.ticket_id, with_for_update=True)
    open_for(session, parent, [row.customer_id], now=now)
    return session.get_one(Ticket, _ticket_of(session, row.id))


def move(session: Session, child: Ticket, parent: Ticket, *, by: str, now: datetime) -> None:
    """To another parent, that is open and no child itself."""
    tickets.check_parent(child, parent)
    child_tickets.move_to(session, child, parent, by=by, now=now)


def find_untold(session: Session, of: int | None = None, limit: int = 500) -> dict[int, str]:
    """Children (or one) whose run waits for what has happened to their parent already, and the
    message."""
    state = _PARENT.state
    restored, closed = ("restored", "called_back", "closed"), ("closed", "cancelled")
    is_told = or_(
        and_(col(Subscription.name) == "parent_restored", col(state).in_((*restored, "cancelled"))),
        and_(col(Subscription.name) == "parent_closed", col(state).in_(closed)),
        and_(
            col(Subscription.name) == "parent_reopened",
            col(state).in_(tickets.BEFORE_REPAIR_IS_DONE),
        ),
    )
    found = (
        select(_CHILD.id, Subscription.name)
        .join(Subscription, col(Subscription.run_id) == col(_CHILD.run_id))
        .join(_PARENT, col(_PARENT.id) == col(_CHILD.parent_id))
        .where(is_told, col(_CHILD.id) == of if of else true())
    )
    return dict(session.exec(found.order_by(col(_CHILD.id)).limit(limit)).all())


def tell(session: Session, child_id: int, message: str, *, now: datetime) -> bool:
    """False where its run does not wait for it any more."""
    subject = f"ticket:{child_id}"
    return runs.send(session, "message", message, {}, subject=subject, by=BY, now=now) > 0


def find_called_back(session: Session) -> list[int]:
    """Parents that wait for the call-backs of their children, which are all made."""
    of_parent = col(_CHILD.parent_id) == col(Ticket.id)
    uncalled = select(_CHILD.id).where(of_parent, col(_CHILD.state).in_(child_tickets.UNCALLED))
    unopened = select(AffectedCircuit.id).where(AffectedCircuit.ticket_id == Ticket.id, _WAITS)
    waiting = (
        select(Ticket.id)
        .join(Subscription, col(Subscription.run_id) == col(Ticket.run_id))
        .where(Subscription.name == "children_called_back")
    )
    return list(session.exec(waiting.where(~uncalled.exists(), ~unopened.exists())))


def find_strays(session: Session) -> list[int]:
    """Tickets that have left their parent, and whose run is over."""
    has_left = (col(Run.end) == STRAY) & (col(Run.diagram_key) == DIAGRAM)
    found = select(Ticket.id).join(Run, col(Run.id) == col(Ticket.run_id))
    return list(session.exec(found.where(has_left, Ticket.state == "new")))


def put_off(session: Session, parent_id: int, *, until: datetime, now: datetime) -> None:
    """The first of those who wait cannot be helped now: they are tried again then."""
    parent = session.get_one(Ticket, parent_id)
    rows = affected_circuits.by_customer(session, parent, _next(session, parent, now, 1))
    affected_circuits.change(session, _ids(rows), waits_since=until)


def _next(session: Session, parent: Ticket, now: datetime, limit: int) -> list[int]:
    is_due = col(AffectedCircuit.waits_since) <= now
    waiting = (
        select(AffectedCircuit.customer_id)
        .join(Customer, col(Customer.id) == col(AffectedCircuit.customer_id))
        .where(AffectedCircuit.ticket_id == parent.id, is_due)
        .group_by(col(AffectedCircuit.customer_id))
        .order_by(func.min(_RANK), col(AffectedCircuit.customer_id))
    )
    return list(session.exec(waiting.limit(limit)))


def _children_of(session: Session, parent: Ticket, rows: Rows) -> dict[int, Ticket]:
    states = ("following", "restored", "called_back")
    mine = select(Ticket).where(
        Ticket.parent_id == parent.id,
        col(Ticket.customer_id).in_(rows),
        col(Ticket.state).in_(states),
    )
    return {child.customer_id or 0: child for child in session.exec(mine)}


def _called(session: Session, parent: Ticket, rows: Rows) -> dict[int, Ticket]:
    """Of those who called before we knew: their oldest open ticket about one of these circuits."""
    circuits = [row.circuit_id for told in rows.values() for row in told]
    mine = select(Ticket).where(
        col(Ticket.circuit_id).in_(circuits),
        col(Ticket.customer_id).in_(rows),
        Ticket.source == "customer",
        Ticket.id != parent.id,
        col(Ticket.parent_id).is_(None),
        col(Ticket.state).in_(tickets.ALLOWED["join"]),
    )
    newest_first = mine.order_by(col(Ticket.id).desc()).with_for_update()
    return {ticket.customer_id or 0: ticket for ticket in session.exec(newest_first)}


def _is_in_repair(session: Session, ticket: Ticket) -> bool:
    has_it = col(WorkOrder.state).in_(BUSY) & col(WorkOrder.finished_at).is_(None)
    mine = select(WorkOrder.id).where(WorkOrder.ticket_id == ticket.id, WorkOrder.stage == "repair")
    return session.exec(mine.where(has_it)).first() is not None


def _add_to(session: Session, child: Ticket, rows: Sequence[Any], by: str, now: datetime) -> None:
    affected_circuits.move(session, [row.id for row in rows], child.id)
    tickets.record(session, "circuits added", child, by, now, circuits=len(rows))
    key = f"circuits-{child.id}-{min(row.id for row in rows)}"
    first_word.tell_known(session, child, key=key, by=by, now=now)


def _open_new(session: Session, parent: Ticket, rows: Rows, by: str, now: datetime) -> None:
    """The customers are held, so that nobody who is told needs them read again."""
    customers = session.exec(select(Customer).where(col(Customer.id).in_(rows))).all()
    if not customers:
        return
    loaded = library.current(session, DIAGRAM)
    told = [(customer, rows[customer.id]) for customer in customers]
    contacts.foresee(session, rows)
    children = child_tickets.open_children(session, parent, told, by=by, now=now)
    subjects = [f"ticket:{child.id}" for child in children]
    entered = runs.enter(session, DIAGRAM, loaded, subjects, by=by, now=now)
    with notices.together(session):
        for child, run in zip(children, entered, strict=True):
            if isinstance(session, QuickSession):
                session.has_locked(child)
            hit, child.run_id = rows[child.customer_id or 0], run.id
            affected_circuits.foresee(session, child, list(hit))
            runs.set_out(session, run, loaded, _data(session, child, hit), by=by, now=now)


def _data(session: Session, child: Ticket, rows: Sequence[Any]) -> dict[str, Any]:
    return {"ticket": facts_with(session, child, rows) if rows else facts_of(session, child)}


def _row_on_parent(session: Session, circuit: Circuit) -> AffectedCircuit | None:
    is_open = col(Ticket.state).in_(tickets.BEFORE_REPAIR_IS_DONE | {"suspended"})
    is_parents = col(Ticket.customer_id).is_distinct_from(circuit.customer_id)
    mine = (
        select(AffectedCircuit)
        .join(Ticket, col(Ticket.id) == col(AffectedCircuit.ticket_id))
        .where(AffectedCircuit.circuit_id == circuit.id, col(AffectedCircuit.until).is_(None))
    )
    return session.exec(mine.where(is_open, is_parents).order_by(col(AffectedCircuit.id))).first()


def _ticket_of(session: Session, row: int) -> int:
    return session.exec(select(AffectedCircuit.ticket_id).where(AffectedCircuit.id == row)).one()


def _ids(rows: Rows) -> list[int]:
    return [row.id for told in rows.values() for row in told]
