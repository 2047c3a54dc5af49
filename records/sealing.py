"""Sealing history, and proving that the seals still hold.

Called hourly by workflows/seals.py, and by “python -m records verify”. Only what was written since
the last seal is read. Whoever can write to the database can make new seals as well: so an auditor
keeps the newest hash somewhere else.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, select, text
from sqlmodel import Session, col

from records.history import START, Entry
from records.seals import Seal

TOLD = ("chains", "entries", "last_entry", "root")  # what the hash is over, besides the time


@dataclass(frozen=True)
class End:
    """The newest entry at an instant, and the first transaction that had not begun by then."""

    entry: int
    mark: int = 0


@dataclass(frozen=True)
class BrokenSeal:
    """A seal that does not hold."""

    id: int
    reason: str


def end(session: Session) -> End:
    """Where history ends. What was begun before and is not committed may still come before it."""
    newest = session.execute(select(func.max(col(Entry.id)))).scalar() or 0
    if session.get_bind().dialect.name == "sqlite":
        return End(newest)  # writes one after the other
    mark = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    return End(newest, session.execute(mark).scalar_one())


def is_settled(session: Session, end: End) -> bool:
    """Whether everything that might still come before this end has come, or never will.

    Who writes an entry moves the end of its chain first: so it has a number before it takes an id.
    """
    if not end.mark:
        return True
    oldest = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return bool(session.execute(oldest).scalar_one() >= end.mark)


def seal(session: Session, end: End, *, now: datetime) -> Seal | None:
    """Seal what was written since the last seal, up to a settled end. None if that is nothing."""
    before = last(session)
    after = before.last_entry if before else 0
    if end.entry <= after:
        return None
    told: dict[str, Any] = _come_to(session, after, end.entry)
    new = Seal(at=now, previous=before.hash if before else START, hash="", **told)
    new.hash = _digest(new)
    session.add(new)
    session.flush()
    return new


def last(session: Session) -> Seal | None:
    return session.execute(select(Seal).order_by(col(Seal.id).desc()).limit(1)).scalars().first()


def count(session: Session) -> int:
    return int(session.execute(select(func.count()).select_from(Seal)).scalar_one())


def first_broken(session: Session, kept: str | None = None) -> BrokenSeal | None:
    """The first seal that does not hold; where none, whether the one whose hash was kept is there.

    Entries are read once, in order, with the seals beside them.
    """
    seals = session.execute(select(Seal).order_by(col(Seal.id))).scalars().all()
    previous, after = START, 0
    for one in seals:
        reason = _why_broken(session, one, previous, after)
        if reason:
            return BrokenSeal(one.id, reason)
        previous, after = one.hash, one.last_entry
    if kept and kept not in {one.hash for one in seals}:
        return BrokenSeal(0, "no seal has the hash that was kept")
    return None


def _why_broken(session: Session, one: Seal, previous: str, after: int) -> str:
    if one.previous != previous:
        return "the seal before it is missing"
    if one.hash != _digest(one):
        return "the seal itself was changed"
    there = _come_to(session, after, one.last_entry)
    if (there["chains"], there["entries"]) != (one.chains, one.entries):
        what = f"it is over {one.entries} entries of {one.chains} chains"
        return f"{what}, but {there['entries']} of {there['chains']} are there"
    return "" if there["root"] == one.root else "entries under it were written anew"


def _come_to(session: Session, after: int, upto: int) -> dict[str, Any]:
    """What the entries between two ids come to, as a seal has it."""
    told = select(col(Entry.subject), col(Entry.seq), col(Entry.hash))
    told = told.where(col(Entry.id) > after, col(Entry.id) <= upto).order_by(col(Entry.id))
    subjects, count, digest = set(), 0, hashlib.sha256()
    for subject, seq, hash in session.execute(told, execution_options={"yield_per": 5_000}):
        subjects.add(subject)
        count += 1
        digest.update(f"{subject}\n{seq}\n{hash}\n".encode())
    root = digest.hexdigest()
    return {"chains": len(subjects), "entries": count, "last_entry": upto, "root": root}


def _digest(one: Seal) -> str:
    told = {name: getattr(one, name) for name in TOLD} | {"at": one.at.timestamp()}
    text = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(one.previous.encode() + text).hexdigest()
