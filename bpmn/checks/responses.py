"""Tables that say what is done about a group of alarms: a word that means nothing there would lose
alarms, so it is refused.

A table is one of these by its outputs `action`, `priority` and `hold`, or by its name. What each
column may say is known to tasks/network/alarm_responses.py.
"""

from collections.abc import Iterator, Mapping

from bpmn.dmn import DecisionTable
from bpmn.findings import Finding
from tasks.network.alarm_responses import CHECKS, MAY_BE

TABLE = "alarm_priority"
OUTPUTS = {"action", "priority", "hold"}


def responses(tables: Mapping[str, DecisionTable]) -> Iterator[Finding]:
    for table in tables.values():
        names = [column.name for column in table.outputs]
        if table.id == TABLE or {*names} >= OUTPUTS:
            for name in CHECKS:
                yield from _column(table, names, name) if name in names else [_missing(table, name)]


def _column(table: DecisionTable, names: list[str], name: str) -> Iterator[Finding]:
    at = names.index(name)
    for number, row in enumerate(table.rows, 1):
        cell = row.outputs[at]
        if cell.expression is None and not CHECKS[name](cell.literal):
            (zh, en), told = MAY_BE[name], cell.text or "-"
            yield Finding(
                "error",
                "bad-response",
                row.element,
                table.name,
                f"第 {number} 行的 {name} 为 {told},{zh}。",
                f"Row {number}: {name} is {told}; it {en}.",
            )


def _missing(table: DecisionTable, name: str) -> Finding:
    zh, en = MAY_BE[name]
    return Finding(
        "error",
        "missing-response",
        table.id,
        table.name,
        f"缺少输出列 {name}({zh})。",
        f"There is no output {name}; it {en}.",
    )
