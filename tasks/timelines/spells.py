"""The work orders of a ticket, read from the history of its runs: who had each of them, in which
state, from when to when. Pure; segments.py makes the ticket's time of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from tasks.states import STATES

Changes = dict[str, Any]
SEGMENTS = {state.segment for state in STATES.values() if state.segment}
OVER = {key for key, state in STATES.items() if not state.segment}


class Entry(Protocol):
    """What is read of a line of history (records.Entry)."""

    @property
    def subject(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def by(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def particulars(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Order:
    """What is known of a work order besides its history."""

    id: int
    run_id: int
    step_id: int
    element: str
    title: str = ""
    stage: str = ""
    segment: str = "work"  # what working on it counts as
    finished_at: datetime | None = None


@dataclass
class Spell:
    """A time in which an order did not change. `until` is None while it lasts."""

    order: Order
    kind: str
    since: datetime
    group: str
    person: str = ""
    taken_by: str = ""
    from_group: str = ""
    from_person: str = ""
    from_element: str = ""
    reason: str = ""
    handed_at: datetime | None = None  # when the hand-off began that it belongs to
    until: datetime | None = None


class Told(NamedTuple):
    """An entry at the time at which it counts."""

    subject: str
    at: datetime
    by: str
    verb: str
    particulars: dict[str, Any]


def in_order(entries: Sequence[Entry], begin: datetime) -> list[Told]:
    """By time. In one chain none is later than what was recorded after it: clocks of computers
    differ, and what was suspended and then resumed must not stay suspended."""
    told, latest = [], dict[str, datetime]()
    for entry in reversed(entries):
        at = min(entry.at, latest.get(entry.subject, entry.at))
        at = latest[entry.subject] = max(at, begin)
        told.append(Told(entry.subject, at, entry.by, entry.verb, entry.particulars))
    return sorted(reversed(told), key=lambda one: one.at)


def is_of_ticket(entry: Entry) -> bool:
    return entry.subject.startswith("ticket:")


def spells_of(entries: Iterable[Entry], orders: Iterable[Order]) -> list[Spell]:
    """`entries`: of the runs, in order. What was done to an order that is not given is left out."""
    book = _Book(orders)
    for entry in entries:
        if entry.verb == "opened":
            book.open(entry)
        elif entry.particulars.get("work_order") in book.last:
            book.change(entry)
    return book.closed()


class _Book:
    """The spells so far; `last` has the present one of each open order."""

    def __init__(self, orders: Iterable[Order]) -> None:
        self.by_step = {(order.run_id, order.step_id): order for order in orders}
        self.spells: list[Spell] = []
        self.last: dict[int, Spell] = {}
        self.done: dict[str, tuple[datetime, Spell]] = {}  # of each run, what was completed last

    def open(self, entry: Entry) -> None:
        """Orders that follow at once on one that was completed come from there."""
        run_id, came = int(entry.subject.partition(":")[2]), Changes(from_person=entry.by)
        at, before = self.done.get(entry.subject, (None, None))
        if before and at == entry.at:
            came |= {"from_group": before.group, "from_element": before.order.element}
        for told in entry.particulars["orders"]:
            order = self.by_step.get((run_id, told["step_id"]))
            if order:
                group = told["group_key"]
                self._add(Spell(order, "queue", entry.at, group, handed_at=entry.at, **came))

    def change(self, entry: Entry) -> None:
        """The state is as the entry says; each verb has its own way with holder and group."""
        last, told = self.last[entry.particulars["work_order"]], entry.particulars
        if told.get("is") in OVER:
            last.until = entry.at
            self.done[entry.subject] = entry.at, self.last.pop(last.order.id)
            return
        if entry.verb == "accepted":
            self._note_taker(last.order, entry.by)
        changes: Changes = CHANGES[entry.verb](last, entry) if entry.verb in CHANGES else {}
        if "is" in told:
            changes |= {"kind": _kind(last.order, told["is"]), "reason": told.get("reason", "")}
        if changes:
            fresh: Changes = {"since": entry.at, "until": None, "taken_by": ""}
            self._add(replace(last, **fresh | changes))

    def closed(self) -> list[Spell]:
        """With the end of the orders that were called off, of which no entry tells."""
        for spell in self.last.values():
            spell.until = spell.order.finished_at
        return self.spells

    def _add(self, spell: Spell) -> None:
        if last := self.last.get(spell.order.id):
            last.until = spell.since
        self.last[spell.order.id] = spell
        self.spells.append(spell)

    def _note_taker(self, order: Order, person: str) -> None:
        """On all that waited since the hand-off that ends here."""
        for spell in reversed(self.spells):
            if spell.order is order:
                spell.taken_by = person
                if spell.handed_at == spell.since:
                    return


def _kind(order: Order, state: str) -> str:
    """What the state says; but work on an order counts as what the diagram says of it."""
    kind = STATES[state].segment if state in STATES else "queue"
    return order.segment if kind == "work" and order.segment in SEGMENTS else kind


def _take(last: Spell, entry: Entry) -> Changes:
    return {"person": entry.by}


def _give_back(last: Spell, entry: Entry) -> Changes:
    return _hand_on(last, last.person or entry.by, entry.at) | {"person": ""}


def _reassign(last: Spell, entry: Entry) -> Changes:
    told = entry.particulars
    to = {"person": told["to"] or "", "group": told["to_group"]}
    return _hand_on(last, last.person, entry.at) | to


def _wait(last: Spell, entry: Entry) -> Changes:
    return _hand_on(last, last.person, entry.at)


def _hand_on(last: Spell, person: str, at: datetime) -> Changes:
    return {
        "handed_at": at,
        "from_group": last.group,
        "from_person": person,
        "from_element": last.order.element,
    }


CHANGES = {  # verb: what it changes besides the state
    "claimed": _take,
    "accepted": _take,
    "released": _give_back,
    "returned": _give_back,
    "reassigned": _reassign,
    "waiting internal": _wait,
}
