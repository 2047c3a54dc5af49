"""Runs of diagrams: start one, and move it on when something happened.

Each function does all that follows from one happening — engine, work orders, timers, history — in
the caller's transaction. Repair of a run that failed: incidents.py. Results of services: calls.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlmodel import Session, col, select

from bpmn import forms, library, wall
from bpmn.moves import Move, begin, refusals, take
from records import Person, Run, Subscription, WorkOrder, history
from tasks import work_orders
from tasks.refusals import Refusal

Kind = Literal["message", "signal"]
MOST_HOPS = 10  # how often one message may lead to another within one transaction


class Runaway(Refusal):
    """Diagrams send each other messages without end."""

    code = "runaway"


def start(
    session: Session,
    key: str,
    data: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    subject: str = "",
    loaded: library.Loaded | None = None,
) -> Run:
    """Begin a run of the current version of diagram `key`; `loaded`: where that is at hand."""
    loaded = loaded or library.current(session, key)
    [run] = enter(session, key, loaded, [subject], by=by, now=now)
    return set_out(session, run, loaded, data, by=by, now=now)


def enter(
    session: Session,
    key: str,
    loaded: library.Loaded,
    subjects: Sequence[str],
    *,
    by: str,
    now: datetime,
) -> list[Run]:
    """The rows of runs that are yet to set out, one for each subject."""
    told: dict[str, Any] = {"version_id": loaded.version_id, "content_hash": loaded.content_hash}
    told |= {"diagram_key": key, "started_at": now, "started_by": by}
    entered = [Run(**told, subject=subject) for subject in subjects]
    session.add_all(entered)
    session.flush()
    return entered


def set_out(
    session: Session,
    run: Run,
    loaded: library.Loaded,
    data: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
) -> Run:
    """The first move of a run that was entered."""
    facts = {"diagram": run.diagram_key, "version": loaded.number}
    facts["content_hash"] = loaded.content_hash
    _record(session, run.id, "started", by, now, about=run.subject, **facts)
    move = begin(session, run, data, by=by, now=now)
    with refusals():
        go_on(move)
    if move.live.thrown:  # others may have moved it since
        session.refresh(run)
    return run


def complete_order(
    session: Session,
    order: WorkOrder,
    answers: Mapping[str, Any],
    *,
    by: Person,
    now: datetime,
) -> None:
    """Finish a work order, and move its run on with the answers."""
    complete(take(session, order.run_id, by=by.login, now=now), order, answers, by=by)


def complete(move: Move, order: WorkOrder, answers: Mapping[str, Any], *, by: Person) -> None:
    """As complete_order, with a move and an order from `take_order`."""
    work_orders.complete(move.session, order, answers, by=by, now=move.now)
    forms.check_answers(move.loaded.forms.get(order.form), answers)
    with refusals():
        move.live.complete(order.step_id, dict(answers))
    del move.before.orders[order.step_id]  # it has its end already
    go_on(move)


def send(
    session: Session,
    kind: Kind,
    name: str,
    payload: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    run_id: int | None = None,
    subject: str | None = None,
    key: str | None = None,
    besides: int | None = None,
    hops: int = 0,
) -> int:
    """Give a message or a signal to every run that waits for it; how many did.

    `run_id` or `subject` narrow it to one run or to the runs about one thing; `key` must equal the
    key of the subscription where that has one.
    """
    wishes = select(Subscription.run_id).where(
        Subscription.kind == kind,
        Subscription.name == name,
        col(Subscription.key).is_(None) | (col(Subscription.key) == key),
    )
    if run_id is not None:
        wishes = wishes.where(Subscription.run_id == run_id)
    if subject is not None:
        about = select(Run.id).where(Run.subject == subject)
        wishes = wishes.where(col(Subscription.run_id).in_(about))
    waiting = sorted(set(session.exec(wishes)) - {besides})
    for one in waiting:
        _give(session, one, kind, name, payload, key, by=by, now=now, hops=hops)
    return len(waiting)


def wake(session: Session, run_id: int, *, now: datetime) -> None:
    """Fire the timers of a run that are due."""
    move = take(session, run_id, by="system", now=now)
    move.live.wake()
    go_on(move)


def cancel(session: Session, run_id: int, *, reason: str, by: str, now: datetime) -> None:
    """End a run where it stands: its orders, timers and subscriptions go with it."""
    move = take(session, run_id, by=by, now=now)
    _record(session, run_id, "cancelled", by, now, reason=reason)
    move.live.cancel()
    move.keep(status="cancelled")


def end_of(session: Session, run_id: int | None, *, reason: str, by: str, now: datetime) -> None:
    """As cancel, where there is a run and it is still open."""
    run = session.get(Run, run_id) if run_id else None
    if run and run.status == "open":
        cancel(session, run.id, reason=reason, by=by, now=now)


def why(session: Session, run: Run, *, now: datetime) -> list[dict[str, Any]]:
    """What each token of the run waits for: whom, until when, which message with which key."""
    if run.status != "open":
        return []
    live = _look(session, run, now)
    is_open = col(WorkOrder.finished_at).is_(None)
    orders = session.exec(select(WorkOrder).where(WorkOrder.run_id == run.id, is_open))
    holders = {order.step_id: order for order in orders}
    return [_explained(one, holders.get(one.step_id)) for one in live.why()]


def facts(session: Session, run: Run, *, now: datetime) -> dict[str, Any]:
    """The data that each step which waits for a person sees; of a run that is over, its last."""
    live = _look(session, run, now)
    return {step.element_id: step.data for step in live.orders()} or {"": live.data}


def go_on(move: Move, *, hops: int = 0) -> None:
    """Advance, write everything, and pass on what the run threw to other runs."""
    move.live.advance()
    move.keep()
    if move.live.thrown and hops >= MOST_HOPS:
        raise Runaway(
            "流程之间互相发消息没有尽头,请流程负责人检查",
            "Diagrams send each other messages without end: ask their owner to look",
        )
    for thrown in move.live.thrown:
        _pass_on(move, thrown, hops=hops + 1)


def _pass_on(move: Move, thrown: wall.Thrown, *, hops: int) -> None:
    send(
        move.session,
        thrown.kind,
        thrown.name,
        thrown.payload,
        key=thrown.key,
        by=f"run:{move.run_id}",
        now=move.now,
        hops=hops,
        besides=move.run_id,
    )


def _give(
    session: Session,
    run_id: int,
    kind: Kind,
    name: str,
    payload: Mapping[str, Any],
    key: str | None,
    *,
    by: str,
    now: datetime,
    hops: int,
) -> None:
    move = take(session, run_id, by=by, now=now)
    _record(session, run_id, "got", by, now, kind=kind, name=name, key=key, payload=dict(payload))
    with refusals():
        move.live.signal(kind, name, dict(payload), key)
    go_on(move, hops=hops)


def _explained(one: wall.Waiting, order: WorkOrder | None) -> dict[str, Any]:
    told = {"step_id": one.step_id, "element": one.element_id, "name": one.name}
    told |= {"waits_for": one.for_, **one.detail}
    if order:
        told |= {
            "work_order": order.id,
            "state": order.state,
            "group": order.group_key,
            "holder": order.holder,
            "since": order.opened_at.isoformat(),
        }
    return told


def _look(session: Session, run: Run, now: datetime) -> wall.LiveRun:
    loaded = library.load(session, run.version_id, run.content_hash)
    return wall.restore(loaded.blueprint, run.state, now=now, services=_no_services)


def _no_services(request: wall.ServiceRequest) -> Any:
    raise RuntimeError(f"{request.service} must not be called while looking")


def _record(session: Session, run_id: int, verb: str, by: str, now: datetime, **told: Any) -> None:
    history.record(session, verb, subject=f"run:{run_id}", by=by, at=now, **told)
