"""What is readable in a decision table and wrong all the same: policies, outputs, circles.

`reading.py` asks once for each table; an error here keeps the table from deciding.
"""

from collections.abc import Iterator

from bpmn import sandbox
from bpmn.dmn.grammar import BARE_WORD
from bpmn.dmn.policies import POLICIES, is_equal
from bpmn.dmn.tables import DecisionTable
from bpmn.findings import Finding, Severity


def checked(table: DecisionTable) -> list[Finding]:
    if any(each.severity == "error" for each in table.problems):
        return []
    checks = (policy, aggregation, priority, output_names, output_values, bare_words, circle, rows)
    return [finding for check in checks for finding in check(table)]


def found(
    table: DecisionTable, code: str, zh: str, en: str, severity: Severity = "error", at: str = ""
) -> Finding:
    return Finding(severity, code, at or table.id, table.name, zh, en)


def policy(table: DecisionTable) -> Iterator[Finding]:
    if table.policy not in POLICIES:
        known = ", ".join(POLICIES)
        zh = f"不支持命中策略“{table.policy}”，可用:{known}。"
        yield found(table, "dmn-hit-policy", zh, f"No hit policy {table.policy}: use {known}.")


def aggregation(table: DecisionTable) -> Iterator[Finding]:
    if table.policy.startswith("COLLECT ") and len(table.outputs) > 1:
        zh = "汇总（SUM、MIN、MAX、COUNT）只能有一个输出列。"
        yield found(table, "dmn-hit-policy", zh, "An aggregation has one output column only.")


def priority(table: DecisionTable) -> Iterator[Finding]:
    if table.policy == "PRIORITY" and not any(column.order for column in table.outputs):
        yield found(
            table,
            "dmn-hit-policy",
            "PRIORITY 需要在输出列写明取值的先后（outputValues）。",
            "PRIORITY needs the list of output values, the most important first.",
        )


def output_names(table: DecisionTable) -> Iterator[Finding]:
    names = [column.name for column in table.outputs]
    if not names or not all(names) or len(set(names)) < len(names):
        zh = "每个输出列都要有自己的名称（name）。"
        yield found(table, "dmn-output", zh, "Every output column needs a name of its own.")


def output_values(table: DecisionTable) -> Iterator[Finding]:
    """Priority is by the place in the list, so there every value must be in it, and literal."""
    severity: Severity = "error" if table.policy == "PRIORITY" else "warning"
    for number, row in enumerate(table.rows, 1):
        for column, output in zip(table.outputs, row.outputs, strict=True):
            is_listed = any(is_equal(output.literal, value) for value in column.order)
            if not column.order or is_listed or (output.expression and severity == "warning"):
                continue
            zh = f"第 {number} 行的 {output.text} 不在“{column.name}”的取值表中。"
            en = f"Row {number}: {output.text} is not in the list of values of {column.name}."
            yield found(table, "dmn-output", zh, en, severity, row.element)


def bare_words(table: DecisionTable) -> Iterator[Finding]:
    known = {name for column in table.columns for name in sandbox.names(column.of.expression)}
    known |= {output.name for each in table.requires for output in each.outputs}
    known |= {each.id for each in table.requires}
    for number, row in enumerate(table.rows, 1):
        for output in row.outputs:
            word = output.expression or ""
            if BARE_WORD.fullmatch(word) and word not in known:
                zh = f'第 {number} 行的 {word} 没有加引号。若是文字，请写 "{word}"。'
                en = f'Row {number}: {word} is not quoted. Write "{word}" if it is a text.'
                yield found(table, "dmn-cell", zh, en, "warning", row.element)


def circle(table: DecisionTable) -> Iterator[Finding]:
    if reaches(table, table, set()):
        zh = "这个决策经由依赖又需要自己，请断开循环。"
        yield found(table, "dmn-requirement", zh, "It requires itself by a circle: break it.")


def reaches(start: DecisionTable, goal: DecisionTable, seen: set[str]) -> bool:
    new = [each for each in start.requires if each.id not in seen]
    seen.update(each.id for each in new)
    return goal.id in seen or any(reaches(each, goal, seen) for each in new)


def rows(table: DecisionTable) -> Iterator[Finding]:
    if not table.rows:
        zh = "决策表没有一行规则，结果总是空的。"
        yield found(table, "dmn-no-rows", zh, "There is no row: the result is always empty.")
