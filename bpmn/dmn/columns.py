"""One input column, its values cut into classes that no row of the table tells apart.

Each class has a mask with a bit for each row that takes it: `tables.py` decides by one look-up and
one AND per column, `findings.py` searches the classes for overlaps and gaps.

      numbers  … |10| … |20| …    texts  … |"A"| … |"AA"| …    null  true  false  other
      class    0   1  2   3  4           5   6   7   8    9     10    11    12     13
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from keyword import iskeyword
from math import floor
from operator import xor
from typing import Any

from bpmn.dmn.cells import Cell, Computed, Equal, Not, Range, Test, kind_of, values_of
from bpmn.sandbox import FUNCTIONS
from bpmn.sandbox.methods import METHODS

WHOLE_NUMBERS = ("integer", "long", "int")
KINDS = {"string": "text", "boolean": "boolean", "number": "number", "double": "number"}
KINDS |= dict.fromkeys(WHOLE_NUMBERS, "number")


@dataclass(frozen=True)
class Input:
    """`type` is the modeler's typeRef, `allowed` its list of allowed values."""

    label: str
    expression: str
    type: str = ""
    allowed: Cell | None = None

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The parts of a dotted name; nothing if the expression is more than that, or if a part
        has a meaning of its own in the sandbox."""
        parts = tuple(self.expression.split("."))
        return parts if all(map(is_plain_name, parts)) else ()


class Column:
    def __init__(self, of: Input, cells: Sequence[Cell]) -> None:
        self.of, self.cells = of, cells
        values = [
            value
            for cell in (*cells, *([of.allowed] if of.allowed else []))
            for test in cell.tests
            for value in values_of(test)
        ]
        self.kinds = {kind_of(value) for value in values} | {KINDS.get(of.type, "")}
        self.numbers: list[Any] = sorted({v for v in values if kind_of(v) == "number"})
        self.texts: list[Any] = sorted({v for v in values if kind_of(v) == "text"})
        self.first_text = 2 * len(self.numbers) + 1
        self.null = self.first_text + 2 * len(self.texts) + 1
        self.everything = (1 << self.null + 4) - 1
        self.taken = [self.classes_of(cell) for cell in cells]
        self.computed = sum(1 << row for row, cell in enumerate(cells) if cell.is_computed)
        self.masks = self.rows_of_classes()

    def rows_of_classes(self) -> list[int]:
        """From the classes of each row to the rows of each class: what a row takes comes in runs,
        so only the ends of the runs are noted, and then summed up."""
        changes = [0] * (self.null + 5)
        for row, taken in enumerate(self.taken):
            for place in bits(taken ^ taken << 1):
                changes[place] |= 1 << row
        return list(accumulate(changes[:-1], xor))

    def rows_for(self, value: Any) -> int:
        """The rows that take the value; those whose cell is computed are among them, unasked."""
        return self.masks[self.place(value)]

    def place(self, value: Any) -> int:
        kind = kind_of(value)
        if kind == "text":
            return self.first_text + on_line(self.texts, value)
        if kind == "number":
            return on_line(self.numbers, value)
        if kind == "boolean":
            return self.null + (1 if value else 2)
        return self.null if kind == "null" else self.null + 3

    def classes_of(self, cell: Cell) -> int:
        """A bit for each class that the cell takes."""
        if not cell.tests or cell.is_computed:
            return self.everything
        return self.classes_of_any(cell.tests)

    def classes_of_any(self, tests: Iterable[Test]) -> int:
        found = 0
        for test in tests:
            found |= self.classes_of_test(test)
        return found

    def classes_of_test(self, test: Test) -> int:
        match test:
            case Equal():
                return 1 << self.place(test.value)
            case Range():
                return self.classes_between(test)
            case Not():
                return self.everything & ~self.classes_of_any(test.tests)
            case Computed():
                return self.everything

    def classes_between(self, test: Range) -> int:
        is_text = kind_of(test.high if test.low is None else test.low) == "text"
        first, end = (self.first_text, self.null) if is_text else (0, self.first_text)
        if test.low is not None:
            first = self.place(test.low) + (0 if test.low_in else 1)
        if test.high is not None:
            end = self.place(test.high) + (1 if test.high_in else 0)
        return span(first, end)

    def domain(self) -> int:
        """The classes to expect: the allowed values, or all of each kind that the column's type
        and cells speak of. A column that says nothing has one class, "other"."""
        if self.of.allowed:
            return self.classes_of(self.of.allowed) & ~self.fractions()
        lines = {
            "number": span(0, self.first_text) & ~self.fractions(),
            "text": span(self.first_text, self.null),
            "null": 1 << self.null,
            "boolean": 0b110 << self.null,
        }
        found = 0 if self.kinds & {"number", "text", "boolean"} else 1 << self.null + 3
        for kind in self.kinds & lines.keys():
            found |= lines[kind]
        return found

    def fractions(self) -> int:
        """The classes between two numbers that a column of whole numbers never meets."""
        if self.of.type not in WHOLE_NUMBERS:
            return 0
        pairs = enumerate(zip(self.numbers, self.numbers[1:], strict=False), 1)
        return sum(1 << 2 * at for at, (low, high) in pairs if floor(low) + 1 >= high)

    def is_point(self, place: int) -> bool:
        """A single value, which is easier to understand as an example than what lies between."""
        if place < self.first_text:
            return place % 2 == 1
        return place >= self.null or (place - self.first_text) % 2 == 1

    def described(self, place: int) -> tuple[str, str]:
        """A class, in Chinese and in English."""
        label = self.of.label
        if place < self.first_text:
            return (on_scale(label, self.numbers, place),) * 2
        if place < self.null and (self.has_order_of_texts or self.is_point(place)):
            texts = [f"'{text}'" for text in self.texts]
            return (on_scale(label, texts, place - self.first_text),) * 2
        if place in (self.null, self.null + 1, self.null + 2):
            return (f"{label} = {('null', 'true', 'false')[place - self.null]}",) * 2
        return f"{label} = 其他值", f"{label} = anything else"

    @cached_property
    def has_order_of_texts(self) -> bool:
        """Whether it matters between which texts a text is, as with dates."""
        return len(set(self.masks[self.first_text : self.null : 2])) > 1


def is_plain_name(name: str) -> bool:
    known = iskeyword(name) or name in FUNCTIONS or name in METHODS[dict]
    return name.isidentifier() and name.isascii() and name[0] != "_" and not known


def on_line(line: list[Any], value: Any) -> int:
    """Odd: on a point. Even: before, between and after them."""
    at = bisect_left(line, value)
    return 2 * at + (at < len(line) and line[at] == value)


def on_scale(label: str, line: list[Any], place: int) -> str:
    at = place // 2
    if place % 2:
        return f"{label} = {line[at]}"
    if not line:
        return label
    if at == 0:
        return f"{label} < {line[0]}"
    return f"{label} > {line[-1]}" if at == len(line) else f"{line[at - 1]} < {label} < {line[at]}"


def span(first: int, end: int) -> int:
    return (1 << max(first, end)) - (1 << first)


def bits(mask: int) -> Iterator[int]:
    """The places of the ones, from the lowest."""
    text = bin(mask)[:1:-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)
