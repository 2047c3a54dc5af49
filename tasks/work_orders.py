"""A work order (工单), from opened to finished. Every change of its state is in this file.

               ┌───────── reassign, reject ──────────┐
               ▼                                     │
    (open) dispatched ──accept──▶ accepted ──set_out──▶ en_route ──arrive──▶ on_site
               ▲                     │  ▲                                       │
               └─────── release ─────┘  │                                       │
                                        │ reject (驳回)                          │
    returned ◀── reject (退单)           └── replied ◀──────── reply ─────────────┤
                                               │                                │
    suspended, waiting_internal ◀── from and back to any of accepted … on_site   │
                                               └────────── complete ────────────┴──▶ closed

`claim` puts a name on an order that waits; it changes no state. `complete` closes the order only:
bpmn.runs.complete_order moves its run on as well. Each verb checks, changes, records history.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from records import Group, Person, WorkOrder, history
from records.rows import put
from tasks.access.people import may
from tasks.candidates import require_candidate
from tasks.refusals import Forbidden, Invalid, NotAllowed
from tasks.sla.suspensions import check_suspension
from tasks.states import STATES

AT_WORK = {"accepted", "en_route", "on_site"}
OPEN = AT_WORK | {"dispatched", "returned", "replied", "waiting_internal", "suspended"}

ALLOWED = {  # verb: the states in which it may be done
    "claim": {"dispatched"},
    "release": {"dispatched", "accepted"},
    "accept": {"dispatched"},
    "set_out": {"accepted", "on_site"},
    "arrive": {"accepted", "en_route"},
    "suspend": AT_WORK | {"waiting_internal"},
    "wait": AT_WORK,
    "resume": {"suspended", "waiting_internal"},
    "reply": AT_WORK,
    "complete": AT_WORK | {"replied"},
    "reassign": OPEN - {"suspended"},
    "reject": {"dispatched", "accepted", "replied"},
    "save_draft": AT_WORK | {"waiting_internal", "suspended"},
}


def claim(session: Session, order: WorkOrder, *, by: Person, now: datetime) -> None:
    """Put one's own name on an order that waits in a queue."""
    _require("claim", order)
    if order.holder not in (None, by.login):
        raise NotAllowed(
            f"{order.holder} 已经认领了这张工单,请刷新",
            f"{order.holder} has claimed this work order already: reload to see",
            first=order.holder,
        )
    require_candidate(session, order, by)
    order.holder = by.login
    _record(session, "claimed", order, by, now)


def release(session: Session, order: WorkOrder, *, by: Person, now: datetime) -> None:
    """Give it back to the queue."""
    _require("release", order)
    _require_holder(order, by)
    order.holder, order.accepted_at = None, None
    _move(session, "released", order, "dispatched", by, now)


def accept(session: Session, order: WorkOrder, *, by: Person, now: datetime) -> None:
    """接单: from now on the time is one's own."""
    _require("accept", order)
    if order.holder != by.login:
        claim(session, order, by=by, now=now)
    order.accepted_at = now
    _move(session, "accepted", order, "accepted", by, now)


def set_out(session: Session, order: WorkOrder, *, by: Person, now: datetime) -> None:
    _require("set_out", order)
    _require_holder(order, by)
    _move(session, "set out", order, "en_route", by, now)


def arrive(session: Session, order: WorkOrder, *, by: Person, now: datetime) -> None:
    _require("arrive", order)
    _require_holder(order, by)
    _move(session, "arrived", order, "on_site", by, now)


def suspend(
    session: Session,
    order: WorkOrder,
    *,
    reason: str,
    evidence: str,
    resume_at: datetime,
    customer_told: bool,
    by: Person,
    now: datetime,
) -> None:
    """挂起: the customer's time runs, not ours. `tasks/sla/suspensions.py` says who may and why."""
    _require("suspend", order)
    check_suspension(
        session,
        reason=reason,
        evidence=evidence,
        resume_at=resume_at,
        renewals=order.suspensions,
        by=by,
        now=now,
    )
    told = {"reason": reason, "evidence": evidence, "customer_told": customer_told}
    order.resume_at, order.suspensions = resume_at, order.suspensions + 1
    _set_aside(session, "suspended", order, by, now, resume_at=resume_at.isoformat(), **told)


def wait(session: Session, order: WorkOrder, *, reason: str, by: Person, now: datetime) -> None:
    """等待内部: a spare part, another department. The clock runs on."""
    _require("wait", order)
    _require_holder(order, by)
    _require_text("reason", reason)
    _set_aside(session, "waiting_internal", order, by, now, reason=reason)


def resume(session: Session, order: WorkOrder, *, by: Person | None, now: datetime) -> None:
    """解挂. `by` is None when the planned time has come by itself."""
    _require("resume", order)
    if by:
        _require_holder(order, by)
    order.resume_at, state, order.resume_state = None, order.resume_state or "accepted", ""
    _move(session, "resumed", order, state, by, now)


def reply(
    session: Session, order: WorkOrder, answers: Mapping[str, Any], *, by: Person, now: datetime
) -> None:
    """回单: the holder says that it is done; somebody else completes or rejects it."""
    _require("reply", order)
    _require_holder(order, by)
    order.draft = dict(answers)
    _move(session, "replied", order, "replied", by, now)


def complete(
    session: Session, order: WorkOrder, answers: Mapping[str, Any], *, by: Person, now: datetime
) -> None:
    """Close the order only. To move its run on too, call bpmn.runs.complete_order."""
    _require("complete", order)
    _require_holder(order, by)
    told: dict[str, Any] = {"answers": dict(answers), "was": order.state, "is": "closed"}
    over = {"state": "closed", "finished_at": now, "finished_by": by.login}
    put(session, order, answers=told["answers"], draft=None, **over)
    _record(session, "completed", order, by, now, **told)


def reassign(
    session: Session,
    order: WorkOrder,
    *,
    to: Person | None,
    group: str | None,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """转派: to a person, to another group's queue, or both."""
    _require("reassign", order)
    _require_permission(by, "work-orders:assign")
    _require_text("reason", reason)
    told = {"from": order.holder, "from_group": order.group_key, "reason": reason}
    if group:
        _require_group(session, group)
        order.group_key = group
    if to:
        require_candidate(session, order, to)
    order.holder, order.accepted_at = to.login if to else None, None
    to_whom = {"to": order.holder, "to_group": order.group_key}
    _move(session, "reassigned", order, "dispatched", by, now, **told, **to_whom)


def reject(session: Session, order: WorkOrder, *, reason: str, by: Person, now: datetime) -> None:
    """驳回 a reply to its holder, or 退单: hand an order back that is not ours to do."""
    _require("reject", order)
    _require_text("reason", reason)
    if order.state == "replied":
        _require_permission(by, "work-orders:assign")
        _move(session, "rejected", order, "accepted", by, now, reason=reason)
    else:
        require_candidate(session, order, by)
        order.holder, order.accepted_at = None, None
        _move(session, "returned", order, "returned", by, now, reason=reason)


def save_draft(
    session: Session, order: WorkOrder, answers: Mapping[str, Any], *, by: Person, now: datetime
) -> None:
    """Keep a half-filled form. Anything may be missing or wrong in it; it is checked at the end."""
    _require("save_draft", order)
    _require_holder(order, by)
    order.draft = dict(answers)
    _record(session, "draft saved", order, by, now)


def release_due(session: Session, order: WorkOrder, *, now: datetime) -> bool:
    """待解挂 → running: resume an order whose planned time has come. False if it was sooner."""
    if order.state != "suspended" or order.resume_at is None or order.resume_at > now:
        return False
    resume(session, order, by=None, now=now)
    return True


def _require(verb: str, order: WorkOrder) -> None:
    if order.state in ALLOWED[verb]:
        return
    state = STATES[order.state]
    by = f" ({order.finished_by})" if order.finished_by else ""
    raise NotAllowed(
        f"工单 {order.id} 现在是“{state.zh}”{by},不能这样做,请刷新后再看",
        f"Work order {order.id} is {state.en}{by}: this cannot be done now, reload to see",
        state=order.state,
        first=order.finished_by or order.holder,
    )


def _require_holder(order: WorkOrder, by: Person) -> None:
    if order.holder != by.login and not may(by, "work-orders:assign"):
        raise Forbidden(
            f"这张工单在 {order.holder or '队列'} 名下,请先接单或请调度转派",
            f"This work order is with {order.holder or 'the queue'}: accept it first,"
            " or ask dispatch to reassign it",
        )


def _require_permission(by: Person, permission: str) -> None:
    if not may(by, permission):
        raise Forbidden("这件事须由调度员来做", "A dispatcher has to do this")


def _require_group(session: Session, key: str) -> None:
    if session.exec(select(Group).where(Group.key == key)).first() is None:
        _refuse_field("group", f"没有“{key}”这个组", f"There is no group “{key}”")


def _require_text(field: str, text: str) -> None:
    if not text.strip():
        _refuse_field(field, "请写明原因", "Say why")


def _refuse_field(field: str, zh: str, en: str) -> None:
    raise Invalid(zh, en, fields=[{"field": field, "zh": zh, "en": en}])


def _set_aside(
    session: Session, state: str, order: WorkOrder, by: Person, now: datetime, **told: Any
) -> None:
    if order.state not in ("suspended", "waiting_internal"):
        order.resume_state = order.state
    _move(session, state.replace("_", " "), order, state, by, now, **told)


def _move(
    session: Session,
    verb: str,
    order: WorkOrder,
    state: str,
    by: Person | None,
    now: datetime,
    **told: Any,
) -> None:
    told |= {"was": order.state, "is": state}
    order.state = state
    _record(session, verb, order, by, now, **told)


def _record(
    session: Session, verb: str, order: WorkOrder, by: Person | None, now: datetime, **told: Any
) -> None:
    history.record(
        session,
        verb,
        subject=f"run:{order.run_id}",
        by=by.login if by else "system",
        at=now,
        work_order=order.id,
        element=order.element,
        **told,
    )
