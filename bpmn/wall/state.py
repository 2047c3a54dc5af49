"""The state of a run as bytes: its tokens and their facts, never the diagram, never the past.

Written and read by `live.py`; stored as a BLOB. FORMAT counts our own versions of it: FORMAT is
written, and what older ones wrote is read (`old_states.py`). A row is [id, parent, node, state,
memory, known]; `known` numbers what a token knows (`stores.py`). A step that is over has none: what
it knew, the tokens after it know.
"""

from typing import Any

import orjson
from SpiffWorkflow import TaskState

from bpmn.wall.old_states import renew
from bpmn.wall.scopes import InnerScope, MainScope
from bpmn.wall.steps import Step
from bpmn.wall.stores import Known, Store, read_store
from bpmn.wall.troubles import CannotRestore

FORMAT = 2
NOTHING: Known = ({}, {})


def dump(run: MainScope) -> bytes:
    store = Store()
    scopes = [
        [getattr(scope, "parent_task_id", None), scope.data, _rows(scope, store)]
        for scope in run.scopes()
    ]
    state = {
        "format": FORMAT,
        "counter": run.counter,
        "ends": run.ends,
        "done": run.completed,
        "facts": store.facts,
        "known": store.known,
        "scopes": scopes,
    }
    return orjson.dumps(state)


def load(run: MainScope, state: bytes) -> None:
    """Fill a fresh run; raises CannotRestore."""
    told = renew(orjson.loads(state))
    if told.get("format") != FORMAT:
        raise CannotRestore(
            f"运行状态的格式为 {told.get('format')}，本版本只认识 {FORMAT} 及更早的格式；"
            "请用相应版本的程序打开。",
            f"The state has format {told.get('format')}, this release reads up to {FORMAT}; "
            "use the release that wrote it.",
        )
    run.ends, run.completed = told["ends"], told["done"]
    known = read_store(told["facts"], told["known"])
    for owner, data, rows in told["scopes"]:
        scope: Any = run if owner is None else _reopen(run, owner)
        scope.data = data
        _fill(scope, rows, known)
    run.counter = told["counter"]


def _rows(scope: Any, store: Store) -> list[list[Any]]:
    rows = []
    for step in scope.tasks.values():
        row = [step.id, step._parent, step.task_spec.name, step._state, step.internal_data or 0]
        if step.is_live:
            row.append(store.number(step.data, step.marks))
        rows.append(row)
    return rows


def _reopen(run: MainScope, owner_id: int) -> InnerScope:
    owner = run.find(owner_id)
    if owner is None:
        raise _misfit(str(owner_id))
    scope = InnerScope(run.subprocess_specs[owner.task_spec.spec], owner)
    run.subprocesses[owner_id] = scope
    return scope


def _fill(scope: Any, rows: list[list[Any]], known: list[Known]) -> None:
    nodes, steps = scope.spec.task_specs, scope.tasks
    for number, parent, name, state, memory, *knows in rows:
        if name not in nodes:
            raise _misfit(name)
        step = Step.__new__(Step)
        step.revive(number, scope, nodes[name], parent, state, memory or {})
        step.data, step.marks = known[knows[0]] if knows else NOTHING
        steps[number] = step
        if parent is not None:
            steps[parent]._children.append(number)
        if state == TaskState.READY and not step.task_spec.manual:
            scope.top_workflow.queue.append(step)
    scope.task_tree = steps[rows[0][0]]


def _misfit(name: str) -> CannotRestore:
    return CannotRestore(
        f"运行停在元素 {name}，但图中没有它；请用开始时的版本恢复，或先迁移。",
        f"The run stands at {name}, which the diagram lacks; restore with the version that it "
        "began with, or migrate first.",
    )
