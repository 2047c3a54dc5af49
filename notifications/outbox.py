"""The outbox of notices: queued in the caller's transaction, sent later under one key.

                       ┌──── tried again: BACKOFF ────┐
    waiting ── claim ──┤                              ├─▶ sent
                       └── for good, or too late ─────┴─▶ failed ──▶ its fallback waits
    waiting, failed, kept ── drop ──▶ dropped;  failed, kept, dropped ── retry ──▶ waiting

The edge drives three short steps: claim (a transaction), `deliver` (outside any transaction),
settle (a transaction). A lost worker's claim runs out; the key stays the same.
"""

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists
from sqlalchemy import select as plain_select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import Session, SQLModel, col, select

from notifications import invitations, links, policy
from notifications.channels import CHANNELS, line_of
from notifications.refusals import BadWords, NotSent
from notifications.words import LANGUAGES, Own, write
from records import Notice, history
from records.prepared import Prepared

BACKOFF = (5, 30, 120, 600, 3600)  # seconds before the 2nd … try; after the last, it has failed
UNREACHABLE = timedelta(seconds=30)  # before a dead far side is tried again; no try is counted
LEASE = timedelta(minutes=3)  # then another worker tries: longer than a mail's ten slow steps
KEEPS = timedelta(hours=24)  # after which a notice that was not told when to is given up

_TABLE = SQLModel.metadata.tables["notice"]
_BY_KEY = select(Notice).where(col(Notice.key).in_(bindparam("keys", expanding=True)))
_ADD: dict[str, ReturningInsert[tuple[str]]] = {  # a key that is there already stays as it is
    name: dialect.insert(_TABLE)
    .on_conflict_do_nothing(index_elements=["key"])
    .returning(_TABLE.c.key)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
_ADD_MANY = Prepared(
    lambda dialect: dialect.insert(_TABLE).on_conflict_do_nothing(index_elements=["key"])
)
_DEFAULTS = {
    "state": "waiting", "attempts": 0, "is_urgent": False, "fallbacks": [], "language": "zh",
    "person_id": None, "contact_id": None, "title": "", "text": "", "error": "", "seen_by": "",
    "expires_at": None, "subject": "",
}  # fmt: skip


@dataclass(frozen=True)
class Claimed:
    """A notice that this worker may send, this time."""

    notice: Notice
    secret: str | None  # of its link
    attempt: int
    since: datetime  # it was due


def queue(
    session: Session,
    *,
    key: str,
    channel: str,
    to: str,
    template: str,
    facts: dict[str, Any],
    subject: str,
    now: datetime,
    language: str = "zh",
    person_id: int | None = None,
    is_urgent: bool = False,
) -> Notice:
    """Queue one notice by one channel. A second one under the same key is the first one."""
    row = {
        "key": key, "channel": channel, "to": to, "template": template, "facts": facts,
        "subject": subject, "language": language, "person_id": person_id, "is_urgent": is_urgent,
        "due_at": now, "queued_at": now, "expires_at": now + KEEPS,
    }  # fmt: skip
    return add(session, [row | worded(policy.read_rules(session).words, row)])[0]


def worded(words: Own, row: Mapping[str, Any]) -> dict[str, Any]:
    """Title and text of a notice; where its words fail, it has failed and says why."""
    channel = CHANNELS.get(row["channel"])
    if channel is None:
        return {"state": "failed", "error": f"There is no channel “{row['channel']}”"}
    is_one = not channel.is_inside and row["language"] in LANGUAGES  # one reader, and outside
    facts = {**row["facts"], "seen_link": links.seen_mark() if is_one else ""}
    facts["link"] = links.address(facts.get("link") or "")
    try:
        title, text = write(words, row["template"], row["language"], facts)
    except BadWords as error:
        return {"state": "failed", "error": f"The words fail: {error}"}
    return {"title": title, "text": text}


def add(session: Session, rows: Sequence[dict[str, Any]]) -> list[Notice]:
    """The notices of these rows, each inserted unless its key is there already."""
    if not rows:
        return []
    add_one, keys = _ADD[session.get_bind().dialect.name], [row["key"] for row in rows]
    new = {session.execute(add_one, _DEFAULTS | row).scalar() for row in rows}
    found = session.exec(_BY_KEY, params={"keys": keys}).all()
    for notice in found:
        if notice.key in new and notice.state != "waiting":
            _record(session, f"notice {notice.state}", notice, notice.queued_at)
    return sorted(found, key=lambda notice: keys.index(notice.key))


def add_many(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """As `add`, in one round."""
    wait = [_DEFAULTS | row for row in rows if row.get("state", "waiting") == "waiting"]
    if wait:
        _ADD_MANY.run(session.connection(), wait)
    add(session, [row for row in rows if row.get("state", "waiting") != "waiting"])


def due_channels(session: Session, *, now: datetime) -> list[str]:
    """The channels by which something is due."""
    waits = [_is_due(channel, now).label(channel) for channel in CHANNELS]
    row = session.execute(plain_select(*waits)).one()
    return [channel for channel, is_due in zip(CHANNELS, row, strict=True) if is_due]


def overdue(session: Session, *, now: datetime, limit: int = 200) -> list[int]:
    """Notices that nobody is sending and that have waited longer than they may."""
    late = (col(Notice.state) == "waiting") & (col(Notice.expires_at) <= now)
    idle = col(Notice.due_at) <= now  # else somebody has it in hand
    rows = select(Notice.id).where(late, idle).order_by(col(Notice.expires_at)).limit(limit)
    return list(session.exec(rows))


def give_up(session: Session, notice_id: int, *, now: datetime) -> None:
    """It is too late for this one: its fallback has its turn."""
    notice = session.get_one(Notice, notice_id, with_for_update=True)
    is_late = notice.expires_at is not None and notice.expires_at <= now
    if notice.state == "waiting" and is_late and notice.due_at <= now:
        _fail(session, notice, f"Too late: {notice.error or 'it could not leave in time'}", now)


def claim(
    session: Session, channel: str, *, now: datetime, limit: int, but: Collection[str] = ()
) -> list[Claimed]:
    """Take notices of one channel for LEASE, the longest due first; none of those to `but`.

    What became due by day and would leave in the quiet hours waits for their end.
    """
    rows = (
        select(Notice)
        .where(col(Notice.channel) == channel, col(Notice.state) == "waiting")
        .where(col(Notice.due_at) <= now, col(Notice.to).not_in(but))
        .order_by(col(Notice.due_at), col(Notice.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.exec(rows).all()
    rules = policy.read_rules(session) if found else None
    return [_take(each, now) for each in found if rules and not _has_to_wait(rules, each, now)]


def deliver(claimed: Claimed) -> NotSent | None:
    """Send it; what kept it from leaving, or None. Never within a transaction."""
    notice = claimed.notice
    text = links.put_in(notice.text, claimed.secret)
    try:
        channel = CHANNELS[notice.channel]
        more = _files(notice, text) if channel.takes_files else {}
        channel.send(notice.key, notice.to, notice.title, text, **more)
    except NotSent as error:
        return error
    except Exception as error:
        return NotSent(f"{type(error).__name__}: {error}", is_final=True)
    return None


def settle(session: Session, claimed: Claimed, error: NotSent | None, *, now: datetime) -> None:
    """Keep what came of it, unless another worker has taken it meanwhile."""
    notice = session.get_one(Notice, claimed.notice.id, with_for_update=True)
    if error is None:
        if notice.state != "sent":  # also where somebody dropped it meanwhile: it is out
            notice.state, notice.sent_at, notice.error = "sent", now, ""
            _record(session, "notice sent", notice, now)
    elif (notice.state, notice.attempts) == ("waiting", claimed.attempt):
        _settle_error(session, notice, error, now)


def give_back(session: Session, claimed: Claimed, *, now: datetime) -> None:
    """It was not even tried."""
    notice = session.get_one(Notice, claimed.notice.id, with_for_update=True)
    if (notice.state, notice.attempts) == ("waiting", claimed.attempt):
        notice.attempts, notice.due_at = notice.attempts - 1, now


def _files(notice: Notice, text: str) -> dict[str, Any]:
    told = notice.facts.get(invitations.FACT)
    if not told:
        return {}
    said: dict[str, Any] = {"title": notice.title, "text": text, "at": notice.queued_at}
    return {"invitation": (told["method"], invitations.write(told, **said, to=notice.to))}


def _settle_error(session: Session, notice: Notice, error: NotSent, now: datetime) -> None:
    if error.is_final or (notice.attempts > len(BACKOFF) and not error.is_unreachable):
        _fail(session, notice, str(error), now)
        return
    notice.error = str(error)
    again = now + (UNREACHABLE if error.is_unreachable else _pause(notice))
    notice.due_at = min(again, notice.expires_at or again)
    notice.attempts -= error.is_unreachable


def _pause(notice: Notice) -> timedelta:
    """Spread by up to a fifth, the same each time: so that they do not all come back at once."""
    spread = zlib.crc32(f"{notice.key} {notice.attempts}".encode()) / 2**32
    return timedelta(seconds=BACKOFF[notice.attempts - 1] * (0.9 + 0.2 * spread))


def _fail(session: Session, notice: Notice, error: str, now: datetime) -> None:
    notice.state, notice.error = "failed", error[:2_000]
    _record(session, "notice failed", notice, now)
    if notice.fallbacks:
        _fall_back(session, notice, now)


def _fall_back(session: Session, notice: Notice, now: datetime) -> None:
    """The same to the same person by the next channel."""
    (channel, to), *others = notice.fallbacks
    rules = policy.read_rules(session)
    lasts = (rules.patience if others else rules.keeps)(_kind_of(notice), notice.is_urgent)
    stem = notice.key.removesuffix(f":{line_of(notice.channel, notice.to)}")
    row = notice.model_dump(include=set(_DEFAULTS) - {"attempts", "error", "state", "seen_by"})
    row |= notice.model_dump(include={"template", "facts"})
    row |= {"key": f"{stem}:{line_of(channel, to)}", "channel": channel, "to": to}
    row |= {"fallbacks": others, "due_at": now, "queued_at": now, "expires_at": now + lasts}
    add(session, [row | worded(rules.words, row)])


def _has_to_wait(rules: policy.Rules, notice: Notice, now: datetime) -> bool:
    if CHANNELS[notice.channel].is_inside or not (notice.person_id or notice.contact_id):
        return False
    goes = rules.may_go(_kind_of(notice), notice.is_urgent, now)
    if notice.expires_at:
        notice.expires_at += goes - now
    notice.due_at = max(goes, notice.due_at)
    return goes > now


def _kind_of(notice: Notice) -> str:
    return "customer" if notice.contact_id else "staff"


def _take(notice: Notice, now: datetime) -> Claimed:
    secret = links.make_secret() if links.SEEN in notice.text else None
    if secret:
        notice.seen_hash = links.hash_of(secret)
    since, notice.due_at = notice.due_at, now + LEASE
    notice.attempts += 1
    return Claimed(notice, secret, notice.attempts, since)


def _is_due(channel: str, now: datetime) -> ColumnElement[bool]:
    waits = (col(Notice.channel) == channel) & (col(Notice.state) == "waiting")
    return exists().where(waits, col(Notice.due_at) <= now)


def _record(session: Session, verb: str, notice: Notice, now: datetime) -> None:
    """Without the address: history is never erased."""
    if ":" not in notice.subject:
        return
    told = {"notice": notice.id, "channel": notice.channel, "template": notice.template}
    told |= {"person": notice.person_id} if notice.person_id else {}
    told |= {"contact": notice.contact_id} if notice.contact_id else {}
    told |= {"error": notice.error} if notice.state == "failed" else {}
    history.record(session, verb, subject=notice.subject, by="system", at=now, **told)
