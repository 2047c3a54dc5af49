"""History: one entry for everything that happened, and the one way to write it.

Entries of one subject (a run, a ticket, a person …) form a chain: each carries the hash of the
one before. They are collected on the session and written when it commits, so they stand or fall
with what they tell of.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import Connection, UniqueConstraint, bindparam, event, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session as AnySession
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Field, Session, SQLModel, col

from records.bold import DoAgain
from records.columns import BigId, Json, UtcDateTime

START = "0" * 64  # what the first entry of a chain follows


class Entry(SQLModel, table=True):
    """One line of history. Written in the transaction that it tells of; never changed."""

    __table_args__ = (UniqueConstraint("subject", "seq"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    subject: str
    seq: int
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    by: str
    verb: str
    particulars: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    hash: str


class Chain(SQLModel, table=True):
    """The end of one subject's chain: how many entries it has, and the hash of the last."""

    subject: str = Field(primary_key=True)
    seq: int = 0
    hash: str = START


# Built once: these run with every commit.
_ENTRY, _CHAIN = SQLModel.metadata.tables["entry"], SQLModel.metadata.tables["chain"]
_LOCK = (  # in one order, so that two commits cannot wait for each other in a circle
    select(_CHAIN)
    .where(_CHAIN.c.subject.in_(bindparam("subjects", expanding=True)))
    .order_by(_CHAIN.c.subject)
    .with_for_update()
)
_NEW = {
    name: dialect.insert(_CHAIN).values(seq=0, hash=START)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
_BEGIN = {  # a chain that another session began a moment ago is locked instead
    name: new.on_conflict_do_update(
        index_elements=["subject"], set_={"subject": new.excluded.subject}
    ).returning(_CHAIN)
    for name, new in _NEW.items()
}
_ADD = insert(_ENTRY)
_MOVE = update(_CHAIN).where(_CHAIN.c.subject == bindparam("of"), _CHAIN.c.seq == bindparam("was"))


@dataclass(frozen=True)
class Break:
    """Where a chain no longer holds."""

    subject: str
    seq: int
    reason: str


def record(
    session: Session,
    verb: str,
    *,
    subject: str,
    by: str,
    at: datetime,
    also: Any = None,
    **particulars: Any,
) -> None:
    """Note that `by` did `verb` to `subject` ("run:7") at `at`. `particulars` must be JSON.

    `also`: a dict of particulars whose names are taken here, such as the "at" of a ladder's rung.
    """
    # A round trip now, so that what is hashed is what will be read back.
    facts = orjson.loads(orjson.dumps({**particulars, **(also or {})}))
    if not session.in_transaction():
        session.begin()  # so that a rollback takes the entry with it
    row = {"subject": subject, "at": at, "by": by, "verb": verb, "particulars": facts}
    _unwritten(session).append(row)


def write(session: AnySession) -> None:
    """Write what was recorded so far. The commit does this by itself."""
    rows = _unwritten(session)
    if not rows:
        return
    session.flush()
    connection = session.connection()
    heads = _heads(session, connection, sorted({row["subject"] for row in rows}))
    for row in rows:
        head = heads[row["subject"]]
        head["seq"] += 1
        row["seq"] = head["seq"]
        row["hash"] = head["hash"] = digest(head["hash"], row)
    if connection.execute(_MOVE, list(heads.values())).rowcount != len(heads):
        raise DoAgain  # somebody added to a chain whose end we had not locked
    connection.execute(_ADD, rows)
    session.info["unwritten"] = []
    session.info.setdefault("written", []).extend(rows)


def written(session: AnySession) -> list[dict[str, Any]]:
    """The entries of this transaction that `write` has written so far."""
    return session.info.get("written", [])  # type: ignore[no-any-return]


def foresee(session: AnySession, ends: dict[str, tuple[int, str]]) -> None:
    """Where chains end (their length, their last hash), read without a lock by a bold session."""
    session.info["ends"] = ends


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """If the block raises, what it changed and what it recorded are both undone."""
    kept = list(_unwritten(session))
    try:
        with session.begin_nested():
            yield
    except BaseException:
        session.info["unwritten"] = kept
        raise


def count(session: Session, subject: str | None = None) -> tuple[int, int]:
    """How many chains there are (0 or 1 of one subject), and how many entries."""
    chains, entries = (select(func.count()).select_from(table) for table in (Chain, Entry))
    if subject is not None:
        chains = chains.where(col(Chain.subject) == subject)
        entries = entries.where(col(Entry.subject) == subject)
    return session.execute(chains).scalar_one(), session.execute(entries).scalar_one()


def last(session: Session, subject: str) -> Entry | None:
    told = select(Entry).where(col(Entry.subject) == subject)
    return session.execute(told.order_by(col(Entry.seq).desc()).limit(1)).scalars().first()


def breaks(session: Session, subject: str | None = None) -> Iterator[Break]:
    """Every chain (or one) whose entries do not add up, each with its first broken entry."""
    chains, told = select(Chain), select(Entry).order_by(col(Entry.subject), col(Entry.seq))
    if subject is not None:
        chains = chains.where(col(Chain.subject) == subject)
        told = told.where(col(Entry.subject) == subject)
    ends = {row.subject: row for row in session.execute(chains).scalars()}
    entries = session.execute(told, execution_options={"yield_per": 2_000}).scalars()
    for subject, chain in groupby(entries, lambda entry: entry.subject):
        found = _first_break(subject, chain, ends.pop(subject, None))
        if found:
            yield found
    for subject in ends:
        yield Break(subject, 1, "every entry is missing")


def digest(previous: str, row: dict[str, Any]) -> str:
    """The hash of one entry: SHA-256 over the hash before it and the entry as sorted JSON."""
    told = {key: row[key] for key in ("subject", "seq", "by", "verb", "particulars")}
    told["at"] = row["at"].timestamp()
    text = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(previous.encode() + text).hexdigest()


def _first_break(subject: str, chain: Iterator[Entry], end: Chain | None) -> Break | None:
    previous, expected = START, 0
    for entry in chain:
        expected += 1
        if entry.seq != expected:
            return Break(subject, expected, "the entry is missing")
        if entry.hash != digest(previous, entry.model_dump()):
            return Break(subject, expected, "the entry was changed")
        previous = entry.hash
    if end is None or (end.seq, end.hash) != (expected, previous):
        return Break(subject, expected + 1, "entries are missing at the end")
    return None


def _heads(
    session: AnySession, connection: Connection, subjects: list[str]
) -> dict[str, dict[str, Any]]:
    """Where each chain ends: as a bold session has seen it, else locked."""
    ends = session.info.pop("ends", {})
    if not ends.keys() >= set(subjects):
        ends = _lock_ends(connection, subjects)
    told = {subject: ends[subject] for subject in subjects}
    return {
        of: {"of": of, "was": seq, "seq": seq, "hash": hash} for of, (seq, hash) in told.items()
    }


def _lock_ends(connection: Connection, subjects: list[str]) -> dict[str, tuple[int, str]]:
    """The end of each chain, created where new, and locked until the commit."""
    found = list(connection.execute(_LOCK, {"subjects": subjects}))
    new = sorted(set(subjects) - {head.subject for head in found})
    if new:  # in this order: nobody waits for each other in a circle
        begin = _BEGIN[connection.dialect.name]
        found += connection.execute(begin, [{"subject": subject} for subject in new]).all()
    return {head.subject: (head.seq, head.hash) for head in found}


def _unwritten(session: AnySession) -> list[dict[str, Any]]:
    return session.info.setdefault("unwritten", [])  # type: ignore[no-any-return]


@event.listens_for(AnySession, "before_commit")
def _write_before_commit(session: AnySession) -> None:
    if not session.in_nested_transaction():
        write(session)


@event.listens_for(AnySession, "after_commit")
def _forget_after_commit(session: AnySession) -> None:
    if not session.in_nested_transaction():  # the end of a savepoint is no end
        session.info.pop("written", None)


@event.listens_for(AnySession, "after_soft_rollback")
def _forget_after_rollback(session: AnySession, ended: SessionTransaction) -> None:
    if not ended.nested:
        session.info["unwritten"] = []
        session.info.pop("written", None)
