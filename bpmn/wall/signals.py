"""How messages, signals, errors and escalations find who waits for them; the nodes that throw.

`deliver` is for what comes from outside the run, `throw` for what a node throws.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.specs import defaults as bpmn
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.spiff.specs import defaults as spiff

from bpmn.wall.facts import Facts, plain_facts
from bpmn.wall.nodes import FlowNode
from bpmn.wall.traces import Thrown
from bpmn.wall.triggers import Trigger, key_of, payload_of
from bpmn.wall.troubles import StepFailed

if TYPE_CHECKING:
    from bpmn.wall.scopes import MainScope
    from bpmn.wall.steps import Step


def deliver(run: "MainScope", kind: str, name: str, payload: Facts, key: str | None) -> bool:
    """To everybody who waits for it, innermost first. False when nobody does."""
    payload = plain_facts(payload)
    waiting = [step for step in waiting_for(run, kind, name) if _fits(step, key)]
    for step in reversed(waiting):
        if step._state == TaskState.WAITING:  # an earlier one may have interrupted it
            step.task_spec.happen(step, payload)
    return bool(waiting)


def waiting_for(run: "MainScope", kind: str, name: str | None = None) -> list["Step"]:
    return [
        step
        for step in run.steps()
        if step._state == TaskState.WAITING
        and (trigger := getattr(step.task_spec, "event_definition", None))
        and trigger.kind == kind
        and name in (None, trigger.name)
    ]


def throw(step: "Step", trigger: Trigger) -> None:
    _THROW[trigger.kind](step, trigger)


def raise_error(step: "Step", code: str | None, payload: Facts) -> bool:
    """Let the nearest event that catches the code have it. False when none does."""
    return _propagate(step, "error", code, payload)


def _fits(step: "Step", key: str | None) -> bool:
    wanted = step.internal_data.get("key")
    return wanted is None or (key is not None and wanted == str(key))


def _throw_signal(step: "Step", trigger: Trigger) -> None:
    run, payload = step.workflow.top_workflow, payload_of(step, trigger)
    run.thrown.append(Thrown("signal", trigger.name, payload))
    deliver(run, "signal", trigger.name, payload, None)


def _throw_message(step: "Step", trigger: Trigger) -> None:
    thrown = Thrown("message", trigger.name, payload_of(step, trigger), key_of(step, trigger))
    step.workflow.top_workflow.thrown.append(thrown)


def _throw_escalation(step: "Step", trigger: Trigger) -> None:
    _propagate(step, "escalation", trigger.code, payload_of(step, trigger))  # uncaught is allowed


def _throw_error(step: "Step", trigger: Trigger) -> None:
    if not raise_error(step, trigger.code, payload_of(step, trigger)):
        raise StepFailed(
            "error",
            f"错误 {trigger.code or trigger.name} 没有任何事件捕获；请处理后跳过，"
            "或在图中增加错误边界事件。",
            f"No event catches the error {trigger.code or trigger.name}; settle the matter and "
            "skip, or add an error boundary event to the diagram.",
        )


def _throw_cancel(step: "Step", trigger: Trigger) -> None:
    if not _propagate(step, "cancel", None, {}):
        raise StepFailed(
            "error",
            "事务没有取消边界事件，取消之后无路可走；请跳过，或在图中增加取消边界事件。",
            "The transaction has no cancel boundary event, so there is no way on; skip, or add one "
            "to the diagram.",
        )


def _terminate(step: "Step", trigger: Trigger) -> None:
    """Ends the scope; the step itself is done by then."""
    step.workflow.finish(*step.workflow.view())


_THROW = {
    "none": lambda step, trigger: None,
    "link": lambda step, trigger: None,
    "signal": _throw_signal,
    "message": _throw_message,
    "escalation": _throw_escalation,
    "error": _throw_error,
    "cancel": _throw_cancel,
    "terminate": lambda step, trigger: None,
}


def _propagate(step: "Step", kind: str, code: str | None, payload: Facts) -> bool:
    for catcher in _catchers(step):
        trigger = catcher.task_spec.event_definition
        if trigger.kind == kind and trigger.catches(code):
            told = {trigger.variable: payload} if trigger.variable else payload
            catcher.task_spec.happen(catcher, told)
            return True
    return False


def _catchers(step: "Step | None") -> Iterator["Step"]:
    """Events round a step, from the nearest outwards: attached to it, then those of its scope."""
    while step is not None:
        around = step.parent
        if around is not None and around.task_spec.name == step.task_spec.loop:
            step = around
            continue
        if around is not None and step.task_spec.guard:
            yield from _armed(around.children)
        yield from _armed(
            listener for listener in step.workflow.tasks.values() if listener.task_spec.is_listener
        )
        step = getattr(step.workflow, "owner", None)


def _armed(steps: Any) -> list["Step"]:
    return [
        step
        for step in steps
        if step._state == TaskState.WAITING and hasattr(step.task_spec, "event_definition")
    ]


class Throwing(FlowNode):
    event_definition: Trigger

    def _run_hook(self, step: "Step") -> bool:
        throw(step, self.event_definition)
        return True


class ThrowEvent(Throwing, bpmn.IntermediateThrowEvent):
    pass


class SendStep(Throwing, spiff.SendTask):
    pass


class EndEvent(Throwing, bpmn.EndEvent):
    def pass_over(self, step: "Step") -> None:
        scope = step.workflow
        if scope is scope.top_workflow and self.bpmn_id not in scope.ends:
            scope.ends.append(self.bpmn_id)
        super().pass_over(step)
        if self.event_definition.kind == "terminate":
            _terminate(step, self.event_definition)

    def _on_complete_hook(self, step: "Step") -> None:
        BpmnTaskSpec._on_complete_hook(self, step)  # not that of end events: it knows its own only
