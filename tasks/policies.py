"""Policies: what an owner edits as data, outside any diagram, in versions that never change.

What came with Baton is in policies/*.json, or with the notices; a database without a version has it
as number 0. What a policy must be: policy_checks.py. Called by whatever works by one, by the doors,
at start.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import orjson
from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from notifications import policy as notice_policy
from notifications.words import shipped_words
from records import AlarmSource, Person, Policy, history
from records import policies as stored
from records.policies import Policed
from tasks.access.people import require
from tasks.faults.tickets import require_reason
from tasks.findings import Finding
from tasks.policy_checks import check_alone, check_beside
from tasks.refusals import Invalid, NotFound

Check = Callable[[Session, str, Any], Sequence[Finding]]
SHIPPED = Path(__file__).parent / "policies"
BY_BATON = "system"  # who publishes what came with Baton
WITH_NOTICES: dict[str, Callable[[], Mapping[str, Any]]] = {  # as they are, until an owner has some
    "notices": notice_policy.shipped,
    "words": shipped_words,
}
_VERSION = select(Policy).where(
    col(Policy.key) == bindparam("key"), col(Policy.number) == bindparam("number")
)


def current(session: Session, key: str) -> Policed:
    """What counts for what begins now."""
    _require_key(key)
    return load(session, key, _last(session, key))


def load(session: Session, key: str, number: int) -> Policed:
    """One version; read once in each process."""
    _require_key(key)
    if number == 0:
        return _as_shipped(key)
    return stored.load(session, key, number) or _no_version(key, number)


def versions(session: Session, key: str) -> list[Policy]:
    """Those that were published, the newest first."""
    _require_key(key)
    mine = select(Policy).where(col(Policy.key) == key).order_by(col(Policy.number).desc())
    return list(session.execute(mine).scalars())


def publish(
    session: Session,
    key: str,
    content: Mapping[str, Any],
    *,
    reason: str,
    by: Person,
    now: datetime,
    check: Check | None = None,
) -> Policy:
    """A new version, if `check` (find_wrong) finds nothing. The same content again is the same."""
    require(by, "policies:publish")
    _require_key(key)
    _refuse((check or find_wrong)(session, key, content))
    require_reason(reason)
    last = current(session, key)
    if last.number and last.content == content:
        return find(session, key, last.number)
    return _add(session, key, content, last.number + 1, reason, by.login, now)


def publish_shipped(session: Session, now: datetime) -> None:
    """What came with Baton, where that is newer and no owner has published one since."""
    for key in sorted(set(names()) - WITH_NOTICES.keys()):
        number = _last(session, key)
        last = session.execute(_VERSION, {"key": key, "number": number}).scalars().first()
        if last is None or (last.published_by == BY_BATON and last.content != shipped(key)):
            _add(session, key, shipped(key), number + 1, "shipped", BY_BATON, now)


def find_wrong(session: Session, key: str, content: Any) -> list[Finding]:
    """What would not work, in itself or beside the other policies, each place with what to do."""
    _require_key(key)
    findings = check_alone(key, content)
    if not findings and key in ("clocks", "calendars"):
        findings += check_beside(key, content, lambda other: current(session, other).content)
    if not findings and key in ("snmp", "syslog"):
        findings += _missed_by_sources(session, key, content)
    return findings


def _missed_by_sources(session: Session, key: str, content: Mapping[str, Any]) -> Iterator[Finding]:
    """A mapping that a source of alarms names has to stay."""
    named = select(AlarmSource.key, AlarmSource.mapping).where(  # type: ignore[call-overload]
        col(AlarmSource.kind) == key, col(AlarmSource.mapping) != ""
    )
    for source, mapping in session.execute(named.order_by(col(AlarmSource.key))):
        if mapping not in content:
            yield Finding(
                mapping,
                f"告警源“{source}”用到映射“{mapping}”,请先改告警源",
                f"The source {source} is read by “{mapping}”: change the source first",
            )


def _refuse(findings: Sequence[Finding]) -> None:
    if findings:
        raise Invalid(
            f"这份策略有 {len(findings)} 处不对,改好后再发布",
            f"{len(findings)} places in this policy are wrong: mend them, then publish",
            fields=[{"field": each.path, "zh": each.zh, "en": each.en} for each in findings],
        )


@cache
def names() -> tuple[str, ...]:
    return tuple(sorted({path.stem for path in SHIPPED.glob("*.json")} | WITH_NOTICES.keys()))


@cache
def shipped(key: str) -> Mapping[str, Any]:
    if key in WITH_NOTICES:
        return WITH_NOTICES[key]()
    return orjson.loads((SHIPPED / f"{key}.json").read_bytes())  # type: ignore[no-any-return]


@cache
def _as_shipped(key: str) -> Policed:
    return Policed(key, 0, shipped(key))


def _add(
    session: Session,
    key: str,
    content: Mapping[str, Any],
    number: int,
    reason: str,
    by: str,
    now: datetime,
) -> Policy:
    told: dict[str, Any] = {"key": key, "number": number, "content": dict(content)}
    policy = Policy(**told, published_at=now, published_by=by, reason=reason)
    stored.add(session, policy)
    subject = f"policy:{key}"
    history.record(
        session, "published", subject=subject, by=by, at=now, version=number, reason=reason
    )
    return policy


def _last(session: Session, key: str) -> int:
    """0 where none was published."""
    return stored.newest(session, key).get(key, 0)


def find(session: Session, key: str, number: int) -> Policy:
    found: Policy | None = session.execute(_VERSION, {"key": key, "number": number}).scalar()
    return found or _no_version(key, number)


def _no_version(key: str, number: int) -> NoReturn:
    raise NotFound(f"策略“{key}”没有第 {number} 版", f"“{key}” has no version {number}")


def _require_key(key: str) -> None:
    if key not in names():
        known = ", ".join(names())
        raise NotFound(
            f"没有策略“{key}”,可用:{known}", f"There is no policy “{key}”: there are {known}"
        )
