"""A step of a run: SpiffWorkflow's Task with own ids, facts that are never shared, and troubles.

Steps are created when the step before them is done, never predicted; so every unfinished step is a
token. Scopes hold them (`scopes.py`); what a step does is in its node (`nodes.py` and others).
"""

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.task import Task

from bpmn.wall.facts import Facts, Marks, check_size, marked, same
from bpmn.wall.traces import Decided
from bpmn.wall.troubles import Phase, Trouble, describe

LIVE = TaskState.NOT_FINISHED_MASK


class Step(Task):
    """`data` and its `marks` are replaced, never changed in place, nor is what they hold: steps
    that know the same share them."""

    _children: list[int]

    def __init__(self, scope: Any, spec: Any, parent: Any = None, state: int = TaskState.FUTURE):
        super().__init__(scope, spec, parent, state, id=scope.top_workflow.tick())
        self.marks: Marks = {}
        self.changes: Facts = {}
        self.decision: Decided | None = None
        if parent is not None:
            self.data, self.marks = parent.data, parent.marks

    def revive(
        self, number: int, scope: Any, spec: Any, parent: int | None, state: int, memory: Facts
    ) -> None:
        """Instead of __init__ for a step that comes out of a state."""
        self.id, self.workflow, self.task_spec = number, scope, spec
        self._parent, self._children, self._state = parent, [], state
        self.internal_data, self.triggered, self.thread_id = memory, False, 0
        self.last_state_change = 0
        self.changes, self.decision = {}, None

    def follow(self, spec: Any) -> "Step":
        """The step after this one; it does nothing until its node is entered."""
        return Step(self.workflow, spec, self)

    _add_child = None  # SpiffWorkflow's way to make a child: it would be no Step

    def assign(self, changes: Facts) -> None:
        """Write facts (already plain JSON); raises FactsRefused and changes nothing if too big."""
        if not changes:
            return
        data = {**self.data, **changes}
        check_size(data)
        self.marks = marked(self.data, self.marks, changes, self.workflow.top_workflow.tick())
        self.changes |= {n: v for n, v in changes.items() if not same(self.data.get(n, self), v)}
        self.data = data

    def run(self) -> None:
        """Execute; what goes wrong becomes the step's Trouble."""
        try:
            done = self.task_spec._run_hook(self)
        except Exception as problem:
            self.fail(problem, "run")
        else:
            if self._state == TaskState.READY:  # else it was cancelled by its own doing
                self.complete() if done else self.start()

    def complete(self) -> None:
        self.task_spec.leave(self)

    def wait(self) -> None:
        self._set_state(TaskState.WAITING)

    def start(self) -> None:
        self._set_state(TaskState.STARTED)

    def ready(self) -> None:
        self._set_state(TaskState.READY)

    def fail(self, problem: Exception, phase: Phase) -> None:
        self.internal_data["trouble"] = describe(problem, phase)
        self._state = TaskState.STARTED
        self.workflow.top_workflow.note_failure(self)

    def forgive(self) -> Phase | None:
        """Take the trouble away; says where the step stopped."""
        trouble = self.internal_data.pop("trouble", None)
        return trouble["phase"] if trouble else None

    @property
    def trouble(self) -> Trouble | None:
        told = self.internal_data.get("trouble")
        if told is None:
            return None
        said = {key: told[key] for key in ("kind", "zh", "en", "line")}
        spec = self.task_spec
        return Trouble(self.id, spec.bpmn_id or spec.name, spec.bpmn_name or "", **said)

    @property
    def is_live(self) -> bool:
        return bool(self._state & LIVE)

    @property
    def is_token(self) -> bool:
        """Live, and not merely listening beside the tokens."""
        listening = self._state == TaskState.WAITING and self.task_spec.is_listening_only
        return self.is_live and not listening

    def cancel(self) -> None:
        """Cancel this step and all that runs below it."""
        for step in [*self._below()]:
            step.dismiss()

    def dismiss(self) -> None:
        """Cancel this step, but not what it has already set going."""
        if self.is_live:
            self.internal_data.pop("trouble", None)
            self._set_state(TaskState.CANCELLED)
            self.task_spec._on_cancel(self)

    def _below(self) -> Iterator["Step"]:
        pending = [self]
        while pending:
            step = pending.pop()
            yield step
            pending += step.children

    def _set_state(self, value: int) -> None:
        if value != self._state:
            self._state = value
            self.workflow.top_workflow.note(self, value)

    def _inherit_data(self) -> None:
        """Nothing: a step has its facts from its creation."""
