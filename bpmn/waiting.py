"""What a run waits for, as rows: work orders, timers, subscriptions, incidents. Called by moves.py.

Only the difference that a move made is written: what waits now and did not before, and the reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, update
from sqlmodel import SQLModel, col

from bpmn import wall
from records import Incident, ServiceCall, Subscription, Timer, WorkOrder, history

if TYPE_CHECKING:
    from bpmn.moves import Move


@dataclass(frozen=True)
class Waits:
    """The steps of a run that wait, by what they wait for."""

    orders: dict[int, wall.OrderStep]
    timers: dict[int, wall.Timer]
    subscriptions: dict[int, wall.Subscription]
    calls: dict[int, wall.Call]
    troubles: dict[int, wall.Trouble]


NOTHING = Waits({}, {}, {}, {}, {})


def what(live: wall.LiveRun) -> Waits:
    return Waits(
        orders={step.step_id: step for step in live.orders()},
        timers={timer.step_id: timer for timer in live.timers()},
        subscriptions={wish.step_id: wish for wish in live.subscriptions()},
        calls={call.step_id: call for call in live.calls()},
        troubles={trouble.step_id: trouble for trouble in live.troubles()},
    )


def keep(move: Move) -> None:
    before, after = move.before, what(move.live)
    _keep_orders(move, before.orders, after.orders)
    _keep_timers(move, before.timers, after.timers)
    _keep_subscriptions(move, before.subscriptions, after.subscriptions)
    _drop_calls(move, before.calls.keys() - after.calls.keys())
    _keep_incidents(move, before.troubles, after.troubles)


def _keep_orders(
    move: Move, before: dict[int, wall.OrderStep], after: dict[int, wall.OrderStep]
) -> None:
    gone = before.keys() - after.keys()
    if gone:
        # An order that was completed has its end already.
        over = {"state": "cancelled", "finished_at": move.now, "finished_by": "system"}
        still_open = col(WorkOrder.finished_at).is_(None)
        _write(move, update(WorkOrder).where(_of(move, WorkOrder, gone), still_open).values(over))
    new = [order_row(move, step) for step_id, step in after.items() if step_id not in before]
    if new:
        _write(move, insert(WorkOrder), new)
        _record(move, "opened", [_order_told(row) for row in new])


def order_row(move: Move, step: wall.OrderStep) -> dict[str, Any]:
    kept = step.properties
    about, _, number = move.row.subject.partition(":")
    return {
        "run_id": move.run_id,
        "step_id": step.step_id,
        "element": step.element_id,
        "title": step.name,
        "ticket_id": int(number) if about == "ticket" else None,
        "group_key": kept.get("group") or move.loaded.lanes.get(step.lane or "", ""),
        "form": kept.get("form", ""),
        "stage": kept.get("stage", ""),
        "segment": kept.get("segment", "work"),
        "is_on_site": kept.get("on_site", "") == "true",
        "state": "dispatched",
        "resume_state": "",
        "priority": int(kept.get("priority", 3)),
        "revision": 1,
        "opened_at": move.now,
        "suspensions": 0,
        "finished_by": "",
    }


def _keep_timers(move: Move, before: dict[int, wall.Timer], after: dict[int, wall.Timer]) -> None:
    _forget(move, Timer, {i for i, timer in before.items() if after.get(i) != timer})
    new = [timer for i, timer in after.items() if before.get(i) != timer]
    _add(move, Timer, [_row(move, timer, due_at=timer.due) for timer in new])


def _keep_subscriptions(
    move: Move, before: dict[int, wall.Subscription], after: dict[int, wall.Subscription]
) -> None:
    _forget(move, Subscription, {i for i, wish in before.items() if after.get(i) != wish})
    new = [wish for i, wish in after.items() if before.get(i) != wish]
    rows = [_row(move, wish, kind=wish.kind, name=wish.name, key=wish.key) for wish in new]
    _add(move, Subscription, rows)


def _drop_calls(move: Move, gone: set[int]) -> None:
    """A timeout or a cancelled branch was faster than the service: its result will be dropped."""
    if gone:
        waiting = col(ServiceCall.state) == "waiting"
        over = {"state": "dropped", "ended_at": move.now}
        _write(move, update(ServiceCall).where(_of(move, ServiceCall, gone), waiting).values(over))


def _keep_incidents(
    move: Move, before: dict[int, wall.Trouble], after: dict[int, wall.Trouble]
) -> None:
    gone = before.keys() - after.keys()
    if gone:
        unsettled = col(Incident.settled_at).is_(None)
        over = {"settled_at": move.now, "settled_by": move.by, "settled_how": "gone"}
        _write(move, update(Incident).where(_of(move, Incident, gone), unsettled).values(over))
    new = [trouble for step_id, trouble in after.items() if step_id not in before]
    rows = [_incident_row(move, trouble) for trouble in new]
    _add(move, Incident, rows)
    for row in rows:
        told = {key: row[key] for key in ("element", "name", "kind", "zh", "en")}
        _record(move, "failed", told)


def _incident_row(move: Move, trouble: wall.Trouble) -> dict[str, Any]:
    return _row(
        move,
        trouble,
        name=trouble.name,
        kind=trouble.kind,
        zh=trouble.zh,
        en=trouble.en,
        line=trouble.line,
        opened_at=move.now,
        settled_by="",
        settled_how="",
        reason="",
    )


def _row(move: Move, step: Any, **values: Any) -> dict[str, Any]:
    where = {"run_id": move.run_id, "step_id": step.step_id, "element": step.element_id}
    return where | values


def _of(move: Move, table: Any, step_ids: set[int]) -> Any:
    return (col(table.run_id) == move.run_id) & col(table.step_id).in_(step_ids)


def _forget(move: Move, table: type[SQLModel], step_ids: set[int]) -> None:
    if step_ids:
        _write(move, delete(table).where(_of(move, table, step_ids)))


def _add(move: Move, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    if rows:
        _write(move, insert(table), rows)


def _write(move: Move, statement: Any, rows: list[dict[str, Any]] | None = None) -> None:
    move.session.connection().execute(statement, rows)


def _record(move: Move, verb: str, told: Any) -> None:
    facts = told if isinstance(told, dict) else {"orders": told}
    subject = f"run:{move.run_id}"
    history.record(move.session, verb, subject=subject, by=move.by, at=move.now, **facts)


def _order_told(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("element", "title", "group_key", "step_id")}
