"""No customer reads another's name. Called before anything for a customer's contact is queued.

A parent ticket has many customers, and what people type may name any of them. So the words as
they would be sent are held against the names of all other customers: one query, 1 ms for 10,000.
"""

from collections.abc import Iterable

from sqlalchemy import Select, bindparam, func, or_, select
from sqlmodel import Session, col

from records import Customer

SHORTEST = 2  # characters of a name that is looked for; of an English one, twice as many


def others_named(session: Session, text: str, own: Customer) -> list[str]:
    """Names of other customers that are in the text. One that is part of the own name is looked
    for in what is left of the text without the own name."""
    query = _QUERIES[session.get_bind().dialect.name]
    found = session.execute(query, {"text": text, "lower": text.lower(), "own": own.id}).all()
    names = {name for row in found for name in row if name and name.lower() in text.lower()}
    return sorted(name for name in names if _is_named(name, text, (own.name, own.name_en)))


def _is_named(name: str, text: str, own: Iterable[str]) -> bool:
    for ours in own:
        if ours and name.lower() in ours.lower():
            text = text.replace(ours, "")
    return name.lower() in text.lower()


def _query(position: str) -> Select[tuple[str, str]]:
    within = getattr(func, position)
    name, english = col(Customer.name), func.lower(col(Customer.name_en))
    in_chinese = (func.length(name) >= SHORTEST) & (within(bindparam("text"), name) > 0)
    in_english = (func.length(english) >= 2 * SHORTEST) & (within(bindparam("lower"), english) > 0)
    return select(name, col(Customer.name_en)).where(
        col(Customer.id) != bindparam("own"), or_(in_chinese, in_english)
    )


_QUERIES = {"sqlite": _query("instr"), "postgresql": _query("strpos")}  # built once
