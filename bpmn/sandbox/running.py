"""Runs compiled author code on a caller's data: the two calls that the wall makes."""

import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson

from bpmn.sandbox.budget import CONTAINERS, Budget
from bpmn.sandbox.functions import FUNCTIONS
from bpmn.sandbox.guards import GUARDS
from bpmn.sandbox.programs import Program, program
from bpmn.sandbox.refusals import Mistake, ScriptFailed, failure
from bpmn.sandbox.values import JSON_BYTES, Copy, plain

Scope = dict[str, Any]


def execute(source: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The top-level names that the script changed or made, as fresh JSON; `data` stays as it is.

    Names set only by `for` are working names and are not returned.
    """
    script = program(source, "exec")
    scope = ROOM.scope()
    before: dict[str, bytes] = {}
    try:
        fill(scope, script, data, before)
        exec(script.code, scope)
        return changed(script, scope, data, before)
    except Exception as error:
        raise failed(error, script, data) from None


def evaluate(expression: str, data: Mapping[str, Any]) -> Any:
    """The expression's JSON value. A bare ISO 8601 duration, instant or cycle is itself."""
    script = program(expression, "eval")
    if script.literal is not None:
        return script.literal
    scope = ROOM.scope()
    try:
        fill(scope, script, data, {})
        return plain(eval(script.code, scope))
    except Exception as error:
        raise failed(error, script, data) from None


class Room(threading.local):
    """One budget for each thread, and the guards bound to it."""

    def __init__(self) -> None:
        self.budget = Budget()
        functions = {name: partial(each, self.budget) for name, each in FUNCTIONS.items()}
        called = {f"_{name}_": each for name, each in functions.items()}
        guards = {name: partial(each, self.budget) for name, each in GUARDS.items()}
        # Names that the scope lacks are looked up here. Author code has no way to set them.
        self.builtins = {**functions, **called, **guards}

    def scope(self) -> Scope:
        self.budget.begin()
        return {"__builtins__": self.builtins}


ROOM = Room()


def fill(scope: Scope, script: Program, data: Mapping[str, Any], before: dict[str, bytes]) -> None:
    """The names that the code reads, and copies of them if it changes anything in place."""
    for name in script.reading.loads:
        if name in data:
            value = data[name]
            if script.reading.changes and type(value) in CONTAINERS:
                before[name] = frozen(name, value)
                value = orjson.loads(before[name])
            scope[name] = value


def frozen(name: str, value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise Mistake(f"数据 {name} 不是 JSON。", f"The data {name} is not JSON.") from error


def changed(
    script: Program, scope: Scope, data: Mapping[str, Any], before: dict[str, bytes]
) -> dict[str, Any]:
    copy = Copy(JSON_BYTES)
    result: dict[str, Any] = {}
    for name in script.reading.stores:
        if name in scope and name != "_" and not is_same(scope[name], data, name):
            result[name] = copied(copy, name, scope[name])
    for name, old in before.items():
        value = result[name] if name in result else copied(copy, name, scope[name])
        if orjson.dumps(value) != old:
            result[name] = value
        else:
            result.pop(name, None)
    return result


def copied(copy: Copy, name: str, value: Any) -> Any:
    try:
        return copy.of(value, 0)
    except Mistake as error:
        error.zh, error.en = f"{name}:{error.zh}", f"{name}: {error.en}"
        raise


def is_same(value: Any, data: Mapping[str, Any], name: str) -> bool:
    if name not in data:
        return False
    old = data[name]
    return value is old or (
        type(value) is type(old) and type(value) not in CONTAINERS and bool(value == old)
    )


def failed(error: Exception, script: Program, data: Mapping[str, Any]) -> ScriptFailed:
    return failure(error, script.source, [*data, *FUNCTIONS, "True", "False", "None"])
