"""What inventory an order gets: ports, fibre cores, VLANs. Nothing is given twice: who allocates
locks the devices and sections first, and the database has a unique index besides.

Called by order_designs.py, order_amendments.py and order_archive.py.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from records import Allocation, Device, Hop, Section, ServiceOrder
from tasks import policies
from tasks.orders.order_states import record
from tasks.refusals import Conflict, wrong

UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9/._-]{0,39}")
KINDS = {"port": ("端口", "port"), "core": ("纤芯", "fibre core"), "vlan": ("VLAN", "VLAN")}
OBJECTS: dict[str, tuple[Any, str, str]] = {
    "port": (Device, "设备", "device"),
    "vlan": (Device, "设备", "device"),
    "core": (Section, "光缆段", "section"),
}
MOST = 50  # of one order
Wanted = Mapping[str, Any]  # {"kind": "port", "object": "HZ-1", "unit": "1/3"}


def allocate(
    session: Session, order: ServiceOrder, wanted: Sequence[Wanted], *, by: str, now: datetime
) -> list[Allocation]:
    """Hold all of these for the order, and nothing else: what it held beside them is free again."""
    if len(wanted) > MOST:
        raise wrong("allocations", f"最多 {MOST} 项", f"{MOST} at most")
    rules = policies.current(session, "orders").content
    rows = {row.key: row for n, one in enumerate(wanted) for row in [_row(session, rules, n, one)]}
    _lock(session, rows.values())
    mine = {row.key: row for row in held_by(session, order)}
    _free(session, order, [row for key, row in mine.items() if key not in rows], by, now)
    new = [row for key, row in rows.items() if key not in mine]
    for row in new:
        _require_free(session, order, row)
        row.order_id, row.circuit_id, row.held_by, row.held_at = order.id, None, by, now
    session.add_all(new)
    session.flush()
    if new:
        record(session, "allocated", order, by, now, keys=[row.key for row in new])
    return held_by(session, order)


def release(session: Session, order: ServiceOrder, *, by: str, now: datetime) -> list[str]:
    """Everything that the order holds is free again; the keys."""
    rows = held_by(session, order)
    _free(session, order, rows, by, now)
    return [row.key for row in rows]


def use(session: Session, order: ServiceOrder, circuit_id: int, *, now: datetime) -> None:
    """What was held is the circuit's from now on."""
    for row in held_by(session, order):
        row.state, row.circuit_id, row.used_at = "used", circuit_id, now


def give_back(
    session: Session, order: ServiceOrder, circuit_id: int, *, by: str, now: datetime
) -> None:
    """What the circuit has had from orders before this one is free."""
    mine = select(Allocation).where(
        Allocation.circuit_id == circuit_id,
        Allocation.order_id != order.id,
        col(Allocation.released_at).is_(None),
    )
    _free(session, order, list(session.exec(mine.order_by(col(Allocation.id)))), by, now)


def held_by(session: Session, order: ServiceOrder) -> list[Allocation]:
    mine = select(Allocation).where(
        Allocation.order_id == order.id, col(Allocation.released_at).is_(None)
    )
    return list(session.exec(mine.order_by(col(Allocation.id))))


def _row(session: Session, rules: Mapping[str, Any], n: int, one: Wanted) -> Allocation:
    kind, path = one["kind"], f"allocations.{n}"
    table, zh, en = OBJECTS[kind]
    found = session.exec(select(table).where(table.code == one["object"])).first()
    if found is None:
        code = one["object"]
        raise wrong(f"{path}.object", f"没有{zh} {code},请核对", f"There is no {en} {code}")
    unit = str(one["unit"]).strip()
    _check_unit(rules, kind, unit, f"{path}.unit")
    place = {"section_id": found.id} if kind == "core" else {"device_id": found.id}
    told: dict[str, Any] = {"order_id": 0, "held_by": "", "held_at": None}
    return Allocation(kind=kind, unit=unit, key=f"{kind}:{found.code}:{unit}", **place, **told)


def _check_unit(rules: Mapping[str, Any], kind: str, unit: str, path: str) -> None:
    most = {"core": rules["cores_per_section"], "vlan": rules["vlans_per_device"]}.get(kind)
    if most is None:
        is_right = UNIT.fullmatch(unit) is not None
        zh, en = "应为端口号,如 1/3", "This is a port, such as 1/3"
    else:
        is_right = unit.isascii() and unit.isdecimal() and unit == str(int(unit or 0))
        is_right = is_right and 0 < int(unit) <= most
        zh, en = f"应为 1 至 {most}", f"This is 1 to {most}"
    if not is_right:
        raise wrong(path, zh, en)


def _lock(session: Session, rows: Any) -> None:
    """Always in the same order, so that two who allocate wait for each other, never in a ring."""
    wanted = list(rows)
    for table, name in ((Device, "device_id"), (Section, "section_id")):
        ids = {getattr(row, name) for row in wanted} - {None}
        if ids:
            mine = select(table.id).where(col(table.id).in_(ids)).order_by(col(table.id))
            session.exec(mine.with_for_update(key_share=True)).all()


def _require_free(session: Session, order: ServiceOrder, row: Allocation) -> None:
    zh, en = KINDS[row.kind]
    object, unit = row.key.split(":")[1], row.unit
    held = select(Allocation).where(
        Allocation.key == row.key, col(Allocation.released_at).is_(None)
    )
    if session.exec(held).first() is not None:
        raise Conflict(
            f"{object} 的{zh} {unit} 已分配给另一个订单,请另选",
            f"The {en} {unit} of {object} is another order's: choose another one",
        )
    used = select(Hop.id).where(Hop.device_id == row.device_id, Hop.port == unit)
    used = used.where(Hop.circuit_id != (order.circuit_id or 0))
    if row.kind == "port" and session.exec(used).first() is not None:
        raise Conflict(
            f"{object} 的端口 {unit} 已有电路在用,请另选;若资料有误,请先上报差异",
            f"Port {unit} of {object} carries a circuit: choose another, or raise a discrepancy",
        )


def _free(
    session: Session, order: ServiceOrder, rows: Sequence[Allocation], by: str, now: datetime
) -> None:
    for row in rows:
        row.state, row.released_at = "released", now
    session.flush()
    if rows:
        record(session, "released", order, by, now, keys=[row.key for row in rows])
