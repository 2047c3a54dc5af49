"""Ladders: tables that say at what time somebody is told. A rung that reaches nobody is refused.

A table is a ladder by its outputs: `clock`, `at` and `to`. Who can be reached and what a rung may
ask for: the policy "recipients".
"""

from collections.abc import Iterator, Mapping

from bpmn.checks.references import Known
from bpmn.dmn import DecisionTable
from bpmn.findings import Finding, Severity

OUTPUTS = {"clock", "at", "to"}


def rungs(tables: Mapping[str, DecisionTable], known: Known) -> Iterator[Finding]:
    for table in tables.values():
        if {column.name for column in table.outputs} >= OUTPUTS:
            for column, names in (("to", known.recipients), ("action", known.actions)):
                if names is not None:
                    yield from _named(table, column, names)
            for column in ("clock", "at"):  # what they may be is looked at in limits.py
                yield from _computed(table, column)


def _computed(table: DecisionTable, column: str) -> Iterator[Finding]:
    at = [each.name for each in table.outputs].index(column)
    for number, row in enumerate(table.rows, 1):
        if row.outputs[at].expression is not None:
            yield _unsure(table, row.element, number, column)


def _named(
    table: DecisionTable, column: str, names: Mapping[str, tuple[str, str]]
) -> Iterator[Finding]:
    at = next((n for n, each in enumerate(table.outputs) if each.name == column), None)
    for number, row in enumerate(table.rows, 1):
        if at is None:
            return
        cell = row.outputs[at]
        if cell.expression is not None:
            yield _unsure(table, row.element, number, column)
        elif cell.literal not in names and (cell.literal or column == "to"):
            yield _unknown(table, row.element, number, column, cell.text, names)


def _unknown(
    table: DecisionTable,
    element: str,
    number: int,
    column: str,
    text: str,
    names: Mapping[str, tuple[str, str]],
) -> Finding:
    zh = "、".join(f'"{key}"({name})' for key, (name, _) in names.items())
    en = ", ".join(f'"{key}"' for key in names)
    what = ("升级对象", "nobody") if column == "to" else ("动作", "no action")
    return _finding(
        table,
        "error",
        f"unknown-{'recipient' if column == 'to' else 'action'}",
        element,
        f"第 {number} 行的 {column} 为 {text or '空'},没有这个{what[0]}。请改为其中之一:{zh}。",
        f"Row {number}: {text or 'an empty cell'} in {column} means {what[1]}. Use one of {en}.",
    )


def _unsure(table: DecisionTable, element: str, number: int, column: str) -> Finding:
    return _finding(
        table,
        "warning",
        "computed-rung",
        element,
        f"第 {number} 行的 {column} 是算出来的,发布前无法核对,请尽量写明。",
        f"Row {number}: {column} is computed, so nobody can check it before it is needed: "
        "name it if you can.",
    )


def _finding(
    table: DecisionTable, severity: Severity, code: str, element: str, zh: str, en: str
) -> Finding:
    return Finding(severity, code, element, table.name, zh, en)
