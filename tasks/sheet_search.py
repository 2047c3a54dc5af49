"""What is typed into the one box, found on the sheets of tickets and work orders: their numbers,
customer, circuit, device, site, telephone, object of an alarm.

The words are looked up in what is small or indexed (inventory, customers), and tickets by its keys:
it costs the same however many orders are open. Called by the pages and the JSON of lists.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text as sql
from sqlmodel import Session, and_, col, or_, select

from records import (
    AffectedCircuit,
    Alarm,
    AlarmGroup,
    Circuit,
    Contact,
    Customer,
    Device,
    Site,
    Ticket,
    WorkOrder,
)
from records.tickets import HAS_PHONE

KEYS = 200  # customers, circuits, devices that are gone on with
MOST = 500  # tickets, the newest first
FEWEST = 4  # digits of what may be a telephone number
NUMBER = re.compile(r"(?:(wo)-?|(ft)-(?:\d{8}-)?)?(\d{1,18})", re.IGNORECASE)
NO_PHONE = re.compile(r"[\s()+-]")


@dataclass
class Found:
    """What has the text on its sheet; `is_cut` where there is more than was looked at."""

    tickets: set[int] = field(default_factory=set)
    orders: set[int] = field(default_factory=set)  # by their own number
    is_cut: bool = False


@dataclass(frozen=True)
class Keys:
    """What tickets are looked up by."""

    customers: list[int]
    circuits: list[int]
    devices: list[int]


def find(session: Session, text: str) -> Found:
    text = text.strip()
    if not text or "\0" in text:
        return Found()
    found = _by_number(session, text)
    if (number_in(text) or ("", 0))[0]:  # WO-17 is nothing else
        return found
    keys = _look_up(session, text)
    for condition in _conditions(keys, text):
        rows = select(Ticket.id).where(condition).order_by(col(Ticket.id).desc()).limit(MOST)
        _add(found, session.exec(rows).all())
    _add(found, _by_alarm(session, text))
    found.is_cut |= any(len(some) >= KEYS for some in vars(keys).values())
    return found


def open_orders(session: Session, found: Found) -> list[int]:
    """Those of what was found, by their ids."""
    mine = or_(
        col(WorkOrder.ticket_id).in_(found.tickets),
        col(WorkOrder.id).in_(found.orders),
    )
    return list(session.exec(select(WorkOrder.id).where(mine, _is_open())))


def number_in(text: str) -> tuple[str, int] | None:
    """("order", 17) of WO-17, ("ticket", 4) of FT-20260311-4, ("", 17) of a bare number."""
    told = NUMBER.fullmatch(text.strip())
    if told is None:
        return None
    kind = "order" if told[1] else "ticket" if told[2] else ""
    return kind, int(told[3])


def _by_number(session: Session, text: str) -> Found:
    told, found = number_in(text), Found()
    if told:
        kind, number = told
        if kind != "ticket":
            found.orders |= _there(session, WorkOrder, number)
        if kind != "order":
            found.tickets |= _there(session, Ticket, number)
    return found


def _there(session: Session, table: Any, number: int) -> set[int]:
    return set(session.exec(select(table.id).where(table.id == number)))


def _look_up(session: Session, text: str) -> Keys:
    """What is called like that, or stands at a site that is."""
    sites = _keys(session, Site, text, "code", "name")
    customers = _keys(session, Customer, text, "code", "name", "name_en")
    circuits = _keys(session, Circuit, text, "code")
    devices = _keys(session, Device, text, "code", "name")
    return Keys(
        customers + _customers_by_phone(session, text),
        circuits + _at(session, Circuit, sites, "a_site_id", "z_site_id"),
        devices + _at(session, Device, sites, "site_id"),
    )


def _conditions(keys: Keys, text: str) -> Iterable[Any]:
    """What a ticket may have of the text, each by an index."""
    if keys.customers:
        yield col(Ticket.customer_id).in_(keys.customers)
        yield _affected(col(AffectedCircuit.customer_id).in_(keys.customers))
    if keys.circuits:
        yield col(Ticket.circuit_id).in_(keys.circuits)
        yield _affected(col(AffectedCircuit.circuit_id).in_(keys.circuits))
    if keys.devices:
        yield col(Ticket.device_id).in_(keys.devices)
    if _digits(text) >= FEWEST:
        phones = {text, NO_PHONE.sub("", text)}
        yield and_(col(Ticket.phone).in_(phones), sql(f"ticket.{HAS_PHONE}"))  # its index


def _keys(session: Session, table: Any, text: str, *names: str) -> list[int]:
    """Of the row that is called just this; else of those that have it in what they are called."""
    exact = select(table.id).where(getattr(table, names[0]).in_({text, text.upper()}))
    if one := session.exec(exact).all():
        return list(one)
    has = or_(*(getattr(table, name).icontains(text, autoescape=True) for name in names))
    return list(session.exec(select(table.id).where(has).limit(KEYS)))


def _at(session: Session, table: Any, sites: list[int], *names: str) -> list[int]:
    if not sites:
        return []
    there = or_(*(getattr(table, name).in_(sites) for name in names))
    return list(session.exec(select(table.id).where(there).limit(KEYS)))


def _customers_by_phone(session: Session, text: str) -> list[int]:
    if _digits(text) < FEWEST:
        return []
    has = col(Contact.phone).contains(text, autoescape=True)
    return list(session.exec(select(Contact.customer_id).where(has).limit(KEYS)))


def _digits(text: str) -> int:
    return sum(sign.isdigit() for sign in text)


def _affected(condition: Any) -> Any:
    return col(Ticket.id).in_(select(AffectedCircuit.ticket_id).where(condition))


def _by_alarm(session: Session, text: str) -> list[int]:
    """Of alarms on just this object, and of groups whose root it is."""
    names = {text, text.upper()}
    alarms = select(Alarm.ticket_id).where(
        col(Alarm.object).in_(names), col(Alarm.ticket_id).is_not(None)
    )
    roots = select(AlarmGroup.ticket_id).where(
        col(AlarmGroup.root_object).in_(names), col(AlarmGroup.over_at).is_(None)
    )
    found = [*session.exec(alarms.limit(MOST)), *session.exec(roots.limit(MOST))]
    return [id for id in found if id is not None]


def _add(found: Found, ids: Iterable[int]) -> None:
    ids = list(ids)
    found.tickets.update(ids)
    found.is_cut |= len(ids) >= MOST


def _is_open() -> Any:
    return col(WorkOrder.finished_at).is_(None)
