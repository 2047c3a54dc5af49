"""How ready customers are for care from end to end: reach × accuracy × linkage, from 0 to 1.

reach: how much of their circuits element managers see. accuracy: how much of what is recorded is
right, by audits and discrepancies. linkage: whether work about them finds its way (account manager,
contacts, tickets that name a circuit). Weights: policy "archives". Counted each night.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, func, insert, or_, select, union, update
from sqlmodel import Session, col

from records import (
    AffectedCircuit,
    Audit,
    Circuit,
    Contact,
    Customer,
    Device,
    Discrepancy,
    Hop,
    Person,
    Readiness,
    Ticket,
)
from tasks import policies

Map = Mapping[str, Any]
DIGITS = 4  # of a share


class Counting:
    """The customers with ids from `first` to `last`, all at once."""

    def __init__(self, session: Session, first: int, last: int, now: datetime) -> None:
        self.session, self.first, self.last, self.now = session, first, last, now
        self.rules: Map = policies.current(session, "archives").content["readiness"]
        self.since = now - timedelta(days=self.rules["history_days"])

    def ask(self, rows: Select[Any], of: Any) -> dict[int, tuple[Any, ...]]:
        told = self.session.execute(rows.where(of.between(self.first, self.last)).group_by(of))
        return {row[0]: tuple(row[1:]) for row in told}

    def reach(self) -> dict[int, tuple[Any, ...]]:
        """The share that is seen, and the circuits."""
        weights = self.rules["reach"]
        seen = case(weights, value=col(Circuit.manageability), else_=0.0)
        of = col(Circuit.customer_id)
        return self.ask(select(of, func.avg(1.0 * seen), func.count()), of)

    def hops(self) -> dict[int, tuple[Any, ...]]:
        of = col(Circuit.customer_id)
        join = select(of, func.count()).join(Hop, col(Hop.circuit_id) == col(Circuit.id))
        return self.ask(join, of)

    def audits(self) -> dict[int, tuple[Any, ...]]:
        """Circuits audited, items checked, items wrong."""
        of = col(Audit.customer_id)
        told = select(of, func.count(), func.sum(Audit.checked), func.sum(Audit.wrong))
        return self.ask(
            told.where(col(Audit.state) == "done", col(Audit.done_at) >= self.since), of
        )

    def open_discrepancies(self) -> dict[int, int]:
        """By customer: those that name the customer, a circuit or a device that carries one."""
        is_open = col(Discrepancy.settled_at).is_(None)
        here = col(Circuit.customer_id).between(self.first, self.last)
        direct = select(col(Discrepancy.customer_id), col(Discrepancy.id)).where(
            is_open, col(Discrepancy.customer_id).between(self.first, self.last)
        )
        circuits = (
            select(col(Circuit.customer_id), col(Discrepancy.id))
            .join(Circuit, col(Circuit.code) == col(Discrepancy.object))
            .where(is_open, here)
        )
        devices = (
            select(col(Circuit.customer_id), col(Discrepancy.id))
            .join(Device, col(Device.code) == col(Discrepancy.object))
            .join(Hop, col(Hop.device_id) == col(Device.id))
            .join(Circuit, col(Circuit.id) == col(Hop.circuit_id))
            .where(is_open, here)
        )
        every = union(direct, circuits, devices).subquery()
        customer = every.c[0]
        return dict(self.session.execute(select(customer, func.count()).group_by(customer)).all())  # type: ignore[arg-type]

    def people(self) -> dict[int, tuple[Any, ...]]:
        """Is there an account manager at work; a contact who can be called?"""
        of = col(Customer.id)
        told = (
            select(of, func.max(case((col(Person.active), 1.0), else_=0.0)),
                   func.max(case((col(Contact.phone) != "", 1.0), else_=0.0)))
            .outerjoin(Person, col(Person.login) == col(Customer.account_manager))
            .outerjoin(Contact, col(Contact.customer_id) == of)
        )  # fmt: skip
        return self.ask(told, of)

    def tickets(self) -> dict[int, tuple[Any, ...]]:
        """The share of lately opened tickets that name a circuit and ran in Baton."""
        of = col(Ticket.customer_id)
        names = (
            select(col(AffectedCircuit.id))
            .where(col(AffectedCircuit.ticket_id) == col(Ticket.id))
            .exists()
        )
        is_linked = and_(
            or_(col(Ticket.circuit_id).is_not(None), names), col(Ticket.run_id).is_not(None)
        )
        told = select(of, func.avg(case((is_linked, 1.0), else_=0.0)), func.count())
        return self.ask(told.where(col(Ticket.opened_at) >= self.since), of)


def count(session: Session, *, first: int, last: int, now: datetime) -> int:
    """Count the readiness of these customers anew; how many rows changed."""
    counting = Counting(session, first, last, now)
    told = _shares(counting)
    kept = select(Readiness).where(col(Readiness.customer_id).between(first, last))
    found = {row.customer_id: row for row in session.execute(kept).scalars()}
    new = [row for id, row in told.items() if id not in found]
    changed = [
        {"id": found[id].id, **row}
        for id, row in told.items()
        if id in found and _differs(found[id], row)
    ]
    if new:
        session.execute(insert(Readiness), new)
    if changed:
        session.execute(update(Readiness), changed)
        session.expire_all()
    return len(new) + len(changed)


def look(session: Session, customer_id: int, *, now: datetime) -> Readiness:
    """As it is now, without writing anything: the row is of no session."""
    told = _shares(Counting(session, customer_id, customer_id, now))
    return Readiness(**told[customer_id])


def of_customer(session: Session, customer_id: int, *, now: datetime) -> Readiness:
    """As it is now."""
    count(session, first=customer_id, last=customer_id, now=now)
    mine = select(Readiness).where(col(Readiness.customer_id) == customer_id)
    found: Readiness = session.execute(mine).scalars().one()
    return found


def accuracy_of(records: int, wrong: int, checked: int, bad: int) -> float:
    """The share of what is recorded that is right.

    Measured where something was audited: then what the audit found wrong counts against what it
    checked. Discrepancies that stand open count against all that is recorded, in any case.
    """
    measured = 1 - bad / checked if checked else 1.0
    standing = max(0.0, 1 - wrong / records) if records else 0.0
    return round(measured * standing, DIGITS)


def _shares(counting: Counting) -> dict[int, dict[str, Any]]:
    reach, hops, audits = counting.reach(), counting.hops(), counting.audits()
    wrong, people, tickets = counting.open_discrepancies(), counting.people(), counting.tickets()
    told = {}
    for id, (manager, contact) in people.items():
        seen, circuits = reach.get(id, (0.0, 0))
        audited, checked, bad = audits.get(id, (0, 0, 0))
        linked, opened = tickets.get(id, (1.0, 0))
        recorded = circuits + hops.get(id, (0,))[0]
        parts = {
            "reach": round(float(seen), DIGITS),
            "accuracy": accuracy_of(recorded, wrong.get(id, 0), int(checked), int(bad)),
            "linkage": _linkage(counting.rules["linkage"], manager, contact, linked),
        }
        facts = {"circuits": circuits, "recorded": recorded, "discrepancies": wrong.get(id, 0)}
        facts |= {"checked": int(checked), "wrong": int(bad), "tickets": opened}
        score = round(parts["reach"] * parts["accuracy"] * parts["linkage"], DIGITS)
        row = {"customer_id": id, "score": score, "audited": audited, "facts": facts}
        told[id] = row | parts | {"counted_at": counting.now}
    return told


def _linkage(weights: Map, manager: Any, contact: Any, tickets: Any) -> float:
    parts = {"account_manager": manager, "contact": contact, "tickets": tickets}
    full = sum(weights.values())
    gained = sum(weights[key] * float(part or 0) for key, part in parts.items() if key in weights)
    return round(gained / full, DIGITS) if full else 1.0


def _differs(row: Readiness, told: Map) -> bool:
    return any(getattr(row, key) != value for key, value in told.items() if key != "counted_at")
