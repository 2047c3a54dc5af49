"""Resync (同步): asking a source for all that is active with it, and setting right what differs.

When to ask, and what to make of the list. workflows/resync.py asks, outside of any transaction; the
list is a receipt (`is_complete`), and once it is read receipts.py calls `reconcile`. A sender may
as well deliver one by itself.

    "" ──gap, back from silence, restart, by hand──▶ wanted ──▶ running ──▶ ""
     └───────── each hour, for what was lost unseen ──────────────▲
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, update
from sqlmodel import Session, col, or_, select

from records import Alarm, AlarmSource, Person, Receipt, history
from tasks.access.people import require
from tasks.network import alarm_rules, alarms, source_gaps
from tasks.network.alarm_formats.reading import Parsed
from tasks.network.alarms import Report
from tasks.refusals import NotAllowed

EVERY = timedelta(hours=1)
CONFIRM = timedelta(minutes=5)  # a source that has just started lists nothing for a while
LEASE = timedelta(minutes=3)  # what whoever asks gets for it
SHOWN = 20  # alarms that history names
BATON = "baton"
_ACTIVE = select(
    *(Alarm.id, Alarm.key, Alarm.object, Alarm.cause, Alarm.external_id),  # type: ignore[call-overload]
    *(Alarm.received_at, Alarm.last_at, Alarm.missing_at),
).where(col(Alarm.source) == bindparam("of"), col(Alarm.cleared_at).is_(None))


@dataclass(frozen=True)
class Asked:
    """A source that is being asked."""

    key: str
    url: str
    token: str


def want(session: Session, source: AlarmSource, *, why: str, by: str, now: datetime) -> None:
    """Ask it at the next turn, if it can be asked. `why`: silence, restart, hand."""
    if source.resync_url and source.is_active:
        source.resync, source.resync_at, source.resync_failures = "wanted", now, 0
        _record(session, source, "resync wanted", by, now, why=why)


def want_by_hand(session: Session, source: AlarmSource, *, by: Person, now: datetime) -> None:
    require(by, "alarms:replay")
    if not source.resync_url or not source.is_active:
        raise NotAllowed(
            f"告警源“{source.key}”没有同步地址或已停用:请填 resync_url,"
            "或请它带 complete=true 上送全部活动告警",
            f"“{source.key}” has no resync_url, or is switched off: give it one, or have it send "
            "all that is active with complete=true",
        )
    want(session, source, why="hand", by=by.login, now=now)


def want_all(session: Session, *, now: datetime) -> None:
    """Baton was away: nobody knows for how long, and what came meanwhile."""
    for source in session.exec(select(AlarmSource).where(AlarmSource.resync_url != "")):
        want(session, source, why="restart", by=BATON, now=now)


def due(session: Session, *, now: datetime) -> list[int]:
    """Sources to ask now."""
    at = col(AlarmSource.resync_at)
    rows = select(AlarmSource.id).where(
        col(AlarmSource.is_active), AlarmSource.resync_url != "", or_(at.is_(None), at <= now)
    )
    return list(session.exec(rows.order_by(at, col(AlarmSource.id))))


def begin(source: AlarmSource, *, now: datetime) -> Asked | None:
    """None where it need not be asked any more. Who dies over it is followed by another."""
    if not source.is_active or not source.resync_url or (source.resync_at or now) > now:
        return None
    source.resync, source.resync_at = "running", now + LEASE
    return Asked(source.key, source.resync_url, source.resync_token)


def fail(session: Session, source: AlarmSource, error: str, *, now: datetime) -> None:
    """It told nothing. It is asked again, after pauses that double; history has what was new."""
    if error != source.resync_error:
        _record(session, source, "resync failed", BATON, now, error=error)
    pause = alarm_rules.current(session).pause_before_asking(source.resync_failures)
    source.resync_failures += 1
    source.resync, source.resync_at, source.resync_error = "wanted", now + pause, error


def reconcile(
    session: Session, source: AlarmSource, receipt: Receipt, parsed: Parsed, *, now: datetime
) -> None:
    """Take this list for the truth at the time when it was asked for.

    What it lists is active, also where we took it for over. What it lacks, though we heard of it
    before, is over once a second list, CONFIRM later, lacks it too: since the first of them.
    """
    asked = receipt.received_at
    if source.synced_at and asked <= source.synced_at:  # replayed; a newer one has been read
        _receive(session, parsed.reports, now)
        return
    active = {row.key: row for row in session.execute(_ACTIVE, {"of": source.key})}
    news = list(_news(session, parsed.reports, active, asked))
    _receive(session, news, now)
    if parsed.refusal:  # a list with a hole in it says nothing of what it lacks
        error = f"receipt {receipt.id}: {parsed.refusal[1]}"[:500]
        source.resync, source.resync_error = "wanted", error
        source.resync_at = now + EVERY
        return
    missing, ended = _end_missing(session, source, parsed, active, receipt, now)
    told = {"listed": len(parsed.reports), "raised": [one.key for one in news if not one.is_clear]}
    _note(session, source, asked, told | {"missing": missing, "ended": ended}, now)


def _news(
    session: Session, reports: Sequence[Report], active: Mapping[str, Row[Any]], asked: datetime
) -> Iterator[Report]:
    """What is not active here as told. What we took for over is not: it is active again."""
    unknown = [one.key for one in reports if one.key not in active and not one.is_clear]
    over = _over(session, unknown)
    for report in reports:
        row, ended = active.get(report.key), over.get(report.key)
        if row and not report.is_clear and report.raised_at <= row.last_at:
            continue
        if ended and report.raised_at <= ended <= asked:
            raw = {**report.raw, "told_at": report.raised_at.isoformat()}
            report = replace(report, raised_at=asked, raw=raw)
        yield report


def _over(session: Session, keys: Sequence[str]) -> dict[str, datetime]:
    """When the last alarm of each key ended."""
    found: dict[str, datetime] = {}
    for part in _parts(keys):
        rows = select(Alarm.ended_key, func.max(Alarm.cleared_at))
        mine = rows.where(col(Alarm.ended_key).in_(part)).group_by(col(Alarm.ended_key))
        found |= {key: at for key, at in session.execute(mine) if key and at}
    return found


def _end_missing(
    session: Session,
    source: AlarmSource,
    parsed: Parsed,
    active: Mapping[str, Row[Any]],
    receipt: Receipt,
    now: datetime,
) -> tuple[list[str], list[str]]:
    """The keys that are missing for the first time, and those that are over."""
    asked, listed = receipt.received_at, _listed(source, parsed)
    back = [row.id for row in active.values() if row.missing_at and row.key in listed]
    gone = [row for row in active.values() if row.key not in listed and _was_told(row, asked)]
    over = [row for row in gone if _is_confirmed(row, asked)]
    new = [row for row in gone if not row.missing_at or row.last_at > row.missing_at]
    _mark(session, back, None)
    _mark(session, [row.id for row in new], asked)
    _receive(session, [_clear(source, row, receipt) for row in over], now)
    return [row.key for row in new], [row.key for row in over]


def _listed(source: AlarmSource, parsed: Parsed) -> set[str]:
    """With what its own operators have silenced there: it is active all the same."""
    there = {f"{source.key}|#{one.group}" for one in parsed.signs if one.what == "there"}
    return there | {report.key for report in parsed.reports if not report.is_clear}


def _was_told(row: Row[Any], asked: datetime) -> bool:
    """Before the list was asked for; what came while it was made may not be in it."""
    return bool(row.received_at < asked and row.last_at < asked)


def _is_confirmed(row: Row[Any], asked: datetime) -> bool:
    since = row.missing_at
    return bool(since and row.last_at <= since and since + CONFIRM <= asked)


def _clear(source: AlarmSource, row: Row[Any], receipt: Receipt) -> Report:
    return Report(
        source=source.key,
        object=row.object,
        cause=row.cause,
        external_id=row.external_id,
        raised_at=row.missing_at,
        is_clear=True,
        receipt_id=receipt.id,
    )


def _mark(session: Session, ids: Sequence[int], since: datetime | None) -> None:
    for part in _parts(ids):
        mine = update(Alarm).where(col(Alarm.id).in_(part))
        session.connection().execute(mine.values(missing_at=since))


def _note(
    session: Session,
    source: AlarmSource,
    asked: datetime,
    told: Mapping[str, Any],
    now: datetime,
) -> None:
    wait = CONFIRM if told["missing"] else EVERY
    was_wanted = source.resync != "" or bool(source.gaps)
    source_gaps.keep(source, {}, now)
    source.resync, source.resync_error, source.resync_failures = "", "", 0
    source.synced_at, source.resync_at = asked, asked + wait if source.resync_url else None
    if was_wanted or told["raised"] or told["missing"] or told["ended"]:
        counts = {name: n if isinstance(n, int) else len(n) for name, n in told.items()}
        some = {name: told[name][:SHOWN] for name in ("raised", "missing", "ended") if told[name]}
        _record(session, source, "resynced", BATON, now, **counts, keys=some)


def _receive(session: Session, reports: Sequence[Report], now: datetime) -> None:
    for part in _parts(reports):
        alarms.receive(session, part, now=now)


def _parts(given: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (given[start : start + alarms.MOST] for start in range(0, len(given), alarms.MOST))


def _record(
    session: Session, source: AlarmSource, verb: str, by: str, now: datetime, **told: Any
) -> None:
    subject = f"alarm source:{source.key}"
    history.record(session, verb, subject=subject, by=by, at=now, **told)
