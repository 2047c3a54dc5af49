"""Hit policies: what a table answers when several rows match. `tables.py` calls them.

OUTPUT ORDER is refused by `reading.py`; COLLECT with an aggregation is a policy of its own here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bpmn.dmn.cells import kind_of

Outcome = dict[str, Any]
Answer = tuple[Outcome, tuple[int, ...]]  # the result and the rows it is made of, from 0


class DecisionFailed(Exception):
    """The table cannot answer. `rows` are those to blame, from 1 as the modeler shows them."""

    def __init__(self, zh: str, en: str, rows: tuple[int, ...] = ()) -> None:
        super().__init__(en)
        self.zh, self.en, self.rows = zh, en, rows


@dataclass(frozen=True)
class OutputColumn:
    """`order` is the modeler's list of output values, first the most important."""

    name: str
    order: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Hits:
    rows: Iterator[int]
    outcome: Callable[[int], Outcome]
    outputs: tuple[OutputColumn, ...]


def unique(hits: Hits) -> Answer:
    rows = tuple(hits.rows)
    if len(rows) > 1:
        raise failure(
            rows,
            "同时匹配，而 UNIQUE 只允许一行。请改窄条件，或改用 FIRST。",
            "match at once, and UNIQUE allows one: narrow them, or use FIRST.",
        )
    return (hits.outcome(rows[0]) if rows else {}), rows


def first(hits: Hits) -> Answer:
    for row in hits.rows:
        return hits.outcome(row), (row,)
    return {}, ()


def agreeing(hits: Hits) -> Answer:
    rows = tuple(hits.rows)
    outcomes = [hits.outcome(row) for row in rows]
    if any(not is_equal(outcome, outcomes[0]) for outcome in outcomes):
        raise failure(
            rows,
            "同时匹配而结果不同，ANY 要求一致。请统一结果。",
            "match at once and disagree, and ANY wants one answer: make them agree.",
        )
    return (outcomes[0] if rows else {}), rows


def most_important(hits: Hits) -> Answer:
    rows = list(hits.rows)
    if not rows:
        return {}, ()
    outcomes = {row: hits.outcome(row) for row in rows}
    best = min(rows, key=lambda row: (rank(outcomes[row], hits.outputs), row))
    return outcomes[best], (best,)


def rank(outcome: Outcome, outputs: tuple[OutputColumn, ...]) -> tuple[int, ...]:
    return tuple(each.order.index(outcome[each.name]) for each in outputs if each.order)


def collected(hits: Hits) -> Answer:
    """One list for each output, in the order of the rows."""
    rows = tuple(hits.rows)
    outcomes = [hits.outcome(row) for row in rows]
    return {each.name: [found[each.name] for found in outcomes] for each in hits.outputs}, rows


def counted(hits: Hits) -> Answer:
    rows = tuple(hits.rows)
    return {hits.outputs[0].name: len(rows)}, rows


def aggregating(combine: Callable[[list[Any]], Any]) -> Callable[[Hits], Answer]:
    def aggregate(hits: Hits) -> Answer:
        lists, rows = collected(hits)
        (name, values), *_ = lists.items()
        if any(kind_of(value) != "number" for value in values):
            raise failure(
                rows, "的结果不都是数，无法汇总。", "give more than numbers to aggregate."
            )
        return {name: combine(values)}, rows

    return aggregate


def failure(rows: tuple[int, ...], zh: str, en: str) -> DecisionFailed:
    numbers = tuple(row + 1 for row in rows)
    return DecisionFailed(
        f"第 {'、'.join(map(str, numbers))} 行{zh}",
        f"Rows {', '.join(map(str, numbers))} {en}",
        numbers,
    )


def is_equal(one: Any, other: Any) -> bool:
    """As JSON: True is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_equal(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_equal, one, other))
    return kind_of(one) == kind_of(other) and bool(one == other)


POLICIES: dict[str, Callable[[Hits], Answer]] = {
    "UNIQUE": unique,
    "FIRST": first,
    "ANY": agreeing,
    "PRIORITY": most_important,
    "RULE ORDER": collected,
    "COLLECT": collected,
    "COLLECT SUM": aggregating(sum),
    "COLLECT MIN": aggregating(lambda values: min(values, default=None)),
    "COLLECT MAX": aggregating(lambda values: max(values, default=None)),
    "COLLECT COUNT": counted,
}
SINGLE_HIT = ("UNIQUE", "FIRST", "ANY", "PRIORITY")
