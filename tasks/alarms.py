"""An alarm, from the first report to the ticket that takes it up.

One row for each object and cause while it is active; a repeat is counted on it. What is to be
acted on has `act_at` set; the edges take it from there (`due`) and bpmn.tickets opens a ticket or
lengthens one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import String, cast, literal, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from records import Alarm, Device
from tasks.refusals import Invalid

SEVERITIES = ("critical", "major", "minor", "warning", "indeterminate")  # X.733, without cleared
FUTURE = timedelta(minutes=10)  # how far a source's clock may be ahead of ours
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # what began before is a slip, or a clock not set
MOST = 1_000  # alarms in one batch


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

    @property
    def key(self) -> str:
        return f"{self.source}|{self.object}|{self.cause}"


def receive(session: Session, reports: Sequence[Report], *, now: datetime) -> int:
    """Keep what a source reported; how many were kept. Nothing is opened here."""
    check_reports(reports, now=now)
    for group in _runs_of_a_kind(reports):
        if group[0].is_clear:
            _clear(session, group)
        else:
            _raise(session, group, now)
    return len(reports)


def check_reports(reports: Sequence[Report], *, now: datetime) -> None:
    if not 0 < len(reports) <= MOST:
        raise Invalid(f"一批须有 1 到 {MOST} 条告警", f"A batch has 1 to {MOST} alarms")
    fields = [
        {"field": f"{place}.{name}", "zh": zh, "en": en}
        for place, report in enumerate(reports)
        for name, zh, en in _wrong(report, now)
    ]
    if fields:
        raise Invalid("请更正告警中的这些项", "Please correct these fields", fields=fields)


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
    devices = _devices(session, {report.object for report in reports})
    rows: dict[str, dict[str, Any]] = {}
    for report in reports:
        row = rows.get(report.key)
        if row is None:
            rows[report.key] = _row(report, devices.get(report.object), now)
        else:
            row["tally"] += 1
            row["last_at"] = max(row["last_at"], report.raised_at)
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = dialect.insert(Alarm).values([rows[key] for key in sorted(rows)])
    repeat = {
        "tally": Alarm.tally + new.excluded.tally,
        "last_at": new.excluded.last_at,
        "severity": new.excluded.severity,
        "act_at": new.excluded.act_at,
    }
    session.connection().execute(new.on_conflict_do_update(index_elements=["key"], set_=repeat))


def _clear(session: Session, reports: Sequence[Report]) -> None:
    """A clear ends the active alarm of its key and frees the key for the next one."""
    ended = literal("#") + cast(col(Alarm.id), String)
    for report in reports:
        session.connection().execute(
            update(Alarm)
            .where(col(Alarm.key) == report.key)
            .values(cleared_at=report.raised_at, key=Alarm.key + ended)
        )


def _row(report: Report, device_id: int | None, now: datetime) -> dict[str, Any]:
    return {
        "source": report.source,
        "key": report.key,
        "external_id": report.external_id,
        "object": report.object,
        "device_id": device_id,
        "cause": report.cause,
        "severity": report.severity,
        "text": report.text,
        "raised_at": report.raised_at,
        "last_at": report.raised_at,
        "received_at": now,
        "tally": 1,
        "counted": 0,
        "act_at": now,
        "raw": report.raw,
    }


def _devices(session: Session, objects: set[str]) -> dict[str, int]:
    """An object is a device, or a part of one: "DEVICE/port"."""
    codes = {name: name.split("/")[0] for name in objects}
    rows = select(Device.code, Device.id).where(col(Device.code).in_(set(codes.values())))
    ids = dict(session.exec(rows).all())
    return {name: ids[code] for name, code in codes.items() if code in ids}


def _runs_of_a_kind(reports: Iterable[Report]) -> Iterable[list[Report]]:
    """Raises and clears in their order, each stretch of one kind together."""
    group: list[Report] = []
    for report in reports:
        if group and group[0].is_clear != report.is_clear:
            yield group
            group = []
        group.append(report)
    if group:
        yield group


def _wrong(report: Report, now: datetime) -> Iterable[tuple[str, str, str]]:
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
