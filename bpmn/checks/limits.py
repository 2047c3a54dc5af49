"""Limits: tables that say how long something may take. One that no clock could go by is refused.

A table is one of limits where what it says is given to the service tickets.set_limit; a ladder by
its outputs (ladders.py). What a limit and a rung may be is known to tasks/sla/limits.py.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from bpmn.checks.drawing import SPIFF, Part, Scope, Xml, extension
from bpmn.checks.ladders import OUTPUTS
from bpmn.checks.references import Bundled
from bpmn.checks.saying import error
from bpmn.dmn import DecisionTable
from bpmn.findings import Finding
from tasks.findings import Finding as Wrong
from tasks.sla.limits import check_ladder, check_limit

SERVICE = "tickets.set_limit"


def limits(scope: Scope, bundled: Bundled) -> Iterator[Finding]:
    """Of each step that sets them, what it says itself, and all that its tables have for them."""
    for node in scope.of("serviceTask"):
        operator = extension(node.xml, "serviceTaskOperator")
        if operator is not None and operator.get("id") == SERVICE:
            for key, value in _given(operator):
                if isinstance(value, ast.Constant):
                    yield from _said(node, key, value.value, bundled)
                for output in _names(value):
                    for table in bundled.tables:
                        yield from _column(table, output, key, bundled)


def rungs(scope: Scope, bundled: Bundled) -> Iterator[Finding]:
    """Which clock, and when: whom it tells is looked at in ladders.py."""
    if scope.owner is None:  # once for each diagram
        for table in bundled.tables:
            names = [column.name for column in table.outputs]
            if set(names) >= OUTPUTS:
                yield from _rungs(table, names, bundled)


def _given(operator: Xml) -> Iterator[tuple[str, ast.expr]]:
    """Each limit with its expression: {'restore': limits.restore_minutes, 'accept': 30, …}."""
    for parameter in operator.iter(f"{{{SPIFF}}}parameter"):
        if parameter.get("id") == "limit":
            yield from _entries(parameter.get("value") or "")


def _names(value: ast.expr) -> Iterator[str]:
    for part in ast.walk(value):
        if isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.Name):
            yield part.id


def _entries(expression: str) -> Iterator[tuple[str, ast.expr]]:
    try:
        found = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return  # that is another rule's business
    if isinstance(found, ast.Dict):
        for key, value in zip(found.keys, found.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value


def _said(node: Part, key: str, value: Any, bundled: Bundled) -> Iterator[Finding]:
    for wrong in _wrong(key, value, bundled):
        yield error("bad-limit", node, wrong.zh, wrong.en)


def _wrong(key: str, value: Any, bundled: Bundled) -> Iterator[Wrong]:
    """Where the calendars are not known, any name is one."""
    known = bundled.known.calendars
    return check_limit({key: value}, dict.fromkeys([value] if known is None else known))


def _column(table: DecisionTable, output: str, key: str, bundled: Bundled) -> Iterator[Finding]:
    at = next((n for n, column in enumerate(table.outputs) if column.name == output), None)
    for number, row in enumerate(table.rows if at is not None else (), 1):
        cell = row.outputs[at or 0]
        if cell.expression is None:
            for wrong in _wrong(key, cell.literal, bundled):
                yield _finding(table, "bad-limit", row.element, number, wrong.zh, wrong.en)


def _rungs(table: DecisionTable, names: list[str], bundled: Bundled) -> Iterator[Finding]:
    known = bundled.known.clocks
    for number, row in enumerate(table.rows, 1):
        cells = dict(zip(names, row.outputs, strict=True))
        rung: Mapping[str, Any] = {"clock": "x", "at": "1%", "to": "x"} | {
            name: cells[name].literal
            for name in ("clock", "at")
            if cells[name].expression is None and (name == "at" or known is not None)
        }
        clocks = dict.fromkeys([*(known or ()), "x"])
        for wrong in check_ladder([rung], clocks):
            yield _finding(table, "bad-rung", row.element, number, wrong.zh, wrong.en)


def _finding(
    table: DecisionTable, code: str, element: str, number: int, zh: str, en: str
) -> Finding:
    return Finding(
        "error", code, element, table.name, f"第 {number} 行:{zh}", f"Row {number}: {en}"
    )
