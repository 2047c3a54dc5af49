"""The facts of all tokens of a run, each write of one stored once. `state.py` writes and reads it.

Tokens mostly know the same: what they share would otherwise be stored as often as there are
branches and events that listen. A fact is [name, mark, value]; what a token knows is a list of
their numbers, and tokens that know the same share that too.
"""

from typing import Any, TypeAlias

from bpmn.wall.facts import Facts, Marks, same

Fact: TypeAlias = tuple[str, Any, Any]  # name, mark, value
Known: TypeAlias = tuple[Facts, Marks]


class Store:
    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._named: dict[str, list[int]] = {}  # name -> numbers of the facts that have it
        self._known: dict[tuple[int, ...], int] = {}
        self._met: dict[tuple[int, int], int] = {}  # by identity, which is quicker

    @property
    def known(self) -> list[tuple[int, ...]]:
        return [*self._known]

    def number(self, facts: Facts, marks: Marks) -> int:
        """Of these facts with these marks. Both must live as long as the store does."""
        met = (id(facts), id(marks))
        number = self._met.get(met)
        if number is None:
            known = sorted([self._fact(n, marks.get(n, 0), v) for n, v in facts.items()])
            number = self._met[met] = self._known.setdefault(tuple(known), len(self._known))
        return number

    def _fact(self, name: str, mark: Any, value: Any) -> int:
        numbers = self._named.setdefault(name, [])
        for number in numbers:
            _, other_mark, other = self.facts[number]
            if mark == other_mark and same(value, other):
                return number
        self.facts.append((name, mark, value))
        numbers.append(len(self.facts) - 1)
        return numbers[-1]


def read_store(facts: list[Fact], known: list[list[int]]) -> list[Known]:
    return [_known([facts[number] for number in numbers]) for numbers in known]


def _known(facts: list[Fact]) -> Known:
    return {name: v for name, _, v in facts}, {name: mark for name, mark, _ in facts if mark}
