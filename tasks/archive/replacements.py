"""Gear that no element manager sees (改造清单), ranked by the customers whom it carries.

Which gear, and what a customer of each grade weighs: policy "archives". Ranked anew each night;
what people decided stays. A device that is managed or gone is done.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, distinct, func, insert, select, update
from sqlmodel import Session, col

from records import Circuit, Customer, Device, Hop, Person, Replacement, Ticket, history
from tasks import policies
from tasks.access.people import require
from tasks.faults.tickets import require_reason
from tasks.refusals import NotFound, wrong

YEAR = timedelta(days=365)
STATES = {
    "open": ("待安排", "open"),
    "planned": ("已列计划", "planned"),
    "declined": ("暂不改造", "declined"),
    "done": ("已完成", "done"),
}
DECIDED = ("planned", "declined")
COUNTS = ("score", "circuits", "customers", "key_customers", "faults")


def rank(session: Session, *, now: datetime) -> int:
    """Count all of them anew; how many there are. Set-based."""
    rules = policies.current(session, "archives").content["replacement"]
    counted = _count(session, rules, now)
    found = {row.device_id: row for row in session.execute(select(Replacement)).scalars()}
    new = [row for id, row in counted.items() if id not in found]
    changed = [{"id": row.id, **_now_of(row, counted.get(id), now)} for id, row in found.items()]
    if new:
        session.execute(insert(Replacement), new)
    if changed:
        session.execute(update(Replacement), changed)
        session.expire_all()
    return len(counted)


def decide(
    session: Session,
    id: int,
    *,
    state: str,
    note: str,
    planned_for: datetime | None,
    by: Person,
    now: datetime,
) -> Replacement:
    """Planned for a day, or declined with a reason."""
    require(by, "archives:keep")
    row = session.get(Replacement, id, with_for_update=True)
    if row is None:
        raise NotFound(f"改造清单没有第 {id} 项", f"There is no replacement {id}")
    if state not in DECIDED:
        raise wrong("state", "请选 planned 或 declined", "Choose planned or declined")
    require_reason(note)
    if (state == "planned") != (planned_for is not None and planned_for > now):
        zh, en = "列入计划须写明以后的日期,暂不改造则不写", "A plan has a day to come, nothing else"
        raise wrong("planned_for", zh, en)
    was, row.state, row.note = row.state, state, note
    row.planned_for, row.decided_by = planned_for, by.login
    told = {"device": row.device_id, "was": was, "is": state, "note": note}
    history.record(session, "decided", subject=f"replacement:{id}", by=by.login, at=now, also=told)
    return row


def _count(session: Session, rules: Any, now: datetime) -> dict[int, dict[str, Any]]:
    """Each customer weighs once for each device, however many circuits it has there."""
    weight = case(rules["weights"], value=col(Customer.grade), else_=0)
    carried: Any = (
        select(col(Hop.device_id), col(Customer.id).label("customer"), weight.label("weight"),
               col(Customer.grade).label("grade"),
               func.count(distinct(col(Hop.circuit_id))).label("circuits"))
        .join(Device, col(Device.id) == col(Hop.device_id))
        .join(Circuit, col(Circuit.id) == col(Hop.circuit_id))
        .join(Customer, col(Customer.id) == col(Circuit.customer_id))
        .where(col(Device.manageability).in_(rules["manageability"]))
        .group_by(col(Hop.device_id), col(Customer.id), col(Customer.grade))
    ).subquery()  # fmt: skip
    is_key = case((carried.c.grade.in_(["AAA", "AA"]), 1), else_=0)
    sums = select(
        carried.c.device_id, func.sum(carried.c.weight), func.sum(carried.c.circuits),
        func.count(), func.sum(is_key),
    ).group_by(carried.c.device_id)  # fmt: skip
    faults = _faults(session, now)
    return {
        id: dict(zip(COUNTS, (*map(int, counts), faults.get(id, 0)), strict=True))
        | {"device_id": id, "counted_at": now, "state": "open", "note": "", "decided_by": ""}
        for id, *counts in session.execute(sums)
    }


def _faults(session: Session, now: datetime) -> dict[int, int]:
    of = col(Ticket.device_id)
    rows = select(of, func.count()).where(of.is_not(None), col(Ticket.opened_at) >= now - YEAR)
    return dict(session.execute(rows.group_by(of)).all())  # type: ignore[arg-type]


def _now_of(row: Replacement, counted: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    if counted is None:
        return {"state": "done", "score": 0, "counted_at": now}
    state = "open" if row.state == "done" else row.state
    return {key: counted[key] for key in COUNTS} | {"state": state, "counted_at": now}
