"""Sources of alarms: set up, watched, asked for what is missing. Called by the door, the parser
(through receipts.py) and the watchdog (workflows/receipts.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlmodel import Session, col, func, select

from records import AlarmSource, Person, Receipt, history
from records.alarm_sources import KINDS
from tasks import policies
from tasks.access.people import find_person, require
from tasks.network import source_gaps
from tasks.network.alarm_formats.reading import CHARSETS, Parsed
from tasks.network.sequences import follow_sequence, is_missing
from tasks.refusals import Forbidden, NotAllowed, NotFound, wrong

KEY = re.compile(r"[a-z][a-z0-9._-]{0,39}")
ADDRESS = re.compile(r"https?://[^\s/?#]+\S*")
MAY_CHANGE = (
    *("name", "name_en", "charset", "zone", "mapping", "devices"),
    *("heartbeat_seconds", "is_active", "sender", "resync_url", "resync_token"),
)
ASKED = ("alertmanager", "tmf642", "omc")  # kinds that can tell all they have: resync.py
MAPPED = ("snmp", "syslog")  # kinds whose mappings are policies of that name
PATIENCE = 3  # heartbeats that may be missing before a source counts as silent
SKEWS = 50  # of how many alarms the skew is the median
GROUPS = 100  # whose truncation is remembered
DAY = timedelta(days=1)
BY_US = "resync:"  # how the key of a receipt begins that we asked for


@dataclass(frozen=True)
class Health:
    """How a source is doing now."""

    state: str  # ok, silent, new (nothing came yet), off
    last_seen_at: datetime | None
    waiting: int
    lag_seconds: float  # how long the oldest waits; of none, how long the last one waited
    rejected_day: int  # in the last 24 hours


def find_source(session: Session, key: str) -> AlarmSource:
    found = session.exec(select(AlarmSource).where(AlarmSource.key == key)).first()
    if found is None:
        raise NotFound(
            f"没有告警源“{key}”,请管理员先建立",
            f"There is no source of alarms “{key}”: an administrator sets it up",
        )
    return found


def put(
    session: Session, key: str, kind: str, told: dict[str, Any], *, by: Person, now: datetime
) -> AlarmSource:
    """Set up a source, or change what is in MAY_CHANGE. Its kind stays."""
    require(by, "alarm-sources:administer")
    source = session.exec(select(AlarmSource).where(AlarmSource.key == key)).first()
    _check(session, key, kind, told, source)
    values = {name: value for name, value in told.items() if name != "sender"}
    if "sender" in told:
        sender = told["sender"]
        values["person_id"] = find_person(session, sender).id if sender else None
    if "resync_url" in told:
        values |= {"resync_at": now if told["resync_url"] else None, "resync_failures": 0}
    verb = "changed" if source else "created"
    source = source or AlarmSource(key=key, kind=kind, created_at=now, name="")
    for name, value in values.items():
        setattr(source, name, value)
    session.add(source)
    session.flush()
    subject = f"alarm source:{key}"
    shown = told | ({"resync_token": "…"} if told.get("resync_token") else {})
    history.record(session, verb, subject=subject, by=by.login, at=now, kind=kind, **shown)
    return source


def require_sender(source: AlarmSource, by: Person) -> None:
    require(by, "alarms:send")
    if source.person_id not in (None, by.id):
        raise Forbidden(
            f"告警源“{source.key}”只收它自己的账号,请换用它的令牌",
            f"“{source.key}” takes only what its own account sends: use its token",
        )
    if not source.is_active:
        raise NotAllowed(
            f"告警源“{source.key}”已停用,请找管理员启用",
            f"“{source.key}” is switched off: ask an administrator",
        )


def note(
    session: Session,
    source: AlarmSource,
    told: Sequence[tuple[Receipt, Parsed]],
    *,
    now: datetime,
) -> None:
    """What these deliveries, in their order, tell of the source itself."""
    was_wanted = source.resync == "wanted"
    source.receipts += len(told)
    source.alarms += sum(len(parsed.reports) for _, parsed in told)
    source.rejected += sum(parsed.refusal is not None for _, parsed in told)
    seen = [receipt.received_at for receipt, _ in told if not receipt.key.startswith(BY_US)]
    if seen:
        source.last_seen_at = max(source.last_seen_at or seen[0], *seen)
    source.lag_seconds = (now - told[0][0].received_at).total_seconds()
    skews = [seconds for _, parsed in told for seconds in parsed.skews]
    source.skews = [*source.skews, *skews][-SKEWS:]
    source.skew_seconds = median(source.skews) if source.skews else None
    for receipt, parsed in told:
        _note_gaps(source, parsed, receipt.replays > 0 or receipt.is_complete, now)
    if source.resync == "wanted" and not was_wanted:
        source.resync_at = now
    session.add(source)


def health(session: Session, source: AlarmSource, *, now: datetime) -> Health:
    mine = col(Receipt.source_id) == source.id
    waits = select(func.count(), func.min(Receipt.received_at))
    waiting, oldest = session.exec(waits.where(mine, Receipt.state == "waiting")).one()
    rejected = select(func.count()).select_from(Receipt).where(mine, Receipt.state == "rejected")
    seen = last_seen(session, source)
    return Health(
        state=_state(source, seen, now),
        last_seen_at=seen,
        waiting=waiting,
        lag_seconds=(now - oldest).total_seconds() if oldest else source.lag_seconds,
        rejected_day=session.exec(rejected.where(col(Receipt.received_at) >= now - DAY)).one(),
    )


def last_seen(session: Session, source: AlarmSource) -> datetime | None:
    """When something last came, be it read or not; what we asked for is no sign of life."""
    last = select(Receipt.received_at).where(
        Receipt.source_id == source.id, col(Receipt.key).not_like(f"{BY_US}%")
    )
    return session.exec(last.order_by(col(Receipt.id).desc()).limit(1)).first() or (
        source.last_seen_at
    )


def is_silent(source: AlarmSource, seen: datetime | None, now: datetime) -> bool:
    """No sign of life for three heartbeats; one that never gave any is new, from its setting up."""
    if not source.is_active or not source.heartbeat_seconds:
        return False
    patience = timedelta(seconds=PATIENCE * source.heartbeat_seconds)
    return now - (seen or source.created_at) > patience


def missing(source: AlarmSource) -> list[list[int]]:
    """The numbers that never came, for the source to send again: [[from, to]]."""
    return source.gaps.get("sequence", [])  # type: ignore[no-any-return]


def check_charset(charset: str) -> None:
    if charset not in CHARSETS:
        known = ", ".join(CHARSETS)
        raise wrong("charset", f"字符集须为 {known} 之一", f"The charset is one of {known}")


def _state(source: AlarmSource, seen: datetime | None, now: datetime) -> str:
    if not source.is_active:
        return "off"
    if is_silent(source, seen, now):
        return "silent"
    return "ok" if seen else "new"


def _note_gaps(source: AlarmSource, parsed: Parsed, is_replay: bool, now: datetime) -> None:
    """What is replayed came long ago: it fills gaps, and makes none."""
    ranges, cut = missing(source), dict(source.gaps.get("truncated", {}))
    numbers = [n for n in parsed.sequences if not is_replay or is_missing(ranges, n)]
    source.last_sequence, ranges = follow_sequence(source.last_sequence, ranges, numbers)
    for sign in parsed.signs:
        if sign.what == "missing" and sign.tally:
            cut[sign.group[:200]] = sign.tally
        elif sign.what == "missing":
            cut.pop(sign.group[:200], None)
        elif sign.what == "resync over":
            ranges, cut = [], {}
    cut = dict(list(cut.items())[-GROUPS:])
    told = {"sequence": ranges, "truncated": cut}
    source_gaps.keep(source, {name: value for name, value in told.items() if value}, now)
    source.resync = _resync(source, parsed)


def _resync(source: AlarmSource, parsed: Parsed) -> str:
    """Wanted while something is missing; running from when the source says so until it is over."""
    said = [sign.what for sign in parsed.signs if sign.what.startswith("resync")]
    if said and said[-1] != "resync over":
        return said[-1].removeprefix("resync ")
    if source.resync_url and not said:  # only a list of all ends that
        return "wanted" if source.gaps and not source.resync else source.resync
    if source.gaps:
        return "running" if source.resync == "running" and not said else "wanted"
    return "" if said or source.resync == "wanted" else source.resync


def _check(
    session: Session, key: str, kind: str, told: dict[str, Any], source: AlarmSource | None
) -> None:
    if not KEY.fullmatch(key):
        zh = "键须为 1 至 40 个小写字母、数字、点、横线,以字母开头"
        raise wrong("key", zh, "A key is 1 to 40 lower-case letters, digits, . _ - from a letter")
    if kind not in KINDS or (source and source.kind != kind):
        known = source.kind if source else ", ".join(KINDS)
        raise wrong("kind", f"种类应为 {known}", f"The kind is {known}")
    if unknown := set(told) - set(MAY_CHANGE):
        raise wrong(min(unknown), "这一项不能改", "This cannot be changed")
    if not told.get("name", source.name if source else "").strip():
        raise wrong("name", "请填名称", "Give a name")
    check_charset(told.get("charset", "utf-8"))
    if not _is_zone(told.get("zone", "UTC")):
        raise wrong("zone", "没有这个时区,如 Asia/Shanghai", "No such zone; as Asia/Shanghai")
    _check_mapping(session, kind, told.get("mapping", ""))
    _check_address(kind, told.get("resync_url", ""))
    seconds = told.get("heartbeat_seconds")
    if seconds is not None and not 1 <= seconds <= 86_400:
        raise wrong("heartbeat_seconds", "须为 1 至 86400 秒", "is 1 to 86400 seconds")


def _check_mapping(session: Session, kind: str, mapping: str) -> None:
    known = policies.current(session, kind).content if mapping and kind in MAPPED else ()
    if mapping and mapping not in known:
        some = ", ".join(known) or "-"
        raise wrong("mapping", f"没有这种映射,可用:{some}", f"No such mapping: there are {some}")


def _check_address(kind: str, url: str) -> None:
    if url and kind not in ASKED:
        some = ", ".join(ASKED)
        raise wrong("resync_url", f"只有 {some} 可以同步", f"Only {some} can be asked")
    if url and not ADDRESS.fullmatch(url):
        raise wrong("resync_url", "须为 http 或 https 地址", "is an address of http or https")


def _is_zone(zone: str) -> bool:
    return zone in available_timezones() and bool(ZoneInfo(zone))
