"""A compiled decision table and the record of one decision. `reading.py` makes tables from XML."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from time import thread_time
from typing import Any

from bpmn import sandbox
from bpmn.dmn.cells import Data, Output
from bpmn.dmn.columns import Column, Input, bits
from bpmn.dmn.findings import analysed
from bpmn.dmn.policies import POLICIES, DecisionFailed, Hits, Outcome, OutputColumn
from bpmn.findings import Finding
from bpmn.sandbox import ScriptFailed

Numbers = tuple[int, ...]
SECONDS = 1.0  # of CPU, for one decision with all that it requires


@dataclass(frozen=True)
class Decision:
    """What an auditor needs. Rows count from 1; `before` are the decisions that this one used."""

    result: Outcome
    rows: Numbers
    table: str
    name: str
    policy: str
    inputs: dict[str, Any]
    notes: tuple[str, ...] = ()
    before: "tuple[Decision, ...]" = ()


@dataclass
class Sitting:
    """One call of `decide`: what all decisions in it share."""

    data: Data
    deadline: float
    done: dict[str, Decision]

    def watch(self) -> None:
        """Each cell has the budget of the sandbox, but there may be thousands of cells."""
        if thread_time() > self.deadline:
            raise DecisionFailed(
                f"计算的单元格超过 {SECONDS} 秒，请简化。",
                f"The computed cells take more than {SECONDS} s: make them simpler.",
            )


@dataclass(frozen=True)
class Row:
    element: str
    outputs: tuple[Output, ...]
    note: str = ""


@dataclass
class DecisionTable:
    id: str
    name: str
    policy: str
    columns: tuple[Column, ...] = ()
    outputs: tuple[OutputColumn, ...] = ()
    rows: tuple[Row, ...] = ()
    defaults: tuple[Output, ...] = ()
    problems: list[Finding] = field(default_factory=list)
    requires: "list[DecisionTable]" = field(default_factory=list)

    def decide(self, data: Data) -> Decision:
        """`data` is only read. Raises DecisionFailed, in both languages."""
        return self.sit(Sitting(data, thread_time() + SECONDS, {}))

    def sit(self, sitting: "Sitting") -> Decision:
        """A decision that several others require is made once in a sitting."""
        if self.id not in sitting.done:
            try:
                sitting.done[self.id] = self.answer(sitting)
            except DecisionFailed as error:
                zh, en = f"决策表“{self.name}”:{error.zh}", f"Table {self.name}: {error.en}"
                raise DecisionFailed(zh, en, error.rows) from error.__cause__
        return sitting.done[self.id]

    def findings(self) -> list[Finding]:
        return [*self.problems, *([] if self.is_broken else analysed(self))]

    @property
    def is_broken(self) -> bool:
        return any(each.severity == "error" for each in self.problems)

    def answer(self, sitting: "Sitting") -> Decision:
        for each in self.problems:
            if each.severity == "error":
                raise DecisionFailed(each.zh, each.en)
        before = tuple(each.sit(sitting) for each in self.requires)
        if before:
            sitting = replace(sitting, data=known(sitting.data, before))
        values = [value_of(column.of, sitting.data) for column in self.columns]
        matching = self.matching(values, sitting)
        result, rows = POLICIES[self.policy](
            Hits(matching, partial(self.outcome, sitting), self.outputs)
        )
        if not rows and self.defaults:
            result = self.outcome_of(self.defaults, sitting, 0)
        return self.recorded(result, rows, values, before)

    def recorded(
        self, result: Outcome, rows: Numbers, values: list[Any], before: tuple[Decision, ...]
    ) -> Decision:
        labels = [column.of.label for column in self.columns]
        return Decision(
            result=result,
            rows=tuple(row + 1 for row in rows),
            table=self.id,
            name=self.name,
            policy=self.policy,
            inputs=dict(zip(labels, values, strict=True)),
            notes=tuple(self.rows[row].note for row in rows if self.rows[row].note),
            before=before,
        )

    def matching(self, values: list[Any], sitting: "Sitting") -> Iterator[int]:
        """Rows in order, as they are asked for: computed cells run for rows that may match."""
        mask = (1 << len(self.rows)) - 1
        for column, value in zip(self.columns, values, strict=True):
            mask &= column.rows_for(value)
        for row in bits(mask):
            if not self.computed >> row & 1 or self.takes(row, values, sitting):
                yield row

    def takes(self, row: int, values: list[Any], sitting: "Sitting") -> bool:
        """Plain cells are known to match; the computed ones are asked, until one does not."""
        for column, value in zip(self.columns, values, strict=True):
            if column.computed >> row & 1:
                sitting.watch()
                try:
                    if not column.cells[row].matches(value, sitting.data):
                        return False
                except ScriptFailed as error:
                    raise blamed(error, row + 1) from error
        return True

    def outcome(self, sitting: "Sitting", row: int) -> Outcome:
        return self.outcome_of(self.rows[row].outputs, sitting, row + 1)

    def outcome_of(self, outputs: tuple[Output, ...], sitting: "Sitting", row: int) -> Outcome:
        sitting.watch()
        try:
            return {
                column.name: output.value(sitting.data)
                for column, output in zip(self.outputs, outputs, strict=True)
            }
        except ScriptFailed as error:
            raise blamed(error, row) from error

    @cached_property
    def computed(self) -> int:
        """A bit for each row that has a computed cell."""
        found = 0
        for column in self.columns:
            found |= column.computed
        return found


def blamed(error: ScriptFailed, number: int) -> DecisionFailed:
    """Author code failed in this row; 0 is the row of defaults."""
    if number:
        return DecisionFailed(f"第 {number} 行:{error.zh}", f"Row {number}: {error.en}", (number,))
    return DecisionFailed(f"默认值:{error.zh}", f"Default: {error.en}")


def value_of(of: Input, scope: Data) -> Any:
    """Names and dotted names without the sandbox, as most inputs are. It tells what is missing."""
    value: Any = scope
    for name in of.path:
        if not isinstance(value, Mapping) or name not in value:
            break
        value = value[name]
    else:
        if of.path:
            return value
    try:
        return sandbox.evaluate(of.expression, scope)
    except ScriptFailed as error:
        zh, en = f"输入“{of.label}”:{error.zh}", f"Input {of.label}: {error.en}"
        raise DecisionFailed(zh, en) from error


def known(data: Data, before: tuple[Decision, ...]) -> dict[str, Any]:
    """The data with what required decisions answered: by output, and by the decision's id."""
    found = dict(data)
    for each in before:
        found[each.table] = (
            each.result if len(each.result) != 1 else next(iter(each.result.values()))
        )
        found |= each.result
    return found
