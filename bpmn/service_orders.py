"""An order of a service and its run together: take one in, and tell the run what happened outside.

The doors and the timed work call this. What concerns the run is checked here, sent to it as a
message, and done by the service that the diagram has at that place. The rules are in
tasks/orders/service_orders.py and its neighbours.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bpmn import runs
from records import Person, Run, ServiceOrder, Subscription, history
from tasks.orders import order_changes, order_imports, order_limits, order_visits, service_orders
from tasks.orders.order_states import require, require_reason, subject_of
from tasks.refusals import NotAllowed, Refusal

DIAGRAM = "service_activation"
SYSTEM = "system"
WAITS = {  # message: which orders of those that wait for it have what it tells
    "visits_confirmed": order_visits.find_confirmed,
    "visits_finished": order_visits.find_finished,
}


class _Dry(Exception):
    """The row would do: it is taken back."""


def open_order(
    session: Session, given: Mapping[str, Any], *, by: Person, now: datetime
) -> ServiceOrder:
    """A new order with its run. What `given` may have: tasks/orders/service_orders.py."""
    order = service_orders.open_order(session, given, by=by.login, now=now)
    data: dict[str, Any] = {"order": {"id": order.id}, "restart_at": "", "reply": {}}
    run = runs.start(session, DIAGRAM, data, by=by.login, now=now, subject=subject_of(order))
    order.run_id = run.id
    session.flush()
    return order


def take_file(
    session: Session, text: str, *, is_dry: bool, by: Person, now: datetime
) -> list[dict[str, Any]]:
    """Orders from a CSV file; for each row "new", "same" or "refused" with the reasons. A row that
    is refused leaves nothing, and the others are taken in. `is_dry`: nothing is."""
    return [
        {"line": line} | _take_row(session, row, is_dry, by, now)
        for line, row in order_imports.read_rows(text)
    ]


def postpone(
    session: Session,
    order: ServiceOrder,
    *,
    reason: str,
    resume_at: datetime,
    by: Person,
    now: datetime,
) -> None:
    """客户缓装: nothing counts against us until `resume_at`, or until `resume`."""
    order_changes.check_postpone(session, order, resume_at, now)
    require_reason(reason)
    told = {"reason": reason, "resume_at": resume_at.isoformat()}
    _tell(session, order, "customer_postpones", told, by.login, now)


def resume(session: Session, order: ServiceOrder, *, by: str, now: datetime) -> None:
    require("resume", order)
    _tell(session, order, "customer_resumes", {}, by, now)


def cancel(
    session: Session, order: ServiceOrder, *, reason: str, by: Person, now: datetime
) -> None:
    """撤单."""
    require("cancel", order)
    require_reason(reason)
    _tell(session, order, "cancel", {"reason": reason}, by.login, now)


def change(
    session: Session,
    order: ServiceOrder,
    changes: Mapping[str, Any],
    *,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """改单: what was done is kept or undone, step by step, as the table order_amendment says."""
    require_reason(reason)
    order_changes.check_amend(session, order, changes, now)
    plain = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in changes.items()}
    _tell(session, order, "change_order", {"changes": plain, "reason": reason}, by.login, now)


def finish_construction(
    session: Session, order: ServiceOrder, *, by: Person, now: datetime
) -> None:
    """施工完成, as another system or a partner tells it."""
    _tell(session, order, "construction_done", {}, by.login, now)


def find_ready(session: Session, *, limit: int = 500) -> list[tuple[int, str]]:
    """Orders whose run waits for their visits, and need not any more: with what to tell it."""
    found = list[tuple[int, str]]()
    for message, find in WAITS.items():
        waiting = (
            select(ServiceOrder.id)
            .join(Subscription, col(Subscription.run_id) == col(ServiceOrder.run_id))
            .where(Subscription.name == message, ServiceOrder.state != "postponed")
            .order_by(col(ServiceOrder.id))
        )
        found += [(key, message) for key in find(session, list(session.exec(waiting.limit(limit))))]
    return found


def go_on(session: Session, order: ServiceOrder, message: str, *, now: datetime) -> bool:
    """Tell the run that its visits are confirmed, or done. False where it waits no more."""
    if order.id not in WAITS[message](session, [order.id]):
        return False
    return _send(session, order, message, {}, SYSTEM, now)


def take_turn(session: Session, order: ServiceOrder, *, now: datetime) -> None:
    """A limit has passed, or a stop is over."""
    if order.state == "postponed" and order.resume_at and order.resume_at <= now:
        resume(session, order, by=SYSTEM, now=now)
    else:
        order_limits.miss(session, order, now=now)


def _take_row(
    session: Session, row: Any, is_dry: bool, by: Person, now: datetime
) -> dict[str, Any]:
    if isinstance(row, list):
        return {"outcome": "refused", "fields": row}
    known = service_orders.find_known(session, row["external_key"])
    if known is not None:
        return {"outcome": "same", "number": known.number, "id": known.id}
    try:
        with history.savepoint(session):
            order = open_order(session, row, by=by, now=now)
            if is_dry:
                raise _Dry
            return {"outcome": "new", "number": order.number, "id": order.id}
    except _Dry:
        return {"outcome": "new"}
    except Refusal as refusal:
        plain = {"field": "", "zh": refusal.zh, "en": refusal.en}
        return {"outcome": "refused", "fields": refusal.facts.get("fields") or [plain]}


def _tell(
    session: Session,
    order: ServiceOrder,
    message: str,
    told: Mapping[str, Any],
    by: str,
    now: datetime,
) -> None:
    if not _send(session, order, message, told, by, now):
        raise NotAllowed(
            f"订单 {order.number} 现在的环节不能这样做,请刷新后再看",
            f"Order {order.number} is at a step where this cannot be done: reload to see",
            state=order.state,
        )


def _send(
    session: Session,
    order: ServiceOrder,
    message: str,
    told: Mapping[str, Any],
    by: str,
    now: datetime,
) -> bool:
    """Whether the order's run waited for this; if so, it has done by now what follows."""
    session.flush()
    run = session.get(Run, order.run_id) if order.run_id else None
    if run is None or run.status != "open":
        return False
    payload = {**told, "by": by}
    heard = runs.send(session, "message", message, payload, run_id=run.id, by=by, now=now)
    session.refresh(order)
    return heard > 0
