"""The facts of all tokens of a run, each write of one stored once. `state.py` writes and reads it.

Tokens mostly know the same: what they share would otherwise be stored as often as there are
branches and events that listen. A fact is [name, mark, value]; what a token knows is a list of
their numbers, and tokens that know the same share that too.
"""

from typing import Any, TypeAlias

import orjson

from bpmn.wall.facts import Facts, Marks

Known: TypeAlias = tuple[Facts, Marks]


class Store:
    def __init__(self) -> None:
        self._facts: dict[bytes, int] = {}
        self._known: dict[tuple[int, ...], int] = {}
        # The same by identity, which is quicker: nobody changes facts or marks in place.
        self._facts_met: dict[tuple[str, int, int], int] = {}
        self._known_met: dict[tuple[int, int], int] = {}

    @property
    def facts(self) -> list[orjson.Fragment]:
        return [orjson.Fragment(written) for written in self._facts]

    @property
    def known(self) -> list[tuple[int, ...]]:
        return list(self._known)

    def number(self, facts: Facts, marks: Marks) -> int:
        """Of these facts with these marks. Both must live as long as the store does."""
        met = (id(facts), id(marks))
        number = self._known_met.get(met)
        if number is None:
            known = tuple(sorted(self._fact(n, marks.get(n, 0), v) for n, v in facts.items()))
            number = self._known_met[met] = self._known.setdefault(known, len(self._known))
        return number

    def _fact(self, name: str, mark: Any, value: Any) -> int:
        met = (name, id(mark), id(value))
        number = self._facts_met.get(met)
        if number is None:
            written = orjson.dumps([name, mark, value])
            number = self._facts_met[met] = self._facts.setdefault(written, len(self._facts))
        return number


def read_store(facts: list[list[Any]], known: list[list[int]]) -> list[Known]:
    return [
        (
            {facts[number][0]: facts[number][2] for number in numbers},
            {facts[number][0]: facts[number][1] for number in numbers if facts[number][1]},
        )
        for numbers in known
    ]
