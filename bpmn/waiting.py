"""What a run waits for, as rows: work orders, timers, subscriptions, incidents. Called by moves.py.

Only the difference that a move made is written: what waits now and did not before, and the reverse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, update
from sqlmodel import col

from bpmn import wall
from records import Incident, ServiceCall, Subscription, Timer, WorkOrder, history
from records.work_orders import NEVER

if TYPE_CHECKING:
    from bpmn.moves import Move


NOTHING = wall.Waits({}, {}, {}, {}, {})


def _at(table: Any) -> Any:
    return (col(table.run_id) == bindparam("run")) & (col(table.step_id) == bindparam("step"))


# Built once: SQLAlchemy takes longer to build and to recognise a statement than to run it.
_ADD = {table: insert(table) for table in (WorkOrder, Timer, Subscription, Incident)}
_FORGET = {table: delete(table).where(_at(table)) for table in (Timer, Subscription)}
_CALL_OFF = (
    update(WorkOrder)
    .where(_at(WorkOrder), col(WorkOrder.finished_at).is_(None))
    .values(state="cancelled", finished_by="system")
)
_DROP = (
    update(ServiceCall)
    .where(_at(ServiceCall), col(ServiceCall.state) == "waiting")
    .values(state="dropped")
)
_SETTLE = (
    update(Incident)
    .where(_at(Incident), col(Incident.settled_at).is_(None))
    .values(settled_how="gone")
)


def keep(move: Move) -> None:
    before, after = move.before, move.live.waits()
    _keep_orders(move, before.orders, after.orders)
    _keep_timers(move, before.timers, after.timers)
    _keep_subscriptions(move, before.subscriptions, after.subscriptions)
    _drop_calls(move, before.calls.keys() - after.calls.keys())
    _keep_incidents(move, before.troubles, after.troubles)


def _keep_orders(
    move: Move, before: dict[int, wall.OrderStep], after: dict[int, wall.OrderStep]
) -> None:
    _end(move, _CALL_OFF, before.keys() - after.keys(), finished_at=move.now)
    new = [order_row(move, step) for step_id, step in after.items() if step_id not in before]
    if new:
        _add(move, WorkOrder, new)
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
        "holder": _named(kept.get("holder_from", ""), step.data),
        "group_key": kept.get("group") or move.loaded.lanes.get(step.lane or "", ""),
        "form": kept.get("form", ""),
        "stage": kept.get("stage", ""),
        "clock": kept.get("budget_key", ""),
        "segment": kept.get("segment", "work"),
        "is_on_site": kept.get("on_site", "") == "true",
        "state": "dispatched",
        "resume_state": "",
        "priority": int(kept.get("priority", 3)),
        "revision": 1,
        "opened_at": move.now,
        "due_at": NEVER,
        "suspensions": 0,
        "finished_by": "",
    }


def _named(path: str, data: dict[str, Any]) -> str | None:
    """The login that the facts have at "post.login"; nobody where there is none."""
    found: Any = data if path else None
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found else None


def _keep_timers(move: Move, before: dict[int, wall.Timer], after: dict[int, wall.Timer]) -> None:
    _end(move, _FORGET[Timer], {i for i, timer in before.items() if after.get(i) != timer})
    new = [timer for i, timer in after.items() if before.get(i) != timer]
    _add(move, Timer, [_row(move, timer, due_at=timer.due) for timer in new])


def _keep_subscriptions(
    move: Move, before: dict[int, wall.Subscription], after: dict[int, wall.Subscription]
) -> None:
    _end(move, _FORGET[Subscription], {i for i, wish in before.items() if after.get(i) != wish})
    new = [wish for i, wish in after.items() if before.get(i) != wish]
    rows = [_row(move, wish, kind=wish.kind, name=wish.name, key=wish.key) for wish in new]
    _add(move, Subscription, rows)


def _drop_calls(move: Move, gone: set[int]) -> None:
    """A timeout or a cancelled branch was faster than the service: its result will be dropped."""
    _end(move, _DROP, gone, ended_at=move.now)


def _keep_incidents(
    move: Move, before: dict[int, wall.Trouble], after: dict[int, wall.Trouble]
) -> None:
    _end(move, _SETTLE, before.keys() - after.keys(), settled_at=move.now, settled_by=move.by)
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


def _end(move: Move, statement: Any, step_ids: set[int], **told: Any) -> None:
    rows = [{"run": move.run_id, "step": step_id, **told} for step_id in step_ids]
    if rows:
        move.session.connection().execute(statement, rows)


def _add(move: Move, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        move.session.connection().execute(_ADD[table], rows)


def _record(move: Move, verb: str, told: Any) -> None:
    facts = told if isinstance(told, dict) else {"orders": told}
    subject = f"run:{move.run_id}"
    history.record(move.session, verb, subject=subject, by=move.by, at=move.now, **facts)


def _order_told(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("element", "title", "group_key", "step_id")}
