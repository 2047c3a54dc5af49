"""An order in flight: the customer puts it off (缓装), it goes on, they change it (改单).

What an amendment keeps and undoes is named in history, step by step; which it is the table
order_amendment says. Called by bpmn/service_orders.py and the services of service_activation.bpmn.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from records import ServiceOrder, Site, WorkOrder, history
from tasks import policies, work_orders
from tasks.orders import allocations, order_limits, order_visits
from tasks.orders.order_states import record, require, require_reason, shift
from tasks.orders.service_orders import check
from tasks.refusals import Invalid, wrong

Given = Mapping[str, Any]
PLAIN = ("product", "megabits", "grade", "is_protected", "promised_at")
OTHER = {"product", "is_protected", "a_site", "z_site"}  # what is checked anew
SITES = {"a_site": "a_site_id", "z_site": "z_site_id"}


def check_postpone(session: Session, order: ServiceOrder, until: datetime, now: datetime) -> None:
    require("postpone", order)
    days = policies.current(session, "orders").content["postpone_days"]
    if not now < until <= now + timedelta(days=days):
        zh = f"应在以后 {days} 天之内"
        raise wrong("resume_at", zh, f"This is within the next {days} days")


def postpone(
    session: Session,
    order: ServiceOrder,
    *,
    reason: str,
    resume_at: datetime,
    by: str,
    now: datetime,
) -> None:
    """停钟: limits stand still, work orders are suspended, visits are put off."""
    check_postpone(session, order, resume_at, now)
    require_reason(reason)
    for one in _open_orders(session, order):
        if one.state != "suspended":
            _hold(session, one, by, now)
    moved = order_visits.put_off(session, order, resume_at, reason=reason, by=by, now=now)
    order.resume_state, order.postponed_at, order.resume_at = order.state, now, resume_at
    told = {"resume_at": resume_at.isoformat(), "visits": [each.number for each in moved]}
    shift(session, "postponed", order, "postponed", by, now, reason=reason, **told)
    order.act_at = order_limits.next_act(order)


def resume(session: Session, order: ServiceOrder, *, by: str, now: datetime) -> None:
    require("resume", order)
    since = order.postponed_at or now
    order_limits.shift(session, order, since, now)
    for one in _open_orders(session, order):
        if one.state == "suspended" and one.resume_at is None:
            work_orders.resume(session, one, by=None, now=now)
    state, order.resume_state = order.resume_state or "received", ""
    order.postponed_at = order.resume_at = None
    seconds = int((now - since).total_seconds())
    shift(session, "resumed", order, state, by, now, stopped_seconds=seconds)
    order.act_at = order_limits.next_act(order)


def check_amend(session: Session, order: ServiceOrder, changes: Given, now: datetime) -> None:
    """Before the run is told: the order as it would be."""
    require("amend", order)
    with session.no_autoflush:
        was = {name: getattr(order, name) for name in (*PLAIN, *SITES.values())}
        try:
            changed = _apply(session, order, changes)
            fields = check(session, order, now)
        finally:
            for name, value in was.items():
                setattr(order, name, value)
    if not changed:
        raise wrong("changes", "没有任何变化", "This changes nothing")
    if fields:
        raise Invalid("请更正这些项", "Please correct these fields", fields=fields)


def amend(
    session: Session, order: ServiceOrder, changes: Given, *, reason: str, by: str, now: datetime
) -> dict[str, Any]:
    """改单: the order is what the customer wants now; what of it changed, for the table."""
    require("amend", order)
    require_reason(reason)
    changed = _apply(session, order, changes)
    order.amendments += 1
    record(session, "amended", order, by, now, reason=reason, changes=changed)
    scope = "other" if OTHER & changed.keys() else "words"
    scope = "speed" if changed.keys() & {"megabits"} and scope == "words" else scope
    return {"scope": scope, "is_designed": bool(order.design)}


def undo(
    session: Session, order: ServiceOrder, steps: Given, *, by: str, now: datetime
) -> dict[str, Any]:
    """By named steps: each is undone or kept. `steps`: restart_at, and undo_design, undo_visits,
    undo_data, as the table says. What is staged in the network, people take back."""
    undone, kept = list[str](), list[str]()
    if order.design:
        (undone if steps["undo_design"] else kept).append("design")
        if steps["undo_design"]:
            allocations.release(session, order, by=by, now=now)
            order.design = {}
    if steps["undo_visits"]:
        dropped = order_visits.drop(session, order, reason="改单 / amended", by=by, now=now)
        undone += ["visits"] if dropped else []
    must_undo = order.is_configured and bool(steps["undo_data"])
    if order.is_configured:
        (undone if must_undo else kept).append("data")
    if order.test:
        undone.append("test")
        order.test = {}
    state = {"design": "designing", "prepare": "preparing"}.get(steps["restart_at"], "received")
    told = {"undone": undone, "kept": kept, "restart_at": steps["restart_at"]}
    shift(session, "steps undone", order, state, by, now, **told)
    return {"data": must_undo, "undone": undone, "kept": kept}


def note_data(
    session: Session, order: ServiceOrder, *, is_there: bool, by: str, now: datetime
) -> None:
    """The data are staged in the network, or were taken out of it again."""
    order.is_configured = is_there
    record(session, "data staged" if is_there else "data taken back", order, by, now)


def _apply(session: Session, order: ServiceOrder, changes: Given) -> dict[str, Any]:
    """Set what is given and differs; each with what it was and is."""
    changed = dict[str, Any]()
    for name in PLAIN:
        value = changes.get(name)
        if name == "promised_at" and isinstance(value, str):
            value = datetime.fromisoformat(value)
        if value is not None and value != getattr(order, name):
            changed[name] = {"was": str(getattr(order, name)), "is": str(value)}
            setattr(order, name, value)
    for name, column in SITES.items():
        code = changes.get(name)
        site = session.exec(select(Site).where(Site.code == code)).first() if code else None
        if code and site is None:
            raise wrong(name, f"没有站点“{code}”", f"There is no site “{code}”")
        if site and site.id != getattr(order, column):
            changed[name] = {"was": getattr(order, column), "is": site.id}
            setattr(order, column, site.id)
    return changed


def _open_orders(session: Session, order: ServiceOrder) -> list[WorkOrder]:
    mine = select(WorkOrder).where(
        WorkOrder.run_id == (order.run_id or 0), col(WorkOrder.finished_at).is_(None)
    )
    return list(session.exec(mine.order_by(col(WorkOrder.id))))


def _hold(session: Session, one: WorkOrder, by: str, now: datetime) -> None:
    """As stops.py does with the orders of a ticket."""
    if one.state != "waiting_internal":
        one.resume_state = one.state
    told: dict[str, Any] = {"work_order": one.id, "element": one.element}
    told |= {"was": one.state, "is": "suspended"}
    one.state = "suspended"
    history.record(session, "suspended", subject=f"run:{one.run_id}", by=by, at=now, **told)
