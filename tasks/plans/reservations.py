"""Reserving (预留) what a plan needs: nobody gets what somebody else has.

Whoever reserves locks the rows of the resources first, in the order of their ids; then counts what
is held; then writes. A drill sees what is free and holds nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from records import Person, PlanResource, PlanRun, Reservation
from tasks.access.people import require as require_permission
from tasks.plans.plan_news import tell_command
from tasks.plans.plan_rules import rules_of
from tasks.plans.plan_states import record, require
from tasks.refusals import Conflict, NotAllowed, NotFound, wrong

Map = Mapping[str, Any]
Short = list[dict[str, Any]]


def reserve_needs(
    session: Session, run: PlanRun, needs: Sequence[Map], *, by: str, now: datetime
) -> tuple[int, Short]:
    """All that the plan needs, as far as it is free: how many rows, and what is short. Who commands
    hears of that."""
    rows: list[Reservation] = []
    short: Short = []
    for need in needs:
        taken, lacks = _take(session, run, need, by, now)
        rows += taken
        short += [{"kind": need["kind"], "quantity": lacks}] if lacks else []
    told = [{"resource": row.resource_id, "quantity": row.quantity} for row in rows]
    record(session, "reserved", run, by, now, reserved=told, short=short)
    if short:
        facts = {"what": _say_short(session, short)}
        tell_command(session, run, "plan_behind", facts, key="short", now=now)
    return len(rows), short


def reserve(
    session: Session,
    run: PlanRun,
    resource: PlanResource,
    quantity: int,
    *,
    by: Person,
    now: datetime,
) -> Reservation:
    """One more for this run. Conflict says who has it."""
    require_permission(by, "plan-runs:command")
    require("reserve", run)
    if quantity < 1:
        raise wrong("quantity", "至少 1", "This is at least 1")
    _lock(session, [resource.id])
    session.refresh(resource)
    if resource.state != "ready":
        raise NotAllowed(
            f"“{resource.name}”现在不可用,请另选", f"{resource.code} is not ready: choose another"
        )
    free = _free(session, [resource])[resource.id]
    if free < quantity:
        raise _taken(session, resource, free, quantity)
    row = _hold(session, run, resource, quantity, by.login, now)
    told = [{"resource": resource.id, "quantity": quantity}]
    record(session, "reserved", run, by.login, now, reserved=told, short=[])
    return row


def arrive(
    session: Session, run: PlanRun, reservation_id: int, *, by: str, now: datetime
) -> Reservation:
    """It is where it is needed. Twice is once."""
    row = check_arrival(session, run, reservation_id)
    if row.arrived_at is None:
        row.arrived_at = now
        told = {"reservation": row.id, "resource": row.resource_id, "quantity": row.quantity}
        record(session, "resource arrived", run, by, now, **told)
    return row


def check_arrival(session: Session, run: PlanRun, reservation_id: int) -> Reservation:
    require("arrive", run)
    row = session.get(Reservation, reservation_id)
    if row is None or row.plan_run_id != run.id or row.released_at:
        raise NotFound(
            f"这次执行没有预留 {reservation_id}", f"This run has no reservation {reservation_id}"
        )
    return row


def release_all(session: Session, run: PlanRun, *, now: datetime) -> int:
    held = [row for row in reservations_of(session, run) if row.released_at is None]
    for row in held:
        row.released_at = now
    session.flush()
    return len(held)


def reservations_of(session: Session, run: PlanRun) -> list[Reservation]:
    mine = select(Reservation).where(Reservation.plan_run_id == run.id)
    return list(session.exec(mine.order_by(col(Reservation.id))))


def free_of(session: Session, resources: Sequence[PlanResource]) -> dict[int, int]:
    """By id: how many nobody holds."""
    return _free(session, resources)


def _take(
    session: Session, run: PlanRun, need: Map, by: str, now: datetime
) -> tuple[list[Reservation], int]:
    lacks, rows = need["quantity"], list[Reservation]()
    stock = _stock(session, run, need)
    free = _free(session, stock)
    for resource in stock:
        taken = min(lacks, free[resource.id])
        if taken > 0:
            rows.append(_hold(session, run, resource, taken, by, now))
            lacks -= taken
    return rows, lacks


def _stock(session: Session, run: PlanRun, need: Map) -> list[PlanResource]:
    """What may serve, locked; what is in the city of the run first."""
    fit = select(PlanResource.id).where(
        PlanResource.kind == need["kind"], PlanResource.state == "ready"
    )
    if need["place"] == "city" and run.city:
        fit = fit.where(PlanResource.city == run.city)
    _lock(session, list(session.exec(fit)))
    rows = select(PlanResource).where(col(PlanResource.id).in_(fit))
    near = (col(PlanResource.city) != run.city, col(PlanResource.id))
    return list(session.exec(rows.order_by(*near).execution_options(populate_existing=True)))


def _lock(session: Session, ids: Sequence[int]) -> None:
    rows = select(PlanResource.id).where(col(PlanResource.id).in_(ids))
    session.exec(rows.order_by(col(PlanResource.id)).with_for_update()).all()


def _free(session: Session, resources: Sequence[PlanResource]) -> dict[int, int]:
    held = (
        select(Reservation.resource_id, func.sum(Reservation.quantity))
        .where(col(Reservation.resource_id).in_([one.id for one in resources]))
        .where(col(Reservation.released_at).is_(None), ~col(Reservation.is_drill))
        .group_by(col(Reservation.resource_id))
    )
    taken = {key: int(count or 0) for key, count in session.exec(held)}
    return {one.id: max(0, one.quantity - taken.get(one.id, 0)) for one in resources}


def _hold(
    session: Session, run: PlanRun, resource: PlanResource, quantity: int, by: str, now: datetime
) -> Reservation:
    row = Reservation(
        plan_run_id=run.id, resource_id=resource.id, quantity=quantity, is_drill=run.is_drill,
        reserved_by=by, reserved_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _taken(session: Session, resource: PlanResource, free: int, quantity: int) -> Conflict:
    held = (
        select(PlanRun.id, PlanRun.title, Reservation.quantity)
        .join(Reservation, col(Reservation.plan_run_id) == col(PlanRun.id))
        .where(Reservation.resource_id == resource.id, ~col(Reservation.is_drill))
        .where(col(Reservation.released_at).is_(None))
        .order_by(col(Reservation.id))
    )
    by = [f"{title}({id}) × {count}" for id, title, count in session.exec(held)]
    who = ", ".join(by) or "—"
    return Conflict(
        f"“{resource.name}”只剩 {free},要 {quantity};已预留给:{who}。请另选,或请对方归还",
        f"{free} of {resource.code} are left, {quantity} are wanted; they are reserved for {who}:"
        " choose another, or ask them for it",
        free=free,
    )


def _say_short(session: Session, short: Short) -> dict[str, str]:
    kinds = rules_of(session)["kinds"]
    said = {"zh": [], "en": []}  # type: dict[str, list[str]]
    for each in short:
        for language, words in said.items():
            name = kinds.get(each["kind"], {}).get(language, each["kind"])
            words.append(f"{name} × {each['quantity']}")
    return {"zh": "资源不够:" + "、".join(said["zh"]), "en": "short of " + ", ".join(said["en"])}
