"""The scopes of a running process: the run itself and the subprocesses that are open inside it.

A scope holds its steps. The run (`MainScope`) also holds what is shared: the queue of steps that
are ready, the time, the services, the traces. `live.py` drives it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow

from bpmn.wall.facts import Facts, Marks, merge
from bpmn.wall.scripts import ENGINE
from bpmn.wall.steps import Step
from bpmn.wall.traces import Thrown, Trace, failed, trace
from bpmn.wall.troubles import StepFailed

MAX_DEPTH = 20  # subprocesses within subprocesses


class ScopeSteps:
    """What the run and a subprocess have in common."""

    tasks: dict[int, Step]
    spec: Any
    data: Facts
    task_tree: Step
    completed: bool

    def begin(self, facts: Facts, marks: Marks, start: str | None = None) -> None:
        root = Step(self, self.spec.start)
        root.data, root.marks = dict(facts), marks
        if start:
            root.internal_data["start"] = start
        self.task_tree = root
        root.ready()

    def waiting_at(self, spec: Any) -> list[Step]:
        """Tokens at a join or at the end, in the order of their arrival."""
        return [
            step
            for step in self.tasks.values()
            if step._state == TaskState.WAITING and step.task_spec is spec
        ]

    def live(self) -> list[Step]:
        return [step for step in self.tasks.values() if step.is_live]

    def discard(self, step: Step) -> None:
        """Take a childless step out of the tree."""
        step.parent._children.remove(step.id)
        del self.tasks[step.id]

    def view(self) -> tuple[Facts, Marks]:
        """What the scope knows by now: the facts of all its tokens, latest writes winning.

        An instance of a loop keeps its facts to itself until it is done. Steps that are over know
        nothing that no token knows.
        """
        facts: Facts = {}
        marks: Marks = {}
        for step in self.live():
            if not step.task_spec.loop:
                facts, marks = merge(facts, marks, *step.task_spec.known_inside(step))
        return facts, marks

    def end_if_idle(self) -> bool:
        """Complete the scope when none of its tokens can move any more."""
        end = self.spec.end
        if any(step.is_token and step.task_spec is not end for step in self.tasks.values()):
            return False
        self.finish(*self.view())
        return True

    def finish(self, facts: Facts, marks: Marks) -> None:
        for step in self.live():
            step.dismiss()
        self.completed = True
        self.data.update(facts)
        self.hand_back(facts, marks)

    def hand_back(self, facts: Facts, marks: Marks) -> None:
        """Give the result to whoever opened the scope."""

    def cancel_all(self, but: Step | None = None) -> None:
        for step in self.live():
            if step is not but:
                step.dismiss()


class InnerScope(ScopeSteps, BpmnSubWorkflow):
    """An open subprocess or called process; `parent_task_id` is the step that opened it."""

    def __init__(self, spec: Any, owner: Step) -> None:
        self.owner = owner
        super().__init__(spec, owner.id, owner.workflow.top_workflow, deserializing=True)

    def _calculate_depth(self) -> int:
        depth: int = self.owner.workflow.depth  # 0 of the run
        return depth + 1

    def hand_back(self, facts: Facts, marks: Marks) -> None:
        self.top_workflow.close(self.owner)
        self.owner.task_spec.take_back(self.owner, self, facts, marks)


class MainScope(ScopeSteps, BpmnWorkflow):
    """A run while it is in memory."""

    def __init__(
        self, spec: Any, specs: Mapping[str, Any], now: datetime, services: Callable[..., Any]
    ) -> None:
        super().__init__(spec, specs, script_engine=ENGINE, deserializing=True)
        self.counter = 0
        self.now, self.services = now, services
        self.queue: deque[Step] = deque()
        self.journal: list[Trace] = []
        self.thrown: list[Thrown] = []
        self.ends: list[str] = []

    def tick(self) -> int:
        """Numbers steps and writes in the order in which they happen."""
        self.counter += 1
        return self.counter

    def scopes(self) -> list[Any]:
        """The run, then its open subprocesses, outer ones first."""
        return [self, *self.subprocesses.values()]

    def steps(self) -> Iterator[Step]:
        for scope in self.scopes():
            yield from scope.tasks.values()

    def find(self, step_id: int) -> Step | None:
        return next((s.tasks[step_id] for s in self.scopes() if step_id in s.tasks), None)

    def open(self, owner: Step, spec_name: str) -> InnerScope:
        inner = InnerScope(self.subprocess_specs[spec_name], owner)
        if inner.depth > MAX_DEPTH:
            raise StepFailed(
                "call",
                f"子流程嵌套超过 {MAX_DEPTH} 层；请检查流程是否调用了自己。",
                f"Subprocesses are nested more than {MAX_DEPTH} deep; does a process call itself?",
            )
        self.subprocesses[owner.id] = inner
        return inner

    def close(self, owner: Step) -> None:
        self.subprocesses.pop(owner.id, None)

    def note(self, step: Step, state: int) -> None:
        """Called at every change of a step's state."""
        if state == TaskState.READY and not step.task_spec.manual:
            self.queue.append(step)
        elif seen := trace(step, state):
            self.journal.append(seen)

    def note_failure(self, step: Step) -> None:
        self.journal.append(failed(step))

    def next_ready(self) -> Step | None:
        """The automatic step that has waited longest, joins and ends once nothing else moves."""
        while True:
            while self.queue:
                step = self.queue.popleft()
                if step._state == TaskState.READY:
                    return step
            if not self._settle():
                return None

    def _settle(self) -> bool:
        """All is quiet: let inclusive joins fire and idle scopes end, innermost first."""
        moved = False
        for scope in reversed(self.scopes()):
            if not scope.completed:
                moved = scope.spec.fire_joins(scope) or scope.end_if_idle() or moved
        return moved
