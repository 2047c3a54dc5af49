"""The cells of a decision table, as tests of a value and as outputs.

`grammar.py` makes them from text, `columns.py` sorts values by them. Computed cells run in
the sandbox, where `?` is the input's value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bpmn import sandbox

Data = Mapping[str, Any]
INPUT = "_"  # what `?` is called in the sandbox: the one name that data can never set


@dataclass(frozen=True)
class Equal:
    value: Any

    def matches(self, value: Any, data: Data) -> bool:
        return kind_of(value) == kind_of(self.value) and bool(value == self.value)


@dataclass(frozen=True)
class Range:
    """Of numbers or of texts; an end that is None is open to all."""

    low: Any
    low_in: bool
    high: Any
    high_in: bool

    def matches(self, value: Any, data: Data) -> bool:
        end = self.high if self.low is None else self.low
        if kind_of(value) != kind_of(end):
            return False
        above = self.low is None or value > self.low or (self.low_in and value == self.low)
        below = self.high is None or value < self.high or (self.high_in and value == self.high)
        return bool(above and below)


@dataclass(frozen=True)
class Not:
    tests: "tuple[Test, ...]"

    def matches(self, value: Any, data: Data) -> bool:
        return not any(test.matches(value, data) for test in self.tests)


@dataclass(frozen=True)
class Computed:
    """With `?`, the expression is the test; without, its value is compared with the input's."""

    expression: str
    asks: bool

    def matches(self, value: Any, data: Data) -> bool:
        found = sandbox.evaluate(self.expression, {**data, INPUT: value})
        if self.asks or (isinstance(found, bool) and not isinstance(value, bool)):
            return bool(found)
        if isinstance(found, list) and not isinstance(value, list):
            return any(Equal(each).matches(value, data) for each in found)
        return Equal(found).matches(value, data)


Test = Equal | Range | Not | Computed


@dataclass(frozen=True)
class Cell:
    """One input entry. No tests: any value will do."""

    text: str
    tests: tuple[Test, ...]

    @property
    def is_computed(self) -> bool:
        return any(is_computed(test) for test in self.tests)

    def matches(self, value: Any, data: Data) -> bool:
        return not self.tests or any(test.matches(value, data) for test in self.tests)


def is_computed(test: Test) -> bool:
    if isinstance(test, Not):
        return any(is_computed(each) for each in test.tests)
    return isinstance(test, Computed)


def kind_of(value: Any) -> str:
    """JSON's kinds, not Python's: True is no number, and 1 equals 1.0."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    return "null" if value is None else "other"


def values_of(test: Test) -> Iterator[Any]:
    match test:
        case Equal():
            yield test.value
        case Range():
            yield from (end for end in (test.low, test.high) if end is not None)
        case Not():
            for each in test.tests:
                yield from values_of(each)


@dataclass(frozen=True)
class Output:
    """One output entry: a literal, or an expression over the data. Empty is None."""

    text: str
    expression: str | None
    literal: Any = None

    def value(self, data: Data) -> Any:
        return self.literal if self.expression is None else sandbox.evaluate(self.expression, data)
