"""Whom a cutover concerns: circuits that pass what is worked on, and their customers. Called by
cutovers.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, or_, select
from sqlmodel import Session, col

from records import Circuit, Customer, Device, Hop, Section, Site
from tasks.refusals import wrong

Lists = Mapping[str, Sequence[str]]
TABLES: dict[str, Any] = {
    "sites": Site,
    "devices": Device,
    "sections": Section,
    "circuits": Circuit,
}


def affected_by(session: Session, lists: Lists) -> dict[str, Any]:
    """Codes of circuits and devices; customers by id, each with grade, name and circuits."""
    ids = {name: _ids(session, name, lists[name]) for name in TABLES}
    rows = session.execute(_passing(ids)).all()
    customers: dict[str, dict[str, Any]] = {}
    for circuit, key, name, grade in rows:
        told = customers.setdefault(str(key), {"name": name, "grade": grade, "circuits": []})
        told["circuits"].append(circuit)
    there = select(col(Device.code)).where(
        or_(col(Device.id).in_(ids["devices"]), col(Device.site_id).in_(ids["sites"]))
    )
    devices = session.execute(there.order_by(col(Device.code))).scalars().all()
    circuits = [circuit for circuit, *_ in rows]
    return {"circuits": circuits, "customers": customers, "devices": list(devices)}


def _passing(ids: Mapping[str, Sequence[int]]) -> Select[Any]:
    passed = (
        select(col(Hop.circuit_id))
        .join(Device, col(Device.id) == col(Hop.device_id))
        .where(
            or_(
                col(Hop.device_id).in_(ids["devices"]),
                col(Hop.section_id).in_(ids["sections"]),
                col(Device.site_id).in_(ids["sites"]),
            )
        )
    )
    is_hit = or_(col(Circuit.id).in_(ids["circuits"]), col(Circuit.id).in_(passed))
    return (
        select(col(Circuit.code), col(Customer.id), col(Customer.name), col(Customer.grade))
        .join(Customer, col(Customer.id) == col(Circuit.customer_id))
        .where(is_hit, col(Circuit.ceased_at).is_(None))
        .order_by(col(Circuit.code))
    )


def _ids(session: Session, name: str, codes: Sequence[str]) -> list[int]:
    """A device may be named with a part: "HZ-1/3"."""
    wanted = [code.split("/")[0] if name == "devices" else code for code in codes]
    table = TABLES[name]
    rows = select(col(table.code), col(table.id)).where(col(table.code).in_(wanted))
    found: dict[str, int] = dict(session.execute(rows).all())  # type: ignore[arg-type]
    for n, code in enumerate(wanted):
        if code not in found:
            raise wrong(f"{name}.{n}", f"没有 {code},请核对", f"There is no {code}: look again")
    return list(found.values())
