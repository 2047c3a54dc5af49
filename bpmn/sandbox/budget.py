"""What one run of author code may use up: rounds, volume and CPU time. The guards charge it.

A *step* is one round of a loop (or eight elements that C code goes through); *volume* counts the
elements and characters made, and so bounds memory.
"""

from collections.abc import Iterator
from time import thread_time
from typing import Any

from bpmn.sandbox.refusals import Mistake, Spent

STEPS = 20_000
VOLUME = 2_000_000
SECONDS = 0.5
SIZE = 100_000  # elements or characters of one value
BITS = 4_096  # of one whole number
DEPTH = 100  # of nesting

SCALARS = frozenset({str, int, float, bool, type(None)})
CONTAINERS = frozenset({dict, list, set})


class Budget:
    """One per thread, begun anew for each run."""

    __slots__ = ("deadline", "mark", "steps", "volume")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.steps = self.mark = STEPS
        self.volume = VOLUME
        self.deadline = 0.0

    def rounds(self, values: Any, cost: int) -> Iterator[Any]:
        """Every loop of author code goes through here; `cost` is the size of the loop's body."""
        for value in members(values):
            self.steps -= 1
            self.volume -= cost
            if self.steps <= self.mark:
                self.look()
            yield value

    def take(self, volume: int) -> None:
        self.volume -= volume
        if self.volume < 0:
            raise Spent("脚本产生的数据过多。", "The script makes too much data.")

    def scan(self, size: int) -> None:
        """Charge what C code does with a container of this size."""
        self.steps -= 1 + (size >> 3)
        self.take(size)
        if self.steps <= self.mark:
            self.look()

    def look(self) -> None:
        # Reading the thread's CPU clock is a system call: once in 16 steps is often enough.
        if self.steps < 0:
            raise Spent(
                f"脚本循环超过 {STEPS} 次，请减少循环或改用决策表。",
                f"More than {STEPS} rounds: loop over less, or use a decision table.",
            )
        self.take(0)
        self.watch()
        self.mark = max(self.steps - 16, -1)

    def watch(self) -> None:
        now = thread_time()
        if not self.deadline:
            self.deadline = now + SECONDS
        elif now > self.deadline:
            raise Spent("脚本运行超时，请简化。", f"Longer than {SECONDS} s: make it simpler.")

    def fit(self, size: int) -> None:
        """Refuse a value before it is made; charge it."""
        if size > SIZE:
            raise Spent(f"值超过 {SIZE} 个元素或字符。", f"A value of more than {SIZE} elements.")
        self.take(size)

    def weigh(self, value: Any) -> Any:
        """The value, once its whole tree is known to be small enough for C code to go through.

        A list that holds itself twice, forty times over, is forty objects and 2**40 comparisons.
        """
        kind = type(value)
        if kind in CONTAINERS:
            self.walk(value)
        elif kind is str and len(value) > 1_000:
            self.take(len(value))
        return value

    def walk(self, value: Any) -> None:
        level = [value]
        for _ in range(DEPTH):
            below: list[Any] = []
            for container in level:
                self.scan(len(container))
                inner = container.values() if type(container) is dict else container
                if not SCALARS.issuperset(map(type, inner)):
                    below.extend(each for each in inner if type(each) in CONTAINERS)
            if not below:
                return
            level = below
        raise Spent(f"数据嵌套超过 {DEPTH} 层。", f"Nested deeper than {DEPTH} levels.")


def members(values: Any) -> Any:
    """What author code may go through. Sets are sorted, so that a run is the same each time."""
    kind = type(values)
    if kind is list or kind is dict or kind is str:
        return values
    if kind is set:
        return sorted(values, key=order)
    raise Mistake(
        f"{name_of(values)}不能逐项处理，只有列表、字典、集合和文字可以。",
        f"Cannot go through {name_of(values)}: only a list, dict, set or string.",
    )


def order(value: Any) -> tuple[str, Any]:
    kind = type(value)
    return ("number", value) if kind in (int, float, bool) else (kind.__name__, str(value))


def name_of(value: Any) -> str:
    return "None" if value is None else type(value).__name__
