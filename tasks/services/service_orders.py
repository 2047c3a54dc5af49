"""Services about the order that a run is about: what service_activation.bpmn calls.

Each does one verb and tells what came of it; the verbs are in tasks/orders/, where their
rules are. What people gave and cannot be done is told back, for the diagram to ask again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from records import ServiceOrder, history
from tasks.orders import (
    order_archive,
    order_changes,
    order_designs,
    order_limits,
    order_visits,
    service_orders,
)
from tasks.orders.order_states import record
from tasks.refusals import Refusal
from tasks.services.kinds import Caller, ServiceRefused

Facts = dict[str, Any]
LIMITS = ("feasibility", "design", "total")


def describe(caller: Caller) -> Facts:
    """What the decision tables ask about."""
    return service_orders.facts_of(caller.session, order_of(caller))


def set_limits(caller: Caller, *, limits: Mapping[str, Any]) -> Facts:
    """`limits`: the row of the table order_limit, in working days of its calendar."""
    days = {name: int(limits[f"{name}_days"]) for name in LIMITS}
    more, now = int(limits["construction_days"]), caller.now
    with _refusals():
        set_ = order_limits.set_limits
        return set_(
            caller.session, order_of(caller), days, limits["calendar"], now, construction=more
        )


def take_feasibility(caller: Caller, *, summary: Facts) -> Facts:
    return _do(caller, service_orders.take_feasibility, summary=summary)


def refuse(caller: Caller, *, reason: str) -> Facts:
    return _do(caller, service_orders.refuse, reason=reason)


def take_design(caller: Caller, *, design: Facts, jobs: list[str]) -> Facts:
    """`is_taken` is false where it will not do, and history says why: nothing of it is kept."""
    order = order_of(caller)

    def take() -> Facts:
        told: Facts = {"by": caller.by, "now": caller.now}
        return order_designs.take_design(caller.session, order, design, jobs, **told)

    return _attempt(caller, order, "design refused", take)


def look_at_work(caller: Caller) -> Facts:
    return order_designs.work_of(caller.session, order_of(caller)) | {"is_taken": True}


def explain(caller: Caller, *, by_phone: bool) -> Facts:
    with _refusals():
        told: Facts = {"by_phone": by_phone, "by": caller.by, "now": caller.now}
        return {"sheets": order_visits.explain(caller.session, order_of(caller), **told)}


def note_construction(caller: Caller) -> Facts:
    return _do(caller, service_orders.note_construction)


def note_data(caller: Caller, *, is_there: bool) -> Facts:
    return _do(caller, order_changes.note_data, is_there=is_there)


def look_at_visits(caller: Caller) -> Facts:
    return order_visits.look(caller.session, order_of(caller))


def plan_again(caller: Caller, *, again: Facts) -> Facts:
    order = order_of(caller)

    def take() -> Facts:
        told: Facts = {"by": caller.by, "now": caller.now}
        found = order_visits.plan_again(caller.session, order, again, **told)
        return {"visits": len(found)}

    return _attempt(caller, order, "visit refused", take)


def take_test(caller: Caller, *, test: Facts) -> Facts:
    return _do(caller, service_orders.take_test, test=test)


def accept(caller: Caller, *, acceptance: Facts) -> Facts:
    return _do(caller, service_orders.accept, acceptance=acceptance)


def archive(caller: Caller) -> Facts:
    with _refusals():
        told: Facts = {"by": caller.by, "now": caller.now}
        return order_archive.archive(caller.session, order_of(caller), **told)


def ask_inspection(caller: Caller) -> Facts:
    return order_archive.ask_inspection(caller.session, order_of(caller), now=caller.now)


def postpone(caller: Caller, *, reason: str, resume_at: str, by: str) -> Facts:
    until = datetime.fromisoformat(resume_at)
    return _do(caller, order_changes.postpone, by, reason=reason, resume_at=until)


def resume(caller: Caller, *, by: str) -> Facts:
    return _do(caller, order_changes.resume, by)


def amend(caller: Caller, *, changes: Facts, reason: str, by: str) -> Facts:
    with _refusals():
        told: Facts = {"reason": reason, "by": by, "now": caller.now}
        return order_changes.amend(caller.session, order_of(caller), changes, **told)


def undo(caller: Caller, *, steps: Facts) -> Facts:
    with _refusals():
        told: Facts = {"by": caller.by, "now": caller.now}
        return order_changes.undo(caller.session, order_of(caller), steps, **told)


def cancel(caller: Caller, *, reason: str, by: str) -> Facts:
    """What is free again; whether the data have to be taken out of the network."""
    is_configured = order_of(caller).is_configured
    return _do(caller, service_orders.cancel, by, reason=reason) | {"data": is_configured}


def order_of(caller: Caller) -> ServiceOrder:
    """Locked on PostgreSQL, as a door may change it meanwhile."""
    about, _, number = caller.subject.partition(":")
    key = int(number) if about == "order" else 0
    order = caller.session.get(ServiceOrder, key, with_for_update=True)
    if order is None:
        raise ServiceRefused("not-found", "这个流程没有订单", "This run is not about an order")
    return order


def _do(caller: Caller, verb: Callable[..., None], by: str = "", /, **told: Any) -> Facts:
    order = order_of(caller)
    with _refusals():
        verb(caller.session, order, by=by or caller.by, now=caller.now, **told)
    return {"state": order.state}


def _attempt(caller: Caller, order: ServiceOrder, verb: str, take: Callable[[], Facts]) -> Facts:
    try:
        with history.savepoint(caller.session):
            return take() | {"is_taken": True}
    except Refusal as refusal:
        fields = refusal.facts.get("fields", [])
        why: Facts = {"zh": refusal.zh, "en": refusal.en, "fields": fields}
        record(caller.session, verb, order, caller.by, caller.now, **why)
        return {"is_taken": False, "why": why}


@contextmanager
def _refusals() -> Iterator[None]:
    """Trying again will not help: somebody has to look."""
    try:
        yield
    except Refusal as refusal:
        raise ServiceRefused(refusal.code, refusal.zh, refusal.en) from refusal
