"""Subprocesses: embedded, called, transactions, and event subprocesses with their listeners.

A subprocess step is STARTED while its scope is open; `take_back` is called when that scope ends.
"""

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs import defaults as bpmn
from SpiffWorkflow.spiff.specs import defaults as spiff

from bpmn.wall.events import Interrupting
from bpmn.wall.facts import Facts, Marks, merge
from bpmn.wall.nodes import FlowNode
from bpmn.wall.troubles import StepFailed

if TYPE_CHECKING:
    from bpmn.wall.scopes import InnerScope
    from bpmn.wall.steps import Step


class StartEvent(FlowNode, bpmn.StartEvent):
    """What starts a run has happened when the run begins: a start event never waits."""

    def _update_hook(self, step: "Step") -> bool:
        return True

    def _run_hook(self, step: "Step") -> bool:
        return True

    def _on_cancel(self, step: "Step") -> None:
        """Nothing to unregister."""


class Subprocess(FlowNode):
    spec: str

    def start_workflow(self, step: "Step") -> None:
        """Called by SpiffWorkflow's `_update_hook`, which then sets the step to STARTED."""
        inner = step.workflow.top_workflow.open(step, self.spec)
        try:
            inner.begin(*self.hand_in(step, inner))
        except Exception:
            step.workflow.top_workflow.close(step)
            raise

    def hand_in(self, step: "Step", inner: "InnerScope") -> tuple[Facts, Marks]:
        return step.data, step.marks

    def take_back(self, step: "Step", inner: "InnerScope", facts: Facts, marks: Marks) -> None:
        step.data, step.marks = merge(step.data, step.marks, facts, marks)
        step.ready()

    def known_inside(self, step: "Step") -> tuple[Facts, Marks]:
        inner = step.workflow.top_workflow.subprocesses.get(step.id)
        return inner.view() if inner else (step.data, step.marks)

    def _on_cancel(self, step: "Step") -> None:
        inner = step.workflow.top_workflow.subprocesses.get(step.id)
        if inner:
            inner.cancel_all()
            step.workflow.top_workflow.close(step)


class EmbeddedStep(Subprocess, spiff.SubWorkflowTask):
    pass


class TransactionStep(Subprocess, spiff.TransactionSubprocess):
    pass


class CallStep(Subprocess, spiff.CallActivity):
    """Hands over everything, or only what the called process lists in its ioSpecification."""

    def hand_in(self, step: "Step", inner: "InnerScope") -> tuple[Facts, Marks]:
        wanted = _listed(inner, "data_inputs")
        if not wanted:
            return step.data, step.marks
        missing = [name for name in wanted if name not in step.data]
        if missing:
            raise StepFailed(
                "data",
                f"被调用流程需要的数据 {'、'.join(missing)} 不存在；请补充数据后重试。",
                f"The called process needs {', '.join(missing)}; add the data and retry.",
            )
        return {name: step.data[name] for name in wanted}, step.marks

    def take_back(self, step: "Step", inner: "InnerScope", facts: Facts, marks: Marks) -> None:
        wanted = _listed(inner, "data_outputs") or facts
        facts = {name: facts[name] for name in wanted if name in facts}
        super().take_back(step, inner, facts, marks)

    def known_inside(self, step: "Step") -> tuple[Facts, Marks]:
        inner = step.workflow.top_workflow.subprocesses.get(step.id)
        isolated = inner and inner.spec.io_specification
        return (step.data, step.marks) if isolated else super().known_inside(step)


class EventSubprocessStep(Subprocess, spiff.EventSubprocess):
    """What it found out beside its scope is known to the whole scope when it is over."""

    def take_back(self, step: "Step", inner: "InnerScope", facts: Facts, marks: Marks) -> None:
        super().take_back(step, inner, facts, marks)
        _tell(step.workflow, facts, marks)


class Listener(Interrupting, bpmn.BoundaryEvent):
    """Waits in a scope for what starts one of its event subprocesses."""

    is_listener = True

    def known(self, step: "Step") -> tuple[Facts, Marks]:
        return step.workflow.view()

    def interrupt(self, step: "Step") -> None:
        if self.cancel_activity:
            step.workflow.cancel_all(but=step)


def _tell(scope: Any, facts: Facts, marks: Marks) -> None:
    for step in scope.live():
        step.data, step.marks = merge(step.data, step.marks, facts, marks)
        inner = scope.top_workflow.subprocesses.get(step.id)
        if inner and not inner.spec.io_specification:
            _tell(inner, facts, marks)


def _listed(inner: "InnerScope", what: str) -> list[str]:
    listed: Any = inner.spec.io_specification
    return [var.bpmn_id for var in getattr(listed, what)] if listed else []
