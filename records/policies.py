"""Policies: rules that an owner edits as data, outside any diagram, with versions.

Calendars, what starts and stops each clock, reasons to suspend, whom a ladder reaches. How one is
read is here too, for tasks/policies.py, which has the verbs, and notifications/policy.py. Limits
and ladders themselves are decision tables beside their diagram.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, UniqueConstraint, bindparam, func, select
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col

from records.columns import BigId, Json, UtcDateTime
from records.transactions import remembered


class Policy(SQLModel, table=True):
    """One version of one policy. Never changed; the newest counts for what begins from now on."""

    __table_args__ = (UniqueConstraint("key", "number"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    key: str  # calendars, clocks, suspensions, recipients …
    number: int
    content: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    published_at: datetime = Field(sa_type=UtcDateTime)
    published_by: str
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Policed:
    """One version, as those use it who work by it. Nothing in it may be changed.

    Two are equal if they are the same object, so that what is made of one can be cached by it.
    """

    key: str
    number: int
    content: Mapping[str, Any]


_NEWEST = (  # built once: every ticket and every notice asks
    select(col(Policy.key), func.max(Policy.number))
    .where(col(Policy.key).in_(bindparam("keys", expanding=True)))
    .group_by(col(Policy.key))
)
_CONTENT = select(col(Policy.content)).where(
    col(Policy.key) == bindparam("key"), col(Policy.number) == bindparam("number")
)
_loaded: WeakKeyDictionary[Engine, dict[tuple[str, int], Policed]] = WeakKeyDictionary()


def newest(session: Session, *keys: str) -> dict[str, int]:
    """The number of the newest version of each, where there is any; asked once in a transaction."""
    known = remembered(session, "newest policies")
    if keys not in known:
        known[keys] = {key: number for key, number in session.execute(_NEWEST, {"keys": keys})}
    return dict(known[keys])


def load(session: Session, key: str, number: int) -> Policed | None:
    """One version, read once in each process."""
    loaded = _loaded.setdefault(session.get_bind().engine, {})
    found = loaded.get((key, number)) or _read(session, key, number)
    if found and not session.info.get("has published"):  # what a rollback takes away must not stay
        loaded[key, number] = found
    return found


def add(session: Session, policy: Policy) -> None:
    session.add(policy)
    session.flush()
    session.info["has published"] = True
    remembered(session, "newest policies").clear()


def _read(session: Session, key: str, number: int) -> Policed | None:
    content = session.execute(_CONTENT, {"key": key, "number": number}).scalar()
    return None if content is None else Policed(key, number, content)
