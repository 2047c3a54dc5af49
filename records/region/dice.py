"""Chance that falls the same way on every machine and in every Python. Used by the whole region."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

SEED = 20260311
T = TypeVar("T")


class Dice:
    """One stream of chance. Each subject has its own, so that a change to one spares the others.

    Only random() is promised to give the same numbers in every Python, so all is made of it.
    """

    def __init__(self, subject: str) -> None:
        self._random = random.Random(f"{SEED} {subject}").random

    def below(self, n: int) -> int:
        return int(self._random() * n)

    def jitter(self, width: float) -> float:
        """A number within `width` of zero, to five places."""
        return round((self._random() * 2 - 1) * width, 5)

    def happens(self, chance: float) -> bool:
        return self._random() < chance

    def pick(self, things: Sequence[T]) -> T:
        return things[self.below(len(things))]

    def weigh(self, weights: Mapping[T, float]) -> T:
        """One of the keys, each as often as its weight. The weights add up to 1."""
        left = self._random()
        *others, last = weights
        for thing in others:
            left -= weights[thing]
            if left < 0:
                return thing
        return last

    def mix(self, things: Iterable[T]) -> list[T]:
        mixed = list(things)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.below(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed

    def fresh(self, make: Callable[["Dice"], T], taken: set[T]) -> T:
        """What `make` makes, made again until it is not among `taken`; then it is."""
        made = make(self)
        while made in taken:
            made = make(self)
        taken.add(made)
        return made
