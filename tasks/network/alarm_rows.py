"""How alarms are written, by the thousand: each verb is one or two statements however many there
are. Called by alarms.py and flapping.py, which say what is to be written. One alone has a way of
its own: alarm_quickly.py.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from records import Alarm, Device
from records.columns import UtcDateTime
from records.prepared import Prepared
from tasks.network.alarm_reports import EARLIEST, SEVERITIES, Report
from tasks.network.alarm_rules import Rules

PRECISION = timedelta(seconds=1)  # some tell the raise to the millisecond, the clear to the second


@dataclass
class Past:
    """What is over of one key: when the last one ended, and those that were raised lately."""

    over_at: datetime = EARLIEST
    raises: list[datetime] = field(default_factory=list)
    id: int = 0  # of the last that was raised
    ended_at: datetime = EARLIEST  # when that one ended
    is_flapping: bool = False


def past_of(session: Session, reports: Sequence[Report], lately: timedelta) -> dict[str, Past]:
    """For keys of which an alarm ended within `lately` of the first of these reports, or after."""
    keys = {report.key for report in reports}
    since = min(report.raised_at for report in reports) - lately
    found: dict[str, Past] = {}
    for key, id, raised_at, cleared_at, tally, is_flapping in session.connection().execute(
        _PAST, {"keys": list(keys), "since": since}
    ):
        past = found.setdefault(key, Past())
        past.over_at = cleared_at
        if tally:
            past.raises.append(raised_at)
            past.id, past.ended_at, past.is_flapping = id, cleared_at, is_flapping
    return found


def upsert(
    session: Session, reports: Sequence[Report], flapping: Set[str], rules: Rules, now: datetime
) -> None:
    """Insert new alarms, count repeats."""
    rows: dict[str, dict[str, Any]] = {}
    for report in reports:
        row = rows.get(report.key)
        if row is None:
            row = rows[report.key] = row_of(report, rules, now)
            row["is_flapping"] = report.key in flapping
        elif not report.receipt_id or report.raised_at > row["last_at"]:
            row["tally"] += 1
            row["last_at"] = max(row["last_at"], report.raised_at)
            row["severity"] = report.severity
    if rows:
        told = [rows[key] for key in sorted(rows)]
        _UPSERT.run(session.connection(), told)


def clear(
    session: Session, reports: Sequence[Report], past: Mapping[str, Past], now: datetime
) -> None:
    """A clear ends the active alarm of its key and frees the key for the next one.

    One that comes before its raise is kept, for that to find; one that is older than the last
    report of the active alarm was for an earlier one.
    """
    latest = {report.key: report for report in reports}
    rows = session.execute(_ACTIVE, {"keys": list(latest)})
    found = {key: told for key, *told in rows}
    ended, alone = [], []
    for key, report in latest.items():
        id, last_at, raised_at, is_flapping = found.get(key, (0, None, EARLIEST, False))
        if last_at and last_at <= report.raised_at + PRECISION:
            ended.append({"of": id, "at": report.raised_at, "was": key})
        elif is_flapping and raised_at <= report.raised_at:
            pass  # one of its ends, long ago
        elif key not in past or past[key].over_at < report.raised_at:
            alone.append(report)
    if ended:
        session.connection().execute(_END, ended)
    if alone:
        _keep_alone(session, alone, now)


def reopen(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.connection().execute(_REOPEN, rows)


def pair_late(session: Session, reports: Sequence[Report]) -> None:
    """Raises that come after their clears: they begin what is over, and open nothing."""
    rows = [
        {"was": one.key, "at": one.raised_at, "so": one.severity, "told": one.text}
        for one in reports
    ]
    if rows:
        session.connection().execute(_BEGIN, rows)


def row_of(report: Report, rules: Rules | None, now: datetime) -> dict[str, Any]:
    """Without rules nobody ever acts on it. An object is a device or a part of one: DEVICE/port."""
    return {
        "source": report.source,
        "key": report.key,
        "external_id": report.external_id,
        "object": report.object,
        "device": report.object.partition("/")[0],
        "cause": report.cause,
        "severity": report.severity,
        "alarm_type": report.alarm_type,
        "specific_problem": report.specific_problem,
        "text": report.text,
        "raised_at": report.raised_at,
        "last_at": report.raised_at,
        "received_at": now,
        "tally": 1,
        "counted": 0,
        "act_at": now + rules.hold_off(report.cause) if rules else None,
        "is_flapping": False,
        "raw": report.raw,
        "receipt_id": report.receipt_id,
    }


def on_repeat(new: Any) -> Any:
    """What a delivery repeats, to the second, was told before: it is not counted again.

    A repeat makes nothing due, unless it is worse than before; then whoever acknowledged it has not
    seen this yet (X.733). Its ticket hears of it in time (`stirred_at`), with all others.
    """
    got = new.excluded
    is_sooner = or_(col(Alarm.act_at).is_(None), col(Alarm.act_at) > got.act_at)
    is_worse = _rank(got.severity) < _rank(col(Alarm.severity))
    is_news_to_ticket = and_(col(Alarm.ticket_id).is_not(None), col(Alarm.stirred_at).is_(None))
    lapses = and_(is_worse, col(Alarm.acknowledged_at).is_not(None))
    repeat = {
        "tally": Alarm.tally + got.tally,
        "last_at": got.last_at,
        "severity": got.severity,
        "act_at": case((and_(is_worse, is_sooner, ~_IS_HELD), got.act_at), else_=Alarm.act_at),
        "acknowledged_at": case((is_worse, None), else_=Alarm.acknowledged_at),
        "lapsed_at": case((lapses, got.received_at), else_=Alarm.lapsed_at),
        "stirred_at": case((is_news_to_ticket, got.received_at), else_=Alarm.stirred_at),
    }
    is_news = got.receipt_id.is_(None) | (got.last_at > Alarm.last_at)
    return new.on_conflict_do_update(index_elements=["key"], set_=repeat, where=is_news)


def _keep_alone(session: Session, reports: Sequence[Report], now: datetime) -> None:
    rows = [
        row_of(report, None, now)
        | {"key": f"{report.key}#{report.raised_at.isoformat()}", "ended_key": report.key}
        | {"cleared_at": report.raised_at, "tally": 0}
        for report in reports
    ]
    _KEEP.run(session.connection(), rows)


def _columns(*names: str) -> list[Any]:
    return [getattr(Alarm, name) for name in names]


def _insert(dialect: Any) -> Any:
    return dialect.insert(Alarm).values(device_id=DEVICE)


def _rank(severity: Any) -> Any:
    """Written out, as each of so many parameters costs as much as looking up a row."""
    ranks: dict[Any, int] = {
        literal_column(f"'{name}'"): rank for rank, name in enumerate(SEVERITIES)
    }
    return case(
        *((severity == name, literal_column(str(rank))) for name, rank in ranks.items()),
        else_=literal_column("9"),
    )


_NAMED = bindparam("device", type_=String)
DEVICE = func.coalesce(  # a device is its code, or its name where only one has that
    select(col(Device.id)).where(col(Device.code) == _NAMED).scalar_subquery(),
    select(func.min(col(Device.id)))
    .where(col(Device.name) == _NAMED)
    .group_by(col(Device.name))
    .having(func.count() == 1)
    .scalar_subquery(),
)
_IS_HELD = or_(col(Alarm.shelved_until).is_not(None), col(Alarm.planned_work_id).is_not(None))
_IS_TAKEN = or_(col(Alarm.ticket_id).is_not(None), col(Alarm.group_id).is_not(None))
# Built once, as alarms come by the thousand; writing one with all rows in it took half of the time.
_UPSERT = Prepared(lambda dialect: on_repeat(_insert(dialect)))
_KEEP = Prepared(lambda dialect: _insert(dialect).on_conflict_do_nothing())
_ACTIVE = (
    select(*_columns("key", "id", "last_at", "raised_at", "is_flapping"))
    .where(col(Alarm.key).in_(bindparam("keys", expanding=True)))
    .order_by(col(Alarm.key))
    .with_for_update()
)
_PAST = (
    select(*_columns("ended_key", "id", "raised_at", "cleared_at", "tally", "is_flapping"))
    .where(
        col(Alarm.ended_key).in_(bindparam("keys", expanding=True)),
        col(Alarm.cleared_at) >= bindparam("since"),
    )
    .order_by(col(Alarm.cleared_at), col(Alarm.id))
)
_END = (  # within its hold-off nothing is to be done any more; of one that flaps there is
    update(Alarm)
    .where(col(Alarm.id) == bindparam("of"))
    .values(
        cleared_at=bindparam("at"),
        ended_key=bindparam("was"),
        key=Alarm.key + literal("#") + cast(col(Alarm.id), String),
        act_at=case((and_(col(Alarm.is_flapping), ~_IS_TAKEN), Alarm.act_at), else_=None),
    )
)
_OTHER = aliased(Alarm)
_REOPEN = (
    update(Alarm)
    .where(
        col(Alarm.id) == bindparam("of"),
        col(Alarm.ended_key) == bindparam("was"),
        ~exists().where(col(_OTHER.key) == bindparam("was")),
    )
    .values(
        key=bindparam("was"),
        ended_key=None,
        cleared_at=None,
        tally=Alarm.tally + bindparam("more"),
        last_at=bindparam("at"),
        act_at=case(
            (_IS_HELD, None),
            (_IS_TAKEN, bindparam("again", type_=UtcDateTime)),
            else_=func.coalesce(Alarm.act_at, bindparam("first", type_=UtcDateTime)),
        ),
    )
)
_BEGIN = (
    update(Alarm)
    .where(
        col(Alarm.ended_key) == bindparam("was"),
        col(Alarm.cleared_at) > bindparam("at"),
        col(Alarm.tally) == 0,
    )
    .values(raised_at=bindparam("at"), severity=bindparam("so"), text=bindparam("told"), tally=1)
)
