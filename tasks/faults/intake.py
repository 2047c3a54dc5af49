"""How a fault comes in: which circuit is meant, whose it is, and whether a ticket for it is open.

One open ticket for each `open_key`; what else comes under that key is added to it (追单). Called by
bpmn/tickets.py, which starts the run as well. What happens to a ticket afterwards: tickets.py.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from records import AffectedCircuit, Alarm, Circuit, Customer, Device, Site, Ticket, history
from tasks.faults.impact import best, grades_hit
from tasks.network import alarms
from tasks.refusals import NotFound, wrong

SOURCES = ("customer", "alarm", "inspection")
IMPACTS = {"outage": "中断", "degraded": "劣化", "consultation": "咨询"}
OVER = ("closed", "cancelled", "merged")


def open_ticket(
    session: Session,
    *,
    source: str,
    started_at: datetime,
    by: str,
    now: datetime,
    circuit: Circuit | None = None,
    device: Device | None = None,
    open_key: str | None = None,
    impact: str = "outage",
    **told: Any,
) -> Ticket:
    """A new ticket (its `run_id` is None), or the one that is open under this key already.

    `told`: title, symptom, reporter, phone, cause. The grade is the better of customer and circuit.
    """
    check_fault(source, impact, started_at, now)
    found = find_open(session, open_key) if open_key else None
    if found:
        return found
    customer = session.get_one(Customer, circuit.customer_id) if circuit else None
    ticket = Ticket(
        source=source,
        open_key=open_key,
        customer_id=customer.id if customer else None,
        circuit_id=circuit.id if circuit else None,
        device_id=device.id if device else None,
        grade=best(grades_hit(session, circuit, device)),
        impact=impact,
        title=told.pop("title", "") or title_of(customer, circuit, device, impact),
        calls=1 if source == "customer" else 0,
        called_at=now if source == "customer" else None,
        started_at=started_at,
        opened_at=now,
        plan_look_at=now,
        **told,
    )
    return _insert(session, ticket, by)


def find_open(session: Session, open_key: str) -> Ticket | None:
    """The open ticket of this key; where that was merged, its parent.

    Locked on PostgreSQL: of several reports that come at once, each is added to the one before.
    """
    of_key = select(Ticket).where(Ticket.open_key == open_key).with_for_update()
    ticket = session.exec(of_key.execution_options(populate_existing=True)).first()
    while ticket and ticket.parent_id and ticket.state == "merged":
        ticket = session.get_one(Ticket, ticket.parent_id, with_for_update=True)
    return ticket


def find_open_of(session: Session, circuit: Circuit, source: str | None = None) -> Ticket | None:
    """The oldest open ticket of the customer's about this circuit, from whatever source or from
    this one; also where it is one of many that a fault hits."""
    hit = select(AffectedCircuit.ticket_id).where(
        AffectedCircuit.circuit_id == circuit.id, col(AffectedCircuit.until).is_(None)
    )
    is_hit = col(Ticket.id).in_(hit) & (Ticket.customer_id == circuit.customer_id)
    is_about = (col(Ticket.circuit_id) == circuit.id) | is_hit
    about = select(Ticket).where(is_about, col(Ticket.state).not_in(OVER))
    if source:
        about = about.where(Ticket.source == source)
    return session.exec(about.order_by(col(Ticket.id))).first()


def append_alarm(session: Session, ticket: Ticket, alarm: Alarm, *, by: str, now: datetime) -> None:
    """追单: a later alarm, or one more of the first, goes to the open ticket."""
    new = alarms.settle(alarm, ticket.id)
    ticket.alarms += new
    told = {"alarm": alarm.id, "object": alarm.object, "cause": alarm.cause, "reports": new}
    history.record(session, "alarm added", subject=f"ticket:{ticket.id}", by=by, at=now, **told)


def find_circuit(
    session: Session, *, code: str = "", customer: str = "", city: str = ""
) -> Circuit:
    """By its code, or by the customer's name or code and the city of either end."""
    if code:
        circuit = session.exec(select(Circuit).where(Circuit.code == code)).first()
        if circuit is None:
            zh = f"没有电路 {code},请核对,或填客户和城市"
            raise NotFound(zh, f"There is no circuit {code}: check it, or give customer and city")
        return circuit
    return _the_only(_circuits_of(session, customer, city), customer, city)


def title_of(
    customer: Customer | None, circuit: Circuit | None, device: Device | None, impact: str
) -> str:
    if customer and circuit:
        return title_for(customer, [circuit.code], impact)
    return f"{device.name if device else '故障'} {IMPACTS[impact]}"


def title_for(customer: Customer, codes: Sequence[str], impact: str) -> str:
    more = f" 等 {len(codes)} 条" if len(codes) > 1 else ""
    return f"{customer.name} {codes[0]}{more} {IMPACTS[impact]}"


def check_fault(source: str, impact: str, started_at: datetime, now: datetime) -> None:
    if source not in SOURCES:
        known = ", ".join(SOURCES)
        raise wrong("source", f"来源应为 {known} 之一", f"The source is one of {known}")
    if impact not in IMPACTS:
        known = ", ".join(IMPACTS)
        raise wrong("impact", f"影响应为 {known} 之一", f"The impact is one of {known}")
    if started_at > now + alarms.FUTURE:
        raise wrong("started_at", "开始时间在未来,请更正", "It began in the future: correct it")
    if started_at < alarms.EARLIEST:
        raise wrong("started_at", "开始时间过早,请更正", "It began too long ago: correct it")


def _insert(session: Session, ticket: Ticket, by: str) -> Ticket:
    key, now = ticket.open_key, ticket.opened_at
    try:
        with history.savepoint(session):
            session.add(ticket)
            session.flush()
    except IntegrityError:
        # Another session opened it a moment ago; ours is one more report of the same fault.
        first = find_open(session, key) if key else None
        if first is None:
            raise
        return first
    record_opening(session, ticket, by, now)
    return ticket


def record_opening(session: Session, ticket: Ticket, by: str, now: datetime, **more: Any) -> None:
    names = ("number", "source", "title", "grade", "impact", "symptom", "reporter", "phone")
    told: dict[str, Any] = {name: getattr(ticket, name) for name in names}
    told |= {"circuit": ticket.circuit_id, "device": ticket.device_id, "key": ticket.open_key}
    told["started_at"] = ticket.started_at.isoformat()
    told |= more
    history.record(session, "opened", subject=f"ticket:{ticket.id}", by=by, at=now, **told)


def _circuits_of(session: Session, customer: str, city: str) -> Sequence[Circuit]:
    is_theirs = (col(Customer.name) == customer) | (col(Customer.code) == customer)
    sites = select(Site.id).where(Site.city == city)
    touches = col(Circuit.a_site_id).in_(sites) | col(Circuit.z_site_id).in_(sites)
    found = select(Circuit).join(Customer, col(Customer.id) == col(Circuit.customer_id))
    return session.exec(found.where(is_theirs, touches).order_by(Circuit.code).limit(20)).all()


def _the_only(circuits: Sequence[Circuit], customer: str, city: str) -> Circuit:
    if not circuits:
        raise NotFound(
            f"客户“{customer}”在{city}没有电路,请核对名称和城市",
            f"The customer “{customer}” has no circuit in {city}: check name and city",
        )
    if len(circuits) > 1:
        codes = ", ".join(circuit.code for circuit in circuits)
        raise wrong(
            "circuit_code",
            f"该客户在{city}有多条电路,请选一条:{codes}",
            f"This customer has several circuits in {city}, choose one: {codes}",
        )
    return circuits[0]
