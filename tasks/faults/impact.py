"""What a fault hits: circuits and their grades, sites, alarms that still stand.

Asked anew each time, by intake.py, by the services of tickets and by the doors; nothing is kept.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, or_
from sqlmodel import Session, col, func, select

from records import Alarm, Circuit, Customer, Device, Hop, Site, Ticket
from records.circuits import MANAGEABILITY
from records.customers import GRADES
from tasks.network import affected_circuits, alarm_rules
from tasks.network.affected_circuits import AT_RISK

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = (22, 6)  # from, to: hours in ZONE [D]
SITE_DOWN = ("powerProblem",)  # causes that take a whole site with them
OUTAGES = ("critical", "major")  # severities of X.733 that mean an outage


def facts_of(session: Session, ticket: Ticket) -> dict[str, Any]:
    """Small, and asked for anew at each decision: what may have changed is not kept in the run."""
    rows = affected_circuits.all_of(session, ticket) if is_of_group(ticket) else []
    return facts_with(session, ticket, rows) if rows else _facts_alone(session, ticket)


def facts_with(session: Session, ticket: Ticket, rows: Sequence[Any]) -> dict[str, Any]:
    """As facts_of, of a ticket with these affected circuits. One at risk only does not count,
    unless they all are."""
    down = [row for row in rows if row.impact != AT_RISK] or rows
    device = session.get(Device, ticket.device_id) if ticket.device_id else None
    products = {row.product for row in down}
    aaa = sum("AAA" in (row.grade, row.customer_grade) for row in down)
    by_children = _is_by_children(ticket, rows)
    return _said(ticket) | {
        "product": products.pop() if len(products) == 1 else "",
        "manageability": device.manageability if device else _seen(down, by_children),
        "circuits": len(down),
        "aaa": aaa,
        "is_remote": any(_is_county(row.a_county) or _is_county(row.z_county) for row in down),
        "by_children": by_children,  # its customers are told and called by those
    }


def _seen(rows: Sequence[Any], by_children: bool) -> str:
    """A circuit is as visible as its worst hop; what many share, as the best of them."""
    choose = max if by_children else min
    known: set[str] = {row.manageability for row in rows}
    return choose(known, key=MANAGEABILITY.index)


def has_only_children(session: Session, ticket: Ticket) -> bool:
    """Whether only its children's customers are to be told and called back."""
    if ticket.customer_id or not is_of_group(ticket):
        return False
    return _is_by_children(ticket, affected_circuits.all_of(session, ticket))


def is_of_group(ticket: Ticket) -> bool:
    """Whether it may have affected circuits: a group of alarms opened it, or its parent."""
    return bool(ticket.priority or ticket.parent_id)


def _is_by_children(ticket: Ticket, rows: Sequence[Any]) -> bool:
    return ticket.customer_id is None and any(row.impact != AT_RISK for row in rows)


def _facts_alone(session: Session, ticket: Ticket) -> dict[str, Any]:
    circuit = session.get(Circuit, ticket.circuit_id) if ticket.circuit_id else None
    device = session.get(Device, ticket.device_id) if ticket.device_id else None
    thing = circuit or device
    circuits, aaa = (1, int(ticket.grade == "AAA")) if circuit else count_circuits(session, device)
    return _said(ticket) | {
        "product": circuit.product if circuit else "",
        "manageability": thing.manageability if thing else "",
        "circuits": circuits,
        "aaa": aaa,
        "is_remote": _is_remote(session, circuit, device),
        "by_children": False,
    }


def _said(ticket: Ticket) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "number": ticket.number,
        "source": ticket.source,
        "grade": ticket.grade,
        "impact": ticket.impact,
        "is_assured": False,  # assurance periods are not kept yet
        "is_site_down": ticket.cause in SITE_DOWN and ticket.impact == "outage",
    }


def count_circuits(session: Session, device: Device | None) -> tuple[int, int]:
    """How many circuits pass the device, and how many of them are AAA."""
    if device is None:
        return 0, 0
    through = select(Hop.circuit_id).where(Hop.device_id == device.id)
    grade_is = select(func.count()).select_from(Circuit).where(col(Circuit.id).in_(through))
    customer = grade_is.join(Customer, col(Customer.id) == col(Circuit.customer_id))
    is_aaa = (col(Circuit.grade) == "AAA") | (col(Customer.grade) == "AAA")
    return session.exec(grade_is).one(), session.exec(customer.where(is_aaa)).one()


def grades_hit(session: Session, circuit: Circuit | None, device: Device | None) -> set[str]:
    """The grades of the circuits hit and of their customers."""
    both = select(Circuit.grade, Customer.grade).join(
        Customer, col(Customer.id) == col(Circuit.customer_id)
    )
    if circuit:
        rows = session.exec(both.where(Circuit.id == circuit.id)).all()
    elif device:
        through = select(Hop.circuit_id).where(Hop.device_id == device.id)
        rows = session.exec(both.where(col(Circuit.id).in_(through)).distinct()).all()
    else:
        rows = []
    return {grade for row in rows for grade in row}


def city_of(session: Session, ticket: Ticket) -> str:
    """Where the fault is: at the device, else at the A end of the circuit, or of most of those that
    it hits; "" if unknown."""
    if ticket.device_id:
        return session.exec(_CITY_OF_DEVICE, params={"device": ticket.device_id}).first() or ""
    if ticket.circuit_id:
        return session.exec(_CITY_OF_CIRCUIT, params={"circuit": ticket.circuit_id}).first() or ""
    rows = affected_circuits.all_of(session, ticket) if is_of_group(ticket) else []
    cities = Counter(row.city for row in rows)
    return max(cities, key=lambda city: cities[city], default="")


def circuit_code(session: Session, ticket: Ticket) -> Any:
    """What the customer knows it by, in both languages where it is several; the title where it is
    about no circuit."""
    return named(circuit_codes(session, ticket)) or ticket.title


def circuit_codes(session: Session, ticket: Ticket) -> list[str]:
    """Of its own customer's circuits: what another customer has is nobody else's to know."""
    if not is_of_group(ticket):
        circuit = session.get(Circuit, ticket.circuit_id) if ticket.circuit_id else None
        return [circuit.code] if circuit else []
    rows = affected_circuits.of_ticket(session, ticket)
    codes = [row.code for row in rows if row.customer_id == ticket.customer_id]
    circuit = session.get(Circuit, ticket.circuit_id) if ticket.circuit_id else None
    return codes if circuit is None or circuit.code in codes else [circuit.code, *codes]


def named(codes: Sequence[str]) -> Any:
    """None where there are none."""
    if len(codes) < 2:
        return codes[0] if codes else None
    return {"zh": f"{codes[0]} 等 {len(codes)} 条", "en": f"{codes[0]} and {len(codes) - 1} more"}


def best(grades: set[str]) -> str:
    return next((grade for grade in GRADES if grade in grades), GRADES[-1])


def standing_alarms(session: Session, ticket: Ticket, *, now: datetime) -> int:
    since = now - alarm_rules.current(session).stable
    return session.exec(_STANDING, params={"ticket": ticket.id, "since": since}).one()


def is_standing(session: Session, now: datetime) -> ColumnElement[bool]:
    """Of an alarm: active, or not clear for good yet."""
    return _stands(now - alarm_rules.current(session).stable)


def is_night(now: datetime) -> bool:
    begins, ends = NIGHT
    return not ends <= now.astimezone(ZONE).hour < begins


def _is_remote(session: Session, circuit: Circuit | None, device: Device | None) -> bool:
    """In a county (县) rather than a district of the city (区): the road there takes longer."""
    sites = (
        [circuit.a_site_id, circuit.z_site_id] if circuit else [device.site_id] if device else []
    )
    counties = session.exec(_COUNTIES, params={"sites": sites})
    return any(_is_county(county) for county in counties)


def _is_county(county: str) -> bool:
    return county.endswith("县")


def _stands(since: Any) -> ColumnElement[bool]:
    cleared = col(Alarm.cleared_at)
    return or_(cleared.is_(None), cleared > since)


# Built once: the shipped diagrams ask these within the request of somebody who waits.
_STANDING = (
    select(func.count())
    .select_from(Alarm)
    .where(col(Alarm.ticket_id) == bindparam("ticket"), _stands(bindparam("since")))
)
_COUNTIES = select(Site.county).where(col(Site.id).in_(bindparam("sites", expanding=True)))
_CITY_OF_DEVICE = (
    select(Site.city)
    .join(Device, col(Device.site_id) == col(Site.id))
    .where(col(Device.id) == bindparam("device"))
)
_CITY_OF_CIRCUIT = (
    select(Site.city)
    .join(Circuit, col(Circuit.a_site_id) == col(Site.id))
    .where(col(Circuit.id) == bindparam("circuit"))
)
