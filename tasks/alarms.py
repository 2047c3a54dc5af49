"""An alarm, from the first report to the ticket that takes it up.

One row for each object and cause while it is active; a repeat is counted on it. What is to be
acted on has `act_at` set; the edges take it from there (`due`) and bpmn.tickets opens a ticket or
lengthens one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import String, bindparam, cast, func, literal, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from records import Alarm, Device
from tasks.refusals import Invalid

SEVERITIES = ("critical", "major", "minor", "warning", "indeterminate")  # X.733, without cleared
FUTURE = timedelta(minutes=10)  # how far a source's clock may be ahead of ours
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # what began before is a slip, or a clock not set
MOST = 1_000  # alarms in one batch
PRECISION = timedelta(seconds=1)  # some tell the raise to the millisecond, the clear to the second


@dataclass(frozen=True)
class Report:
    """What a source says: something is wrong with an object, or no longer."""

    source: str
    object: str
    cause: str
    raised_at: datetime
    is_clear: bool = False
    severity: str = "major"
    external_id: str = ""
    text: str = ""
    raw: dict[str, Any] = field(default_factory=dict)
    alarm_type: str = ""
    specific_problem: str = ""
    sequence: int | None = None  # the source's number of this message
    receipt_id: int | None = None  # the delivery that it came in, if it may come again

    @property
    def key(self) -> str:
        """The source's own id of the alarm; without one, what is wrong with which object."""
        if self.external_id:
            return f"{self.source}|#{self.external_id}"
        return f"{self.source}|{self.object}|{self.cause}"


def receive(session: Session, reports: Sequence[Report], *, now: datetime) -> int:
    """Keep what a source reported; how many were kept. Nothing is opened here."""
    check_reports(reports, now=now)
    for group in _in_turns(reports):
        if group[0].is_clear:
            _clear(session, group, now)
        else:
            _raise(session, group, now)
    return len(reports)


def check_reports(reports: Sequence[Report], *, now: datetime) -> None:
    if not 0 < len(reports) <= MOST:
        raise Invalid(f"一批须有 1 到 {MOST} 条告警", f"A batch has 1 to {MOST} alarms")
    fields = [
        {"field": f"{place}.{name}", "zh": zh, "en": en}
        for place, report in enumerate(reports)
        for name, zh, en in wrong_fields(report, now)
    ]
    if fields:
        raise Invalid("请更正告警中的这些项", "Please correct these fields", fields=fields)


def wrong_fields(report: Report, now: datetime) -> Iterable[tuple[str, str, str]]:
    """What could not be kept: field, Chinese, English."""
    for name in ("source", "object", "cause"):
        value = getattr(report, name)
        if not 0 < len(value.strip()) <= 200:
            yield name, "须有 1 到 200 个字", "must have 1 to 200 characters"
    if report.severity not in SEVERITIES:
        known = ", ".join(SEVERITIES)
        yield "severity", f"应为 {known} 之一", f"must be one of {known}"
    if report.raised_at > now + FUTURE:
        yield "raised_at", "时间在未来,请核对设备时钟", "is in the future: check the source's clock"
    if report.raised_at < EARLIEST:
        yield "raised_at", "时间过早,请核对设备时钟", "is too long ago: check the source's clock"
    if len(report.external_id) > 200:
        yield "external_id", "最多 200 个字", "has at most 200 characters"


def due(session: Session, *, now: datetime, limit: int = 200) -> list[int]:
    """Alarms to act on now, the longest waiting first."""
    waiting = select(Alarm.id).where(col(Alarm.act_at) <= now)
    return list(session.exec(waiting.order_by(col(Alarm.act_at), col(Alarm.id)).limit(limit)))


def settle(alarm: Alarm, ticket_id: int) -> int:
    """The alarm has been taken up by a ticket; how many reports of it are new to that."""
    new = alarm.tally - alarm.counted
    alarm.ticket_id, alarm.act_at, alarm.counted = ticket_id, None, alarm.tally
    return new


def _raise(session: Session, reports: Sequence[Report], now: datetime) -> None:
    """Insert new alarms, count repeats: one statement however many there are."""
    over = _over(session, reports)
    late = [report for report in reports if over.get(report.key, EARLIEST) > report.raised_at]
    _pair_late(session, late)
    devices = _devices(session, {report.object for report in reports})
    rows: dict[str, dict[str, Any]] = {}
    for report in reports:
        row = rows.get(report.key)
        if over.get(report.key, EARLIEST) > report.raised_at:
            continue
        elif row is None:
            rows[report.key] = _row(report, devices.get(report.object), now)
        elif not report.receipt_id or report.raised_at > row["last_at"]:
            row["tally"] += 1
            row["last_at"] = max(row["last_at"], report.raised_at)
    if rows:
        told = [rows[key] for key in sorted(rows)]
        session.connection().execute(_UPSERT[session.get_bind().dialect.name], told)


def _clear(session: Session, reports: Sequence[Report], now: datetime) -> None:
    """A clear ends the active alarm of its key and frees the key for the next one.

    One that comes before its raise is kept, for that to find; one that is older than the last
    report of the active alarm was for an earlier one.
    """
    over, latest = _over(session, reports), {report.key: report for report in reports}
    active = select(Alarm.key, Alarm.id, Alarm.last_at).where(col(Alarm.key).in_(latest))
    found = {
        key: told
        for key, *told in session.execute(active.order_by(col(Alarm.key)).with_for_update())
    }
    ended, alone = [], []
    for key, report in latest.items():
        if key in found and found[key][1] <= report.raised_at + PRECISION:
            ended.append({"of": found[key][0], "at": report.raised_at, "was": key})
        elif over.get(key, EARLIEST) < report.raised_at:
            alone.append(report)
    if ended:
        session.connection().execute(_END, ended)
    if alone:
        _keep_alone(session, alone, now)


def _keep_alone(session: Session, reports: Sequence[Report], now: datetime) -> None:
    devices = _devices(session, {report.object for report in reports})
    rows = [
        _row(report, devices.get(report.object), now)
        | {"key": f"{report.key}#{report.raised_at.isoformat()}", "ended_key": report.key}
        | {"cleared_at": report.raised_at, "tally": 0, "act_at": None}
        for report in reports
    ]
    session.connection().execute(_KEEP[session.get_bind().dialect.name], rows)


def _over(session: Session, reports: Sequence[Report]) -> dict[str, datetime]:
    """For keys of which an alarm ended after the first of these reports: when the last one did."""
    keys = {report.key for report in reports}
    since = min(report.raised_at for report in reports)
    rows = select(Alarm.ended_key, func.max(Alarm.cleared_at)).where(
        col(Alarm.ended_key).in_(keys), col(Alarm.cleared_at) >= since
    )
    found = session.execute(rows.group_by(col(Alarm.ended_key)))
    return {key: at for key, at in found if key and at}


def _pair_late(session: Session, reports: Sequence[Report]) -> None:
    """Raises that come after their clears: they begin what is over, and open nothing."""
    rows = [
        {"was": one.key, "at": one.raised_at, "so": one.severity, "told": one.text}
        for one in reports
    ]
    if rows:
        session.connection().execute(_BEGIN, rows)


def _row(report: Report, device_id: int | None, now: datetime) -> dict[str, Any]:
    return {
        "source": report.source,
        "key": report.key,
        "external_id": report.external_id,
        "object": report.object,
        "device_id": device_id,
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
        "act_at": now,
        "raw": report.raw,
        "receipt_id": report.receipt_id,
    }


def _devices(session: Session, objects: set[str]) -> dict[str, int]:
    """An object is a device, or a part of one: "DEVICE/port". A device is its code, or its name
    where only one has that."""
    codes = {name: name.split("/")[0] for name in objects}
    rows = select(Device.code, Device.id).where(col(Device.code).in_(set(codes.values())))
    ids = dict(session.exec(rows).all())
    unknown = set(codes.values()) - ids.keys()
    if unknown:
        named = select(Device.name, func.min(Device.id)).where(col(Device.name).in_(unknown))
        one = named.group_by(Device.name).having(func.count() == 1)
        ids.update(dict(session.execute(one).all()))  # type: ignore[arg-type]
    return {name: ids[code] for name, code in codes.items() if code in ids}


def _in_turns(reports: Iterable[Report]) -> Iterable[list[Report]]:
    """Raises and clears of one key in their order; what is of several keys together."""
    turns: dict[tuple[int, bool], list[Report]] = {}
    at: dict[str, tuple[int, bool]] = {}
    for report in reports:
        turn, was_clear = at.get(report.key, (0, report.is_clear))
        place = turn + (was_clear != report.is_clear), report.is_clear
        at[report.key] = place
        turns.setdefault(place, []).append(report)
    return (turns[place] for place in sorted(turns))


def _upsert(dialect: Any) -> Any:
    """What a delivery repeats, to the second, was told before: it is not counted again."""
    new = dialect.insert(Alarm)
    repeat = {
        "tally": Alarm.tally + new.excluded.tally,
        "last_at": new.excluded.last_at,
        "severity": new.excluded.severity,
        "act_at": new.excluded.act_at,
    }
    is_news = new.excluded.receipt_id.is_(None) | (new.excluded.last_at > Alarm.last_at)
    return new.on_conflict_do_update(index_elements=["key"], set_=repeat, where=is_news)


# Built once, as alarms come by the thousand; writing one with all rows in it took half of the time.
_DIALECTS = {"postgresql": postgresql, "sqlite": sqlite}
_UPSERT = {name: _upsert(dialect) for name, dialect in _DIALECTS.items()}
_KEEP = {name: one.insert(Alarm).on_conflict_do_nothing() for name, one in _DIALECTS.items()}
_END = (
    update(Alarm)
    .where(col(Alarm.id) == bindparam("of"))
    .values(
        cleared_at=bindparam("at"),
        ended_key=bindparam("was"),
        key=Alarm.key + literal("#") + cast(col(Alarm.id), String),
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
