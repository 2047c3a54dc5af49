"""Nodes that wait for something: catching events, receive steps, boundary events.

`happen` is called when what a step waits for has come (`signals.py`, `live.py`): it interrupts what
is to be interrupted at once; the steps after the event run with the next advance.
"""

from typing import TYPE_CHECKING, Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.specs import defaults as bpmn
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.spiff.specs import defaults as spiff

from bpmn.wall.facts import Facts, merge
from bpmn.wall.gateways import ByEvent
from bpmn.wall.nodes import FlowNode
from bpmn.wall.triggers import Trigger, arm, due_of, pass_cycle, taken_in

if TYPE_CHECKING:
    from bpmn.wall.steps import Step


class Catching(FlowNode):
    """Waits, as a token of its own, until its trigger happens."""

    event_definition: Trigger

    def _update_hook(self, step: "Step") -> bool:
        if self.event_definition.kind == "link":
            return True
        self.arm(step)
        return False

    def arm(self, step: "Step") -> None:
        arm(step, self.event_definition)
        step.wait()
        due = due_of(step)
        if due and due <= step.workflow.top_workflow.now:
            self.happen(step, {})

    def happen(self, step: "Step", payload: Facts) -> None:
        self.interrupt(step)
        try:
            step.assign(taken_in(self.event_definition, payload))
        except Exception as problem:
            step.fail(problem, "run")
        else:
            step.ready()

    def interrupt(self, step: "Step") -> None:
        if isinstance(step.parent.task_spec, ByEvent):
            ByEvent.call_off_others(step)

    def is_traced(self, step: "Step", state: int) -> bool:
        return state != TaskState.READY

    def _run_hook(self, step: "Step") -> bool:
        return True

    def _on_cancel(self, step: "Step") -> None:
        """Nothing to unregister: who waits is read off the steps."""


class Interrupting(Catching):
    """Waits beside others without being a token; fires every time unless it interrupts them."""

    is_listening_only = True
    cancel_activity: bool

    def happen(self, step: "Step", payload: Facts) -> None:
        known = merge(step.data, step.marks, *self.known(step))
        if self.cancel_activity or not self._goes_on(step):
            fired = step
        else:
            fired = step.follow(self)  # a step of its own for this time; `step` goes on waiting
            fired.wait()
        fired.data, fired.marks = known
        super().happen(fired, payload)

    def known(self, step: "Step") -> tuple[Facts, Any]:
        """What is known by now where the event happens."""
        raise NotImplementedError

    def is_traced(self, step: "Step", state: int) -> bool:
        return state == TaskState.COMPLETED

    def _goes_on(self, step: "Step") -> bool:
        if self.event_definition.kind == "timer":
            return "cycle" in step.internal_data and pass_cycle(step)
        return True


class CatchEvent(Catching, bpmn.IntermediateCatchEvent):
    pass


class ReceiveStep(Catching, spiff.ReceiveTask):
    def _update_hook(self, step: "Step") -> bool:
        spiff.SpiffBpmnTask._update_hook(self, step)  # the pre-script
        self.arm(step)
        return False


class BoundaryEvent(Interrupting, bpmn.BoundaryEvent):
    """Attached to a step; the two are siblings below a BoundarySplit."""

    is_attached = True

    def known(self, step: "Step") -> tuple[Facts, Any]:
        main = step.parent.task_spec.main_of(step.parent)
        return main.task_spec.known_inside(main)

    def interrupt(self, step: "Step") -> None:
        if self.cancel_activity:
            step.parent.task_spec.main_of(step.parent).cancel()
            step.parent.task_spec.release(step.parent, but=step)


class BoundarySplit(FlowNode, BpmnTaskSpec):
    """Stands before a step with boundary events: starts the step and arms the events."""

    main = ""  # name of the step's node

    def release(self, split: "Step", but: "Step | None" = None) -> None:
        """The step is over: its events wait no longer, except for one that already happened."""
        for event in split.children:
            if event.task_spec.name == self.main or event is but:
                continue
            if event._state != TaskState.READY or event.task_spec.cancel_activity:
                event.dismiss()

    def main_of(self, split: "Step") -> "Step":
        return next(child for child in split.children if child.task_spec.name == self.main)
