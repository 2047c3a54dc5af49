"""How every node of a diagram behaves, and the plain ones: tasks, scripts, start, end of a scope.

A node is shared by all runs and threads: nothing here writes to `self` after parsing.
"""

from typing import TYPE_CHECKING, Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.specs import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import BpmnStartTask, _EndJoin
from SpiffWorkflow.spiff.specs import defaults

from bpmn.wall.facts import Facts, Marks, merge

if TYPE_CHECKING:
    from bpmn.wall.steps import Step


class FlowNode:
    """Mixin, first in the bases of every node: children are made when a step is done."""

    kind = ""
    guard: str | None = None  # name of the split in front, if boundary events are attached
    loop: str | None = None  # name of the loop node whose instances these steps are
    is_join = False
    is_listener = False  # of an event subprocess
    is_attached = False  # an event at a step
    is_listening_only = False  # armed, but not a token: does not keep its scope open
    extensions: dict[str, Any] = {}

    if TYPE_CHECKING:  # what the classes of SpiffWorkflow bring along
        name: str
        manual: bool
        outputs: list[Any]
        _inputs: list[str]
        _outputs: list[str]
        bpmn_id: str | None
        bpmn_name: str | None

    def is_traced(self, step: "Step", state: int) -> bool:
        if state == TaskState.READY:
            return self.manual
        return state != TaskState.WAITING

    def flows(self, step: "Step") -> list[Any]:
        """The nodes that a done step leads to."""
        return self.outputs

    def known_inside(self, step: "Step") -> tuple[Facts, Marks]:
        """What an event attached to the step can know."""
        return step.data, step.marks

    def enter(self, step: "Step") -> None:
        """A token arrives."""
        try:
            if self._update_hook(step) and step._state == TaskState.FUTURE:
                step.ready()
        except Exception as problem:
            step.fail(problem, "enter")

    def leave(self, step: "Step") -> None:
        """The step is done: its last words, then the steps after it."""
        try:
            self._on_complete_hook(step)
        except Exception as problem:
            step.fail(problem, "leave")
        else:
            self.pass_over(step)

    def pass_over(self, step: "Step") -> None:
        """Take the step as done, whether it was or cannot be."""
        try:
            if self.loop:
                step.parent.task_spec.instance_done(step.parent, step)
        except Exception as problem:
            step.fail(problem, "pass")
            return
        step._set_state(TaskState.COMPLETED)
        if self.guard:
            step.parent.task_spec.release(step.parent)
        follow(step, self.flows(step))

    _update = enter
    _on_complete = leave

    def test(self) -> None:
        """Nothing: the gate has checked the diagram once, before publishing."""

    def _predict(self, *args: Any, **options: Any) -> None:
        """Nothing is predicted: a tree of what may come grows exponentially."""

    if TYPE_CHECKING:

        def _update_hook(self, step: Any) -> Any: ...
        def _on_complete_hook(self, step: Any) -> Any: ...
        def _on_cancel(self, step: Any) -> Any: ...


def follow(step: "Step", specs: "list[Any]") -> None:
    """Send a token on to each of `specs`; all are there before the first of them is entered."""
    children: list[Step] = [step.follow(spec) for spec in specs]
    for child in children:
        if child.task_spec.is_join:
            child.internal_data["via"] = step.task_spec.name
        if child.is_live:
            child.task_spec.enter(child)


class UserStep(FlowNode, defaults.UserTask):
    pass


class ManualStep(FlowNode, defaults.ManualTask):
    pass


class PlainStep(FlowNode, defaults.NoneTask):
    """A task without a type: a person does it, as SpiffWorkflow has it."""


class ScriptStep(FlowNode, defaults.ScriptTask):
    pass


class ScopeStart(FlowNode, BpmnStartTask):
    """The root of a scope: leads to the start event and arms the event subprocesses."""

    kind = "scope"

    def __init__(self, spec: Any, name: str) -> None:
        super().__init__(spec, name)
        self.listeners: list[str] = []

    def flows(self, step: "Step") -> list[Any]:
        start = step.internal_data.get("start") or self.usual_start
        return [self._wf_spec.task_specs[name] for name in (start, *self.listeners)]

    @property
    def usual_start(self) -> str:
        """The start event without a trigger, if there is one; else the first."""
        plain = [spec.name for spec in self.outputs if spec.event_definition.kind == "none"]
        return (plain or self._outputs)[0]


class ScopeEnd(FlowNode, _EndJoin):
    """Where tokens end. At most one waits here: a second one takes the first one's facts over."""

    kind = "scope"

    def _update_hook(self, step: "Step") -> bool:
        for ended in step.workflow.waiting_at(self):
            step.data, step.marks = merge(ended.data, ended.marks, step.data, step.marks)
            step.workflow.discard(ended)
        step.wait()
        return False


class Scope(BpmnProcessSpec):
    """A process or subprocess as parsed, with our own first and last node."""

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self.task_specs: dict[str, Any] = {}
        self.start = ScopeStart(self, ":start")  # no id in a diagram has a colon
        self.end = ScopeEnd(self, ":end")
        self.inclusive: list[Any] = []

    def look_around(self) -> None:
        """Called once, when all nodes are there."""
        nodes = self.task_specs.values()
        self.inclusive = [node for node in nodes if node.is_join and hasattr(node, "look_upstream")]
        for join in self.inclusive:
            join.look_upstream()

    def fire_joins(self, scope: Any) -> bool:
        return any([join.fire(scope) for join in self.inclusive])
