"""No customer reads another's name. Asked before anything for a customer's contact is queued.

A parent ticket has many customers, and what people type may name any of them. So the words as
they would be sent are held against the names of all other customers. The names are kept for a
minute: comparing with 10,000 takes 0.1 ms so, and 20 ms in the database.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, select
from sqlmodel import Session, col

from records import Customer
from records.transactions import remembered

SHORTEST, SHORTEST_ENGLISH = 2, 4  # characters of a name that is looked for
KEPT = timedelta(minutes=1)  # after which a customer who was renamed is found by the new name
_NEWEST = select(func.max(col(Customer.id)))
_NAMES = select(col(Customer.id), col(Customer.name), col(Customer.name_en))


@dataclass(frozen=True)
class Names:
    """Lower-case names and whose they are, by their first two characters."""

    newest: int
    read_at: datetime
    by_start: dict[str, list[tuple[str, int]]]


_known: WeakKeyDictionary[Engine, Names] = WeakKeyDictionary()


def read_names(session: Session, now: datetime) -> Names:
    """Of all customers, as they are now."""
    engine, known = session.get_bind().engine, remembered(session, "newest customer")
    if "id" not in known:
        known["id"] = session.execute(_NEWEST).scalar() or 0
    newest = known["id"]
    names = _known.get(engine)
    if names is None or names.newest != newest or not timedelta(0) <= now - names.read_at < KEPT:
        names = _known[engine] = Names(newest, now, _by_start(session))
    return names


def others_named(session: Session, text: str, own: Customer, now: datetime) -> list[str]:
    """Names of other customers that are in the text. One that is part of the own name is looked
    for in what is left of the text without the own name."""
    return named_in(text, own, read_names(session, now))


def named_in(text: str, own: Customer, names: Names) -> list[str]:
    """As others_named, for many texts of one moment."""
    text = text.lower()
    ours = [name.lower() for name in (own.name, own.name_en) if name]
    found = {name for name, customer in _find(names, text) if customer != own.id}
    return sorted(name for name in found if _is_named(name, text, ours))


def _find(names: Names, text: str) -> set[tuple[str, int]]:
    return {
        (name, customer)
        for at in range(len(text) - 1)
        for name, customer in names.by_start.get(text[at : at + 2], ())
        if text.startswith(name, at) and _is_whole(text, at, at + len(name))
    }


def _is_whole(text: str, begin: int, end: int) -> bool:
    """Not the middle of a longer English word."""
    before, after = text[begin - 1 : begin], text[end : end + 1]
    return not (_is_letter(before) and _is_letter(text[begin])) and not (
        _is_letter(after) and _is_letter(text[end - 1])
    )


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _is_named(name: str, text: str, ours: list[str]) -> bool:
    for own in ours:
        if name in own:
            text = text.replace(own, "")
    return name in text


def _by_start(session: Session) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for customer, name, english in session.execute(_NAMES):
        for one in {name.strip().lower(), english.strip().lower()}:
            if len(one) >= (SHORTEST_ENGLISH if one.isascii() else SHORTEST):
                found.setdefault(one[:2], []).append((one, customer))
    return found
