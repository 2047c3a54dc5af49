"""The state of a run as bytes: its tokens and their facts, never the diagram, never the past.

Written and read by `live.py`; stored as a BLOB. FORMAT counts our own versions of it.
A row is [id, parent, node, state, memory, facts, marks, dropped]; facts and marks are what differs
from the row above (the parent, or for the root of a subprocess the step that opened it).
"""

from typing import Any

import orjson
from SpiffWorkflow import TaskState

from bpmn.wall.facts import same
from bpmn.wall.scopes import InnerScope, MainScope
from bpmn.wall.steps import Step
from bpmn.wall.troubles import CannotRestore

FORMAT = 1


def dump(run: MainScope) -> bytes:
    state = {
        "format": FORMAT,
        "counter": run.counter,
        "ends": run.ends,
        "done": run.completed,
        "scopes": [[getattr(s, "parent_task_id", None), s.data, _rows(s)] for s in run.scopes()],
    }
    return orjson.dumps(state)


def load(run: MainScope, state: bytes) -> None:
    """Fill a fresh run; raises CannotRestore."""
    told = orjson.loads(state)
    if told.get("format") != FORMAT:
        raise CannotRestore(
            f"运行状态的格式为 {told.get('format')}，本版本只认识 {FORMAT}；"
            "请用相应版本的程序打开。",
            f"The state has format {told.get('format')}, this release reads {FORMAT}; "
            "use the release that wrote it.",
        )
    run.ends, run.completed = told["ends"], told["done"]
    for owner, data, rows in told["scopes"]:
        scope: Any = run if owner is None else _reopen(run, owner)
        scope.data = data
        _fill(scope, rows)
    run.counter = told["counter"]


def _rows(scope: Any) -> list[list[Any]]:
    rows = []
    for step in scope.tasks.values():
        above = step.parent or getattr(scope, "owner", None)
        row = [step.id, step._parent, step.task_spec.name, step._state, step.internal_data or 0]
        rows.append(row + _difference(step, above))
    return rows


def _difference(step: Step, above: Step | None) -> list[Any]:
    if above is None:
        return [step.data, step.marks]
    facts = _changed(step.data, above.data)
    marks = {} if step.marks is above.marks else _changed(step.marks, above.marks)
    marks |= dict.fromkeys(above.marks.keys() - step.marks.keys(), 0)
    dropped = [name for name in above.data if name not in step.data]
    rest: list[Any] = [facts or 0, marks or 0, dropped or 0]
    while rest and rest[-1] == 0:
        rest.pop()
    return rest


def _changed(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    if new is old:
        return {}
    return {name: v for name, v in new.items() if name not in old or not same(old[name], v)}


def _reopen(run: MainScope, owner_id: int) -> InnerScope:
    owner = run.find(owner_id)
    if owner is None:
        raise _misfit(str(owner_id))
    scope = InnerScope(run.subprocess_specs[owner.task_spec.spec], owner)
    run.subprocesses[owner_id] = scope
    return scope


def _fill(scope: Any, rows: list[list[Any]]) -> None:
    nodes, steps = scope.spec.task_specs, scope.tasks
    for number, parent, name, state, memory, *difference in rows:
        if name not in nodes:
            raise _misfit(name)
        step = Step.__new__(Step)
        step.revive(number, scope, nodes[name], parent, state, memory or {})
        above = steps.get(parent) or getattr(scope, "owner", None)
        _read_facts(step, above, *difference)
        steps[number] = step
        if parent is not None:
            steps[parent]._children.append(number)
        if state == TaskState.READY and not step.task_spec.manual:
            scope.top_workflow.queue.append(step)
    scope.task_tree = steps[rows[0][0]]


def _read_facts(
    step: Step, above: Step | None, facts: Any = 0, marks: Any = 0, dropped: Any = 0
) -> None:
    if above is None:
        step.data, step.marks = facts or {}, marks or {}
        return
    step.data = {**above.data, **facts} if facts else dict(above.data)
    step.marks = {n: m for n, m in {**above.marks, **marks}.items() if m} if marks else above.marks
    for name in dropped or ():
        del step.data[name]


def _misfit(name: str) -> CannotRestore:
    return CannotRestore(
        f"运行停在元素 {name}，但图中没有它；请用开始时的版本恢复，或先迁移。",
        f"The run stands at {name}, which the diagram lacks; restore with the version that it "
        "began with, or migrate first.",
    )
