"""What a benchmark measures: a figure, and the goal that DESIGN §9 sets for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median


@dataclass
class Figure:
    """One row of the table. Every goal so far is a most, not a least."""

    row: str
    database: str
    value: float
    goal: float
    details: list[str] = field(default_factory=list)

    @property
    def met(self) -> bool:
        return self.value <= self.goal


class Times:
    """Seconds that steps took on two sides, to be compared step by step."""

    def __init__(self, ours: str, other: str) -> None:
        self.sides = ours, other
        self.taken: dict[str, tuple[list[float], list[float]]] = {}

    def add(self, step: str, ours: float, other: float) -> None:
        pair = self.taken.setdefault(step, ([], []))
        pair[0].append(ours)
        pair[1].append(other)

    def ratio(self) -> float:
        """Of the sums, over all steps, of the medians."""
        ours, other = zip(*map(_medians, self.taken.values()), strict=True)
        return sum(ours) / sum(other)

    def details(self) -> list[str]:
        return [_line(step, pair, self.sides) for step, pair in self.taken.items()]


def _medians(pair: Iterable[list[float]]) -> tuple[float, ...]:
    return tuple(median(side) for side in pair)


def _line(step: str, pair: tuple[list[float], list[float]], sides: tuple[str, str]) -> str:
    (ours, other), (first, second) = _medians(pair), sides
    times = f"{first} {ours * 1000:.2f} ms, {second} {other * 1000:.2f} ms"
    return f"{step}: {ours / other:.2f} ({times}, {len(pair[0])} times)"
