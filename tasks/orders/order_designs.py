"""Design of an order (设计与资源分配): what it gets of inventory, and when its visits are. All of
it, or nothing. Called by the services of service_activation.bpmn.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from records import Circuit, ServiceOrder, Site
from tasks.field import visits
from tasks.orders import allocations, order_limits, order_visits
from tasks.orders.order_states import require, shift, subject_of
from tasks.refusals import Conflict, wrong

Facts = dict[str, Any]
Given = Mapping[str, Any]


def take_design(
    session: Session,
    order: ServiceOrder,
    design: Given,
    jobs: Sequence[str],
    *,
    by: str,
    now: datetime,
) -> Facts:
    """Allocate, and plan the visits: `jobs` are those of the table order_jobs, done at each end
    that is a customer's."""
    require("design", order)
    _check_code(session, order, design)
    wanted = design.get("allocations") or []
    if order.kind in ("new", "move") and not wanted:
        zh = "新装、移机要分配端口或纤芯"
        raise wrong("allocations", zh, "A new or moved circuit needs a port or a fibre core")
    allocations.allocate(session, order, wanted, by=by, now=now)
    windows = {end: design.get(f"window_{end}") for end in order_visits.ENDS}
    by_end = dict.fromkeys(ends_to_visit(session, order), jobs)
    if jobs:
        order_visits.plan(session, order, by_end, windows, by=by, now=now)
    order.design = dict(design)
    order_limits.meet(order, "design", now)
    shift(session, "designed", order, "preparing", by, now, design=dict(design))
    return work_of(session, order)


def work_of(session: Session, order: ServiceOrder) -> Facts:
    """What is to be done before the order can be tested."""
    planned = visits.of_subject(session, subject_of(order))
    return {
        "visits": len(planned),
        "needs_data": bool(order.design.get("needs_data")) and not order.is_configured,
        "needs_construction": bool(order.summary.get("needs_construction")) and not order.is_built,
    }


def ends_to_visit(session: Session, order: ServiceOrder) -> list[str]:
    """The customer's ends; where none is known to be one, the A end."""
    ends = [
        end
        for end, column in order_visits.ENDS.items()
        if session.get_one(Site, getattr(order, column)).kind == "customer"
    ]
    is_one_place = order.a_site_id == order.z_site_id
    return (ends[:1] if is_one_place else ends) or ["a"]


def _check_code(session: Session, order: ServiceOrder, design: Given) -> None:
    code = str(design.get("circuit_code") or "").strip()
    if order.kind != "new":
        return
    if not code:
        raise wrong("circuit_code", "请给新电路编码", "Give the new circuit its code")
    if session.exec(select(Circuit).where(Circuit.code == code)).first():
        zh, en = f"电路编码 {code} 已在用,请另编", f"There is a circuit {code}: choose another code"
        raise Conflict(zh, en)
