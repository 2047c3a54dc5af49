"""Compiles one decision element into a table and notes what cannot be read.

`reading.py` calls it for each decision of a file; what is readable but wrong is for `checks.py`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from bpmn import sandbox
from bpmn.dmn.cells import Cell, Equal, Output, kind_of, values_of
from bpmn.dmn.columns import KINDS, Column, Input
from bpmn.dmn.grammar import BadCell, read_cell, read_output
from bpmn.dmn.policies import OutputColumn
from bpmn.dmn.tables import DecisionTable, Row
from bpmn.findings import Finding, Severity
from bpmn.sandbox import ScriptRefused

ROWS, COLUMNS = 1_000, 50
NO_TEST, NO_OUTPUT = Cell("", ()), Output("", None)
Made = TypeVar("Made")
Words = tuple[str, str]  # in Chinese and in English


class TableReader:
    def __init__(self, decision: Any, space: str) -> None:
        self.decision, self.space = decision, f"{{{space}}}"
        self.id = decision.get("id", "")
        self.name = decision.get("name") or self.id
        self.labels: set[str] = set()
        self.problems: list[Finding] = []

    def read(self) -> DecisionTable:
        body = self.child(self.decision, "decisionTable")
        if body is None or self.child(self.decision, "knowledgeRequirement") is not None:
            return self.unsupported()
        rules = self.children(body, "rule")
        width = len(self.children(body, "input")) + len(self.children(body, "output"))
        if len(rules) > ROWS or width > COLUMNS:
            return self.oversized(body)
        return self.table(body, rules)

    def required(self) -> list[str]:
        path = f"{self.space}informationRequirement/{self.space}requiredDecision"
        links = self.decision.iterfind(path)
        return [link.get("href", "").removeprefix("#") for link in links]

    def unsupported(self) -> DecisionTable:
        self.problem(
            "dmn-unsupported",
            self.decision,
            "只支持决策表，不支持表达式和业务知识模型，请改写为决策表。",
            "Only decision tables: write this expression or knowledge model as a table.",
        )
        return DecisionTable(self.id, self.name, "UNIQUE", problems=self.problems)

    def oversized(self, body: Any) -> DecisionTable:
        self.problem(
            "dmn-size",
            body,
            f"超过 {ROWS} 行或 {COLUMNS} 列，请拆表，或改用数据查询。",
            f"More than {ROWS} rows or {COLUMNS} columns: split it, or look it up as data.",
        )
        return DecisionTable(self.id, self.name, "UNIQUE", problems=self.problems)

    def table(self, body: Any, rules: list[Any]) -> DecisionTable:
        inputs = [self.input(each) for each in self.children(body, "input")]
        outputs = [self.output(each) for each in self.children(body, "output")]
        tests = [self.tests(rule, inputs, row) for row, rule in enumerate(rules, 1)]
        return DecisionTable(
            self.id,
            self.name,
            " ".join(filter(None, (body.get("hitPolicy", "UNIQUE"), body.get("aggregation")))),
            tuple(Column(of, [row[at] for row in tests]) for at, of in enumerate(inputs)),
            tuple(outputs),
            tuple(self.row(rule, len(outputs), at) for at, rule in enumerate(rules, 1)),
            self.defaults(body),
            self.problems,
        )

    def input(self, element: Any) -> Input:
        source = self.child(element, "inputExpression")
        expression = self.text(source)
        made = Input(
            self.label(element.get("label") or expression, expression),
            expression,
            source.get("typeRef", "").rpartition(":")[2] if source is not None else "",
            self.allowed(element, "inputValues"),
        )
        try:
            sandbox.check_expression(expression)
        except ScriptRefused as error:
            zh = f"输入列“{made.label}”的表达式有误:{error.zh}"
            en = f"The expression of input {made.label} is wrong: {error.en}"
            self.problem("dmn-input", element, zh, en)
        return made

    def label(self, label: str, expression: str) -> str:
        """What people call the column; two of the same name are told apart."""
        label = " ".join(label.split())
        label = f"{label} ({expression})" if label in self.labels else label
        self.labels.add(label)
        return label

    def allowed(self, element: Any, name: str) -> Cell | None:
        source = self.child(element, name)
        if source is None:
            return None
        found = self.cell(source, read_cell, NO_TEST, ("允许的取值", "Allowed values"))
        return found if found.tests else None

    def output(self, element: Any) -> OutputColumn:
        allowed = self.allowed(element, "outputValues")
        tests = allowed.tests if allowed else ()
        variable = self.child(self.decision, "variable")
        name = element.get("name") or (variable.get("name") if variable is not None else self.id)
        return OutputColumn(name, tuple(each.value for each in tests if isinstance(each, Equal)))

    def tests(self, rule: Any, inputs: list[Input], row: int) -> list[Cell]:
        entries = self.children(rule, "inputEntry")
        if len(entries) != len(inputs):
            self.uneven(rule, row)
            return [NO_TEST] * len(inputs)
        return [self.test(each, of, row) for each, of in zip(entries, inputs, strict=True)]

    def test(self, element: Any, of: Input, row: int) -> Cell:
        where = (f"第 {row} 行“{of.label}”", f"Row {row}, {of.label}")
        cell = self.cell(element, read_cell, NO_TEST, where)
        kinds = {kind_of(value) for test in cell.tests for value in values_of(test)} - {"null"}
        if of.type in KINDS and kinds - {KINDS[of.type]}:
            zh = f"{where[0]}:列的类型是 {of.type}，而单元格是 {cell.text}，永不匹配。"
            en = f"{where[1]}: {cell.text} never matches, as the column is of type {of.type}."
            self.problem("dmn-cell", element, zh, en, "warning")
        return cell

    def row(self, rule: Any, width: int, row: int) -> Row:
        entries = self.children(rule, "outputEntry")
        if len(entries) != width:
            self.uneven(rule, row)
        where = (f"第 {row} 行", f"Row {row}")
        made = [self.cell(each, read_output, NO_OUTPUT, where) for each in entries]
        told = [self.child(rule, "description"), *self.children(rule, "annotationEntry")]
        note = " ".join(" ".join(self.text(each) for each in told).split())
        return Row(rule.get("id", self.id), tuple(made), note)

    def defaults(self, body: Any) -> tuple[Output, ...]:
        """Every output has a default, or the table has none."""
        columns = self.children(body, "output")
        entries = [self.child(each, "defaultOutputEntry") for each in columns]
        if any(each is None for each in entries):
            return ()
        where = ("默认值", "Default")
        return tuple(self.cell(each, read_output, NO_OUTPUT, where) for each in entries)

    def cell(self, element: Any, read: Callable[[str], Made], instead: Made, where: Words) -> Made:
        try:
            return read(self.text(element))
        except BadCell as error:
            self.problem("dmn-cell", element, f"{where[0]}:{error.zh}", f"{where[1]}: {error.en}")
            return instead

    def uneven(self, rule: Any, row: int) -> None:
        self.problem(
            "dmn-cell",
            rule,
            f"第 {row} 行的单元格数与列数不同。",
            f"Row {row} has not as many cells as the table has columns.",
        )

    def problem(
        self, code: str, element: Any, zh: str, en: str, severity: Severity = "error"
    ) -> None:
        found = element.get("id", self.id)
        self.problems.append(Finding(severity, code, found, self.name, zh, en))

    def child(self, element: Any, name: str) -> Any:
        return element.find(self.space + name)

    def children(self, element: Any, name: str) -> list[Any]:
        return list(element.iterchildren(self.space + name))

    def text(self, element: Any) -> str:
        """Of a cell: its text child's. Of a description: its own."""
        if element is None:
            return ""
        inner = self.child(element, "text")
        return str((element if inner is None else inner).xpath("string()")).strip()
