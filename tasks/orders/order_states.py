"""The states of an order of a service (业务订单), and its history. Used by service_orders.py and
its neighbours.

received ──▶ designing ──▶ preparing ──▶ accepted ──▶ archived
    │            ▲   ▲          │
    │            └───┴─ amend ──┤ (back to received, designing or preparing)
    ▼                           │
 refused        any open one ───┴── postpone ──▶ postponed ── resume ──▶ where it was
                any open one, postponed ── cancel ──▶ cancelled
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from records import ServiceOrder, history
from tasks.refusals import NotAllowed, wrong

STATES = {
    "received": ("已受理", "received"),
    "designing": ("设计中", "being designed"),
    "preparing": ("施工准备", "being prepared"),
    "postponed": ("客户缓装", "postponed"),
    "accepted": ("客户已验收", "accepted"),
    "archived": ("已归档", "archived"),
    "refused": ("不具备条件", "refused"),
    "cancelled": ("已撤单", "cancelled"),
}
KINDS = {
    "new": ("新装", "new"),
    "change": ("变更", "change"),
    "move": ("移机", "move"),
    "cease": ("拆机", "cease"),
}
RUNNING = {"received", "designing", "preparing"}
OPEN = RUNNING | {"postponed", "accepted"}
ALLOWED = {
    "refuse": RUNNING,
    "design": RUNNING,
    "test": {"preparing"},
    "accept": {"preparing"},
    "archive": {"accepted"},
    "postpone": RUNNING,
    "resume": {"postponed"},
    "amend": RUNNING,
    "cancel": RUNNING | {"postponed"},
}


def subject_of(order: ServiceOrder) -> str:
    return f"order:{order.id}"


def require(verb: str, order: ServiceOrder) -> None:
    if order.state in ALLOWED[verb]:
        return
    zh, en = STATES[order.state]
    raise NotAllowed(
        f"订单 {order.number} 现在是“{zh}”,不能这样做,请刷新后再看",
        f"Order {order.number} is {en}: this cannot be done now, reload to see",
        state=order.state,
    )


def require_reason(reason: str) -> None:
    if not reason.strip():
        raise wrong("reason", "请写明原因", "Say why")


def shift(
    session: Session,
    verb: str,
    order: ServiceOrder,
    state: str,
    by: str,
    now: datetime,
    **told: Any,
) -> None:
    """Into another state, with the entry of history that says so."""
    told |= {"was": order.state, "is": state}
    order.state = state
    record(session, verb, order, by, now, **told)


def record(
    session: Session, verb: str, order: ServiceOrder, by: str, now: datetime, **told: Any
) -> None:
    history.record(session, verb, subject=subject_of(order), by=by, at=now, **told)
