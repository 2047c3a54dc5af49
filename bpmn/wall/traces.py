"""What a run tells the outside: one Trace for each thing that happened to a step.

Scopes collect them while the engine runs; the caller writes them into the history. Tuples, for the
reason that waits.py gives.
"""

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from SpiffWorkflow import TaskState

from bpmn.wall.facts import Facts
from bpmn.wall.troubles import Trouble

if TYPE_CHECKING:
    from bpmn.wall.steps import Step

TraceState = Literal["started", "done", "cancelled", "failed"]
_STATES: dict[int, TraceState] = {
    TaskState.WAITING: "started",
    TaskState.READY: "started",
    TaskState.STARTED: "started",
    TaskState.COMPLETED: "done",
    TaskState.CANCELLED: "cancelled",
}


class Decided(NamedTuple):
    """Which rows (from 1) of which decision table gave a result."""

    table: str
    name: str
    rows: tuple[int, ...]
    result: Any


class Trace(NamedTuple):
    """`changes`: the top-level facts that the step wrote since its last trace."""

    step_id: int
    element_id: str
    name: str
    kind: str
    state: TraceState
    changes: Facts
    decision: Decided | None = None
    trouble: Trouble | None = None


class Thrown(NamedTuple):
    """A message or signal that left the run; the caller passes it on to other runs."""

    kind: Literal["message", "signal"]
    name: str
    payload: Facts
    key: str | None = None


def trace(step: "Step", state: int) -> Trace | None:
    """None for what no reader of the history would miss."""
    spec = step.task_spec
    if spec.bpmn_id is None or state not in _STATES or not spec.is_traced(step, state):
        return None
    decision, step.decision = step.decision, None
    return _trace(step, _STATES[state], decision=decision)


def failed(step: "Step") -> Trace:
    return _trace(step, "failed", trouble=step.trouble)


def _trace(step: "Step", state: TraceState, **more: Any) -> Trace:
    spec = step.task_spec
    changes, step.changes = step.changes, {}
    return Trace(
        step.id, spec.bpmn_id or "", spec.bpmn_name or "", spec.kind, state, changes, **more
    )
