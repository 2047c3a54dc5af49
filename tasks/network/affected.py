"""What a failed object hits: the circuits that pass it, whose they are, and how badly.

Asked by bpmn/alarm_groups.py for the root of a group of alarms. A protected circuit whose other
route avoids the object is only at risk (at_risk), as it was switched; unless another open group has
hit that other route. What tickets do about it: bpmn/group_tickets.py;
how the circuits are kept: affected_circuits.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false, sql
from sqlmodel import Session, col, select

from records import AffectedCircuit, AlarmGroup, Circuit, Customer, Device, Hop, Section
from tasks.faults.impact import best
from tasks.network.affected_circuits import AT_RISK

IMPACTS = ("outage", "degraded", AT_RISK)  # the worst first
Routes = dict[int, set[str]]  # by circuit
_TOLD: list[Any] = [
    getattr(Circuit, name)
    for name in ("id", "customer_id", "grade", "product", "is_protected", "manageability")
]


@dataclass(frozen=True)
class Hit:
    """One circuit that the object hits."""

    circuit_id: int
    customer_id: int
    grade: str  # the better of the circuit's and its customer's
    impact: str  # outage, degraded, at_risk
    product: str
    is_protected: bool
    manageability: str


def hit_by(
    session: Session,
    root_kind: str,
    root_id: int | None,
    root_object: str,
    *,
    impact: str = "outage",
    besides: int | None = None,
) -> list[Hit]:
    """By circuit. `root_…` as AlarmGroup has them, `impact`: of a circuit with no way round it.

    `besides`: the group itself, where it has its circuits already. An object that inventory does
    not know hits nothing.
    """
    passing = _through(root_kind, root_id, root_object)
    found = _passing(session, passing)
    at_risk = _with_way_round(session, passing, found)
    at_risk -= _cut_twice(session, found, at_risk, besides)
    return [
        Hit(
            circuit_id=row.id,
            customer_id=row.customer_id,
            grade=best({row.grade, row.customer_grade}),
            impact=AT_RISK if row.id in at_risk else impact,
            product=row.product,
            is_protected=row.is_protected,
            manageability=row.manageability,
        )
        for row, _ in found.values()
    ]


def sums_of(hits: Iterable[Hit]) -> dict[str, int]:
    """circuits, customers and aaa of those that are out or degraded; at_risk of the others."""
    known = list(hits)
    down = [hit for hit in known if hit.impact != AT_RISK]
    return {
        "circuits": len(down),
        "customers": len({hit.customer_id for hit in down}),
        "aaa": sum(hit.grade == "AAA" for hit in down),
        "at_risk": len(known) - len(down),
    }


def worst(impacts: Iterable[str]) -> str:
    """ "" where there are none."""
    known = set(impacts)
    return next((impact for impact in IMPACTS if impact in known), "")


def _through(kind: str, key: int | None, name: str) -> ColumnElement[bool]:
    """Of a hop: whether it passes the object."""
    device, _, part = name.partition("/")
    match kind:
        case "site" if key:
            return col(Hop.device_id).in_(select(Device.id).where(Device.site_id == key))
        case "device" if key:
            return col(Hop.device_id) == key
        case "card" | "port" if part:
            return _on(key, device) & _of_part(kind, part)
        case "duct" if name:
            return col(Hop.section_id).in_(select(Section.id).where(Section.duct == name))
        case "section" if key:
            return col(Hop.section_id) == key
        case "circuit" if key:
            return col(Hop.circuit_id) == key
        case _:
            return false()


def _on(key: int | None, device: str) -> ColumnElement[bool]:
    if key:
        return col(Hop.device_id) == key
    return col(Hop.device_id).in_(select(Device.id).where(Device.code == device))


def _of_part(kind: str, part: str) -> ColumnElement[bool]:
    """A card has the ports whose names begin with its own: 3 has 3/1 and 3/12."""
    port = col(Hop.port)
    return (
        (port == part) | port.startswith(f"{part}/", autoescape=True)
        if kind == "card"
        else port == part
    )


def _passing(session: Session, passing: ColumnElement[bool]) -> dict[int, tuple[Any, set[str]]]:
    """By circuit: it, and which of its routes pass the object."""
    rows = session.execute(
        sql.select(*_TOLD, col(Customer.grade).label("customer_grade"), col(Hop.route))
        .join(Hop, col(Hop.circuit_id) == col(Circuit.id))
        .join(Customer, col(Customer.id) == col(Circuit.customer_id))
        .where(passing)
        .distinct()
        .order_by(col(Circuit.id))
    )
    found: dict[int, tuple[Any, set[str]]] = {}
    for row in rows:
        found.setdefault(row.id, (row, set()))[1].add(row.route)
    return found


def _with_way_round(
    session: Session, passing: ColumnElement[bool], found: dict[int, tuple[Any, set[str]]]
) -> set[int]:
    """Protected, and with a route that the object is not on."""
    if not any(row.is_protected for row, _ in found.values()):
        return set()
    hit = select(Hop.circuit_id).where(passing)
    is_ours = col(Circuit.is_protected) & col(Circuit.id).in_(hit)
    ours = select(Hop.circuit_id, Hop.route).join(Circuit, col(Circuit.id) == col(Hop.circuit_id))
    rows = session.execute(ours.where(is_ours).distinct())
    return {circuit for circuit, route in rows if route not in found[circuit][1]}


def _cut_twice(
    session: Session,
    found: dict[int, tuple[Any, set[str]]],
    at_risk: set[int],
    besides: int | None,
) -> set[int]:
    """Of those at risk: with the other route hit by another group that is still open."""
    if not at_risk:
        return set()
    routes: Routes = {circuit: set(found[circuit][1]) for circuit in at_risk}
    for root in _other_roots(session, at_risk, besides):
        passing = _through(root.root_kind, root.root_id, root.root_object)
        for circuit, route in _routes(session, passing, at_risk):
            routes[circuit].add(route)
    return {circuit for circuit, hit in routes.items() if len(hit) > 1}


def _other_roots(session: Session, circuits: set[int], besides: int | None) -> Sequence[AlarmGroup]:
    held = select(AffectedCircuit.group_id).where(
        col(AffectedCircuit.circuit_id).in_(circuits), col(AffectedCircuit.until).is_(None)
    )
    is_open = col(AlarmGroup.over_at).is_(None) & col(AlarmGroup.id).in_(held)
    others = select(AlarmGroup).where(is_open, AlarmGroup.id != (besides or 0))
    return session.exec(others).all()


def _routes(
    session: Session, passing: ColumnElement[bool], circuits: set[int]
) -> Iterable[tuple[int, str]]:
    of = select(Hop.circuit_id, Hop.route).where(passing, col(Hop.circuit_id).in_(circuits))
    return session.exec(of.distinct())
