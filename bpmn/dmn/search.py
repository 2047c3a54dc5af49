"""Which combinations of classes are taken by which rows. `findings.py` puts it into words.

A place is one class for each column so far. Columns after it are open: any class will do.
"""

from collections.abc import Iterable, Iterator, Sequence

from bpmn.dmn.columns import Column, bits

STEPS = 100_000
Place = tuple[int, ...]


class TooMany(Exception):
    """The search has met its bound."""


class Search:
    """Over the rows of `plain`, a mask, and the classes that an input is expected in."""

    def __init__(self, columns: Sequence[Column], plain: int) -> None:
        self.columns, self.plain = columns, plain
        self.domains = [column.domain() for column in columns]
        self.steps = STEPS
        self.classes = [list(self.distinct(at)) for at in range(len(columns))]
        self.open_after = self.rows_open_after()

    def distinct(self, at: int) -> Iterator[tuple[int, int]]:
        """Classes and their rows, one class for each set of rows: points before intervals."""
        seen: set[int] = set()
        column = self.columns[at]
        points_first = sorted(bits(self.domains[at]), key=lambda place: not column.is_point(place))
        for place in points_first:
            rows = column.masks[place] & self.plain
            if rows not in seen:
                seen.add(rows)
                yield place, rows

    def rows_open_after(self) -> list[int]:
        """For each number of columns gone: the rows that take all that can come in the rest."""
        found = [self.plain]
        for column, domain in zip(reversed(self.columns), reversed(self.domains), strict=True):
            full = (row for row, taken in enumerate(column.taken) if not domain & ~taken)
            found.append(found[-1] & sum(1 << row for row in full))
        return found[::-1]

    def pairs(self) -> list[tuple[int, int]]:
        """Rows that share a class in every column."""
        meeting = {row: self.plain for row in bits(self.plain)}
        for classes in self.classes:
            for row in meeting:
                meeting[row] &= union(rows for _, rows in classes if rows >> row & 1)
        return [
            (row, other) for row, rows in meeting.items() for other in bits(rows) if other > row
        ]

    def shared(self, one: int, other: int) -> Place:
        both = 1 << one | 1 << other
        return tuple(
            next(place for place, rows in classes if rows & both == both)
            for classes in self.classes
        )

    def is_possible(self, row: int) -> bool:
        pairs = zip(self.columns, self.domains, strict=True)
        return all(column.taken[row] & domain for column, domain in pairs)

    def is_shadowed(self, row: int) -> bool:
        """Whether the plain rows above take all that this row takes. Not known is no."""
        above = self.plain & (1 << row) - 1
        try:
            return bool(above) and not Hunt(self, above, 1 << row, 1).found
        except TooMany:
            return False

    def gaps(self, most: int) -> list[Place]:
        return Hunt(self, self.plain, 0, most).found

    def spend(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise TooMany

    def told(self, place: Place) -> tuple[str, str]:
        """A place in Chinese and in English, without the columns in which no row is choosy."""
        words = [
            column.described(each)
            for column, classes, each in zip(self.columns, self.classes, place, strict=False)
            if len(classes) > 1
        ]
        zh = "，".join(word for word, _ in words) or "任意输入"
        return zh, ", ".join(word for _, word in words) or "any input"


class Hunt:
    """For places that no row of `covering` takes, among those that the rows of `within` take."""

    def __init__(self, search: Search, covering: int, within: int, most: int) -> None:
        self.search, self.within, self.most = search, within, most
        self.found: list[Place] = []
        self.whole: set[tuple[int, int]] = set()  # where there is no hole: column and rows left
        self.descend((), covering)

    def descend(self, place: Place, rows: int) -> None:
        at = len(place)
        if not rows:
            self.found.append(place)
        elif at < len(self.search.columns) and not self.is_covered(at, rows):
            before = len(self.found)
            self.go_on(place, rows)
            if len(self.found) == before:
                self.whole.add((at, rows))

    def is_covered(self, at: int, rows: int) -> bool:
        return bool(rows & self.search.open_after[at]) or (at, rows) in self.whole

    def go_on(self, place: Place, rows: int) -> None:
        for each, taking in self.search.classes[len(place)]:
            self.search.spend()
            if len(self.found) < self.most and taking & self.within == self.within:
                self.descend((*place, each), rows & taking)


def union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found
