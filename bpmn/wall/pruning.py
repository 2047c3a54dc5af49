"""Forgets the steps that are over: what they did is in the history, what they left in the tokens.

Kept are the root, what lives, and the node in front of it that groups it with others. So a run's
state does not grow with its age.
"""

from typing import Any

from bpmn.wall.steps import Step


def prune(run: Any) -> None:
    for scope in run.scopes():
        _prune(scope)


def _prune(scope: Any) -> None:
    steps: dict[int, Step] = scope.tasks
    kept = _kept(steps, scope.task_tree)
    if len(kept) == len(steps):
        return
    for step in kept.values():
        step._children = []
        while step._parent is not None and step._parent not in kept:
            step._parent = steps[step._parent]._parent
        if step._parent is not None:
            kept[step._parent]._children.append(step.id)
    scope.tasks = kept
    scope.last_task = None


def _kept(steps: dict[int, Step], root: Step) -> dict[int, Step]:
    """In the order of their making, which is that of arrival at joins."""
    kept: set[int | None] = {root.id}
    for step in steps.values():
        if step.is_live:
            kept |= {step.id, step._parent}
    return {number: step for number, step in steps.items() if number in kept}
