"""What the steps of a run wait for: orders, timers, subscriptions, calls, troubles, and `why`.

Read off the steps each time; nothing is registered anywhere, so nothing can disagree. Tuples,
because a frozen dataclass takes five times as long to make, and each move makes dozens.
"""

from datetime import datetime
from typing import Any, Literal, NamedTuple

from SpiffWorkflow import TaskState

from bpmn.wall.facts import Facts
from bpmn.wall.scopes import MainScope
from bpmn.wall.service_steps import ServiceRequest, ServiceStep
from bpmn.wall.steps import Step
from bpmn.wall.triggers import due_of
from bpmn.wall.troubles import Trouble


class OrderStep(NamedTuple):
    """A step that waits for a person. `data` is what the run works with: not to be changed."""

    step_id: int
    element_id: str
    name: str
    lane: str | None
    properties: dict[str, str]
    data: Facts


class Timer(NamedTuple):
    step_id: int
    element_id: str
    due: datetime


class Subscription(NamedTuple):
    """`key` None: any key will do."""

    step_id: int
    element_id: str
    kind: Literal["message", "signal"]
    name: str
    key: str | None


class Waiting(NamedTuple):
    """`for_`: person, timer, message, signal, service, repair, or branches (at a join)."""

    step_id: int
    element_id: str
    name: str
    for_: str
    detail: dict[str, Any]


class Waits(NamedTuple):
    """All that a run waits for, each by the id of the step that waits."""

    orders: dict[int, OrderStep]
    timers: dict[int, Timer]
    subscriptions: dict[int, Subscription]
    calls: dict[int, ServiceRequest]  # services that said LATER
    troubles: dict[int, Trouble]


def look(run: MainScope) -> Waits:
    """In one pass, as each move looks twice: before and after."""
    found = Waits({}, {}, {}, {}, {})
    for scope in run.scopes():
        for step in scope.tasks.values():
            if see := _SEE.get(step._state):
                see(step, found)
    return found


def why(run: MainScope) -> list[Waiting]:
    return [waiting for step in run.steps() if (waiting := _why(step))]


def lane_of(step: Step) -> str | None:
    """The step's own lane, else that of the step which opened its subprocess."""
    lane: str | None = step.task_spec.lane
    owner = getattr(step.workflow, "owner", None)
    return lane_of(owner) if lane is None and owner is not None else lane


def _see_ready(step: Step, found: Waits) -> None:
    spec = step.task_spec
    if spec.manual:
        found.orders[step.id] = OrderStep(
            step.id,
            spec.bpmn_id,
            spec.bpmn_name or "",
            lane_of(step),
            dict(spec.extensions.get("properties", {})),
            step.data,
        )


def _see_waiting(step: Step, found: Waits) -> None:
    spec = step.task_spec
    trigger = getattr(spec, "event_definition", None)
    if trigger is None:
        return
    if trigger.kind in ("message", "signal"):
        key = step.internal_data.get("key")
        wish = Subscription(step.id, spec.bpmn_id, trigger.kind, trigger.name, key)
        found.subscriptions[step.id] = wish
    elif trigger.kind == "timer" and (due := due_of(step)):
        found.timers[step.id] = Timer(step.id, spec.bpmn_id, due)


def _see_started(step: Step, found: Waits) -> None:
    if trouble := step.trouble:
        found.troubles[step.id] = trouble
    elif isinstance(step.task_spec, ServiceStep):
        found.calls[step.id] = step.task_spec.request(step)


_SEE = {
    TaskState.READY: _see_ready,
    TaskState.WAITING: _see_waiting,
    TaskState.STARTED: _see_started,
}


def _is_called(step: Step) -> bool:
    is_service = isinstance(step.task_spec, ServiceStep)
    return is_service and step._state == TaskState.STARTED and step.trouble is None


def _why(step: Step) -> Waiting | None:
    if trouble := step.trouble:
        told = {"kind": trouble.kind, "zh": trouble.zh, "en": trouble.en, "line": trouble.line}
        return _waiting(step, "repair", told)
    if _is_called(step):
        attempt = step.internal_data["attempt"]
        detail = {"service": step.task_spec.operation_name, "attempt": attempt}
        return _waiting(step, "service", detail)
    if step._state == TaskState.READY and step.task_spec.manual:
        return _waiting(step, "person", {"lane": lane_of(step)})
    return _why_waiting(step) if step._state == TaskState.WAITING else None


def _why_waiting(step: Step) -> Waiting | None:
    spec = step.task_spec
    if spec.is_join:
        here = {token.internal_data["via"] for token in step.workflow.waiting_at(spec)}
        return _waiting(step, "branches", {"missing": sorted(set(spec._inputs) - here)})
    trigger = getattr(spec, "event_definition", None)
    if trigger is None or trigger.kind not in ("timer", "message", "signal"):
        return None
    detail: dict[str, Any] = {"beside": step.parent.task_spec.main} if spec.is_attached else {}
    if trigger.kind == "timer":
        return _waiting(step, "timer", {"due": due_of(step), **detail})
    named = {trigger.kind: trigger.name, "key": step.internal_data.get("key")}
    return _waiting(step, trigger.kind, {**named, **detail})


def _waiting(step: Step, for_: str, detail: dict[str, Any]) -> Waiting:
    spec = step.task_spec
    return Waiting(step.id, spec.bpmn_id or spec.name, spec.bpmn_name or "", for_, detail)
