"""The end of an order that was built: inventory, start of rent (起租), the first inspection.

Called by the services of service_activation.bpmn. The planner of inspections reads
`ServiceOrder.inspect_by` and `Circuit.opened_at`.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, delete, select

from records import Circuit, Device, Hop, ServiceOrder, Site
from records.circuits import MANAGEABILITY
from tasks import policies
from tasks.orders import allocations, order_visits
from tasks.orders.order_states import record, require
from tasks.orders.service_orders import end
from tasks.refusals import Conflict, Invalid

OPENS = ("new", "move")  # kinds after which the room is inspected


def archive(session: Session, order: ServiceOrder, *, by: str, now: datetime) -> dict[str, Any]:
    """资源补录与归档: the circuit is in inventory as it was built, and rent runs from the
    customer's acceptance on, or until then."""
    require("archive", order)
    circuit = _circuit_of(session, order)
    accepted = order.accepted_at or now
    if order.kind == "cease":
        _cease(session, order, circuit, by, now)
        order.rent_until = accepted
    else:
        left = _ends_left(session, order, circuit)
        _keep(session, order, circuit, by, now)
        order_visits.plan_removals(session, order, left, by=by, now=now)
        order.rent_from = accepted
    circuit_facts: dict[str, Any] = {"circuit": circuit.code, "rent_from": _iso(order.rent_from)}
    end(session, order, "archived", by, now, **circuit_facts, rent_until=_iso(order.rent_until))
    return circuit_facts


def ask_inspection(session: Session, order: ServiceOrder, *, now: datetime) -> dict[str, Any]:
    """Of a circuit that was opened: until when its room is inspected for the first time."""
    if order.kind not in OPENS or order.accepted_at is None:
        return {"inspect_by": None}
    days = policies.current(session, "orders").content["inspect_within_days"]
    order.inspect_by = order.accepted_at + timedelta(days=days)
    told = {"inspect_by": order.inspect_by.isoformat()}
    record(session, "inspection asked for", order, "system", now, **told)
    return told


def _circuit_of(session: Session, order: ServiceOrder) -> Circuit:
    if order.circuit_id is not None:
        return session.get_one(Circuit, order.circuit_id)
    code = str(order.design.get("circuit_code", ""))
    if session.exec(select(Circuit).where(Circuit.code == code)).first():
        raise Conflict(f"电路编码 {code} 已在用", f"There is a circuit {code} already")
    circuit = Circuit(
        code=code,
        customer_id=order.customer_id,
        product=order.product,
        a_site_id=order.a_site_id,
        z_site_id=order.z_site_id,
    )
    session.add(circuit)
    session.flush()
    order.circuit_id = circuit.id
    return circuit


def _ends_left(session: Session, order: ServiceOrder, circuit: Circuit) -> list[int]:
    """Of one that is moved: rooms of the customer's in which it does not end any more."""
    goes = {order.a_site_id, order.z_site_id}
    was = dict.fromkeys((circuit.a_site_id, circuit.z_site_id)) if order.kind == "move" else {}
    return [id for id in was if id not in goes and session.get_one(Site, id).kind == "customer"]


def _keep(session: Session, order: ServiceOrder, circuit: Circuit, by: str, now: datetime) -> None:
    """As it was built. A change without new inventory keeps the hops that there are."""
    for name in ("product", "grade", "megabits", "is_protected", "a_site_id", "z_site_id"):
        setattr(circuit, name, getattr(order, name))
    if order.kind in OPENS:
        circuit.opened_at = order.accepted_at or now
    held = allocations.held_by(session, order)
    if held:
        if order.kind != "change":
            _write_hops(session, order, circuit)
            allocations.give_back(session, order, circuit.id, by=by, now=now)
        allocations.use(session, order, circuit.id, now=now)


def _write_hops(session: Session, order: ServiceOrder, circuit: Circuit) -> None:
    """Device by device, as the ports were given; the fibre leads on from each in turn."""
    held = allocations.held_by(session, order)
    ports = [row for row in held if row.kind == "port"]
    cores = [row.section_id for row in held if row.kind == "core"]
    _clear_hops(session, circuit)
    levels = []
    for seq, row in enumerate(ports, 1):
        section = cores[seq - 1] if seq <= len(cores) else None
        device = session.get_one(Device, row.device_id)
        levels.append(MANAGEABILITY.index(device.manageability))
        hop = Hop(circuit_id=circuit.id, seq=seq, device_id=device.id, port=row.unit)
        hop.section_id = section
        session.add(hop)
    if levels:
        circuit.manageability = MANAGEABILITY[min(levels)]
    session.flush()


def _cease(session: Session, order: ServiceOrder, circuit: Circuit, by: str, now: datetime) -> None:
    if circuit.ceased_at is not None:
        raise Invalid(f"{circuit.code} 已拆除", f"{circuit.code} was ceased already", fields=[])
    _clear_hops(session, circuit)
    allocations.give_back(session, order, circuit.id, by=by, now=now)
    allocations.release(session, order, by=by, now=now)
    circuit.ceased_at = order.accepted_at or now


def _clear_hops(session: Session, circuit: Circuit) -> None:
    session.exec(delete(Hop).where(col(Hop.circuit_id) == circuit.id))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
