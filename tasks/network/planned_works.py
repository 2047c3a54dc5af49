"""Planned work (割接): a window in which what it lists may be in alarm. Such alarms are kept and
not acted on; at its end all that still stand are. Clears are never held.

Called by the doors, by the timed work (`due`, `take_turn`) and by alarm_holds.py (`shield`). What
it explains: planned_scopes.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, or_, update
from sqlmodel import Session, col, select

from records import Alarm, Circuit, Device, Person, PlannedWork, Section, Site, history
from tasks.access.people import require
from tasks.faults.tickets import require_reason
from tasks.network import alarm_rules
from tasks.network.alarm_rules import Rules
from tasks.network.planned_scopes import explains, passed_by, places_of
from tasks.refusals import Invalid, NotAllowed

LISTS: dict[str, tuple[Any, str, str]] = {  # field: its table, what one is called
    "sites": (Site, "机房", "site"),
    "devices": (Device, "设备", "device"),
    "sections": (Section, "光缆段", "section"),
    "circuits": (Circuit, "电路", "circuit"),
}
MAY_CHANGE = ("title", "reason", "starts_at", "ends_at", *LISTS)
MOST = 1_000  # codes of one kind
TOLERANCE = timedelta(minutes=10)  # how long ago “now” may be
SOON = timedelta(minutes=1)  # alarm_signs.SOON
BATON = "baton"


def create(session: Session, told: Mapping[str, Any], *, by: Person, now: datetime) -> PlannedWork:
    """`told` as in MAY_CHANGE. What begins sooner than the policy asks for needs a reason."""
    require(by, "planned-works:plan")
    work = PlannedWork(**told, created_by=by.login, created_at=now)
    _check(session, work, now)
    work.act_at = work.starts_at
    session.add(work)
    session.flush()
    is_emergency = is_short_notice(work, alarm_rules.current(session))
    _record(session, "planned", work, by.login, now, is_emergency=is_emergency, **_plain(told))
    return work


def change(
    session: Session, work: PlannedWork, changes: Mapping[str, Any], *, by: Person, now: datetime
) -> None:
    """While it is open: whatever it shields is looked at again, by the window that it is now."""
    require(by, "planned-works:plan")
    _require_ahead(session, work)
    was = {key: getattr(work, key) for key in changes if getattr(work, key) != changes[key]}
    if work.state == "open" and "starts_at" in was:
        zh, en = "窗口已开始,不能改开始时间", "It has begun: its beginning cannot be changed"
        raise NotAllowed(zh, en)
    for key in was:
        setattr(work, key, changes[key])
    _check(session, work, now, is_new="starts_at" in was)
    work.act_at = work.ends_at if work.state == "open" else work.starts_at
    if was:
        work.shielded -= _wake(session, work, now)
        told = {"was": _plain(was), "is": _plain({key: changes[key] for key in was})}
        _record(session, "changed", work, by.login, now, **told)


def cancel(session: Session, work: PlannedWork, *, reason: str, by: Person, now: datetime) -> None:
    """It does not take place, or is over early: what still stands is acted on."""
    require(by, "planned-works:plan")
    _require_ahead(session, work)
    require_reason(reason)
    _end(session, work, "cancelled", by.login, now, reason=reason)


def due(session: Session, *, now: datetime, limit: int = 200) -> list[int]:
    """Windows that open or end now."""
    waiting = select(PlannedWork.id).where(col(PlannedWork.act_at) <= now)
    return list(session.exec(waiting.order_by(col(PlannedWork.act_at)).limit(limit)))


def take_turn(session: Session, work: PlannedWork, *, now: datetime) -> None:
    """Open it, or end it. A window that passed while nothing ran is over."""
    if work.ends_at <= now:
        _end(session, work, "over", BATON, now)
    elif work.state == "planned":
        work.state, work.act_at = "open", work.ends_at
        _record(session, "opened", work, BATON, now)


def shield(session: Session, keys: Sequence[int], *, now: datetime) -> set[int]:
    """Put aside those of these alarms that work in progress explains, and those that will be due
    soon and must not explain others; which. Of several works, the last to end counts."""
    works = list(session.exec(_IN_PROGRESS, params={"now": now})) if keys else []
    if not works:
        return set()
    told = {"keys": list(keys), "now": now, "soon": now + SOON}
    places = places_of(session, session.execute(_WAITING, told).all())
    passed = passed_by(session, (way for place in places.values() for way in place.ways))
    rows = []
    for key, place in places.items():
        work = next((one for one in works if explains(one, place, passed)), None)
        if work:
            work.shielded += 1
            rows.append({"of": key, "work": work.id})
    if rows:
        session.connection().execute(_SHIELD, rows)
    return {row["of"] for row in rows}


def is_short_notice(work: PlannedWork, rules: Rules) -> bool:
    return work.starts_at - work.created_at < rules.work_notice


def _end(
    session: Session, work: PlannedWork, state: str, by: str, now: datetime, **why: str
) -> None:
    work.state, work.act_at = state, None
    work.woken = _wake(session, work, now)
    told: dict[str, Any] = {"shielded": work.shielded, "woken": work.woken, **why}
    _record(session, state, work, by, now, **told)


def _wake(session: Session, work: PlannedWork, now: datetime) -> int:
    """All that it shields and that still stand are due; how many. One that flaps stands again."""
    session.flush()
    return session.connection().execute(_WAKE, {"work": work.id, "now": now}).rowcount


def _require_ahead(session: Session, work: PlannedWork) -> None:
    session.flush()
    session.refresh(work, with_for_update=True)
    if work.state not in ("planned", "open"):
        zh = {"over": "已结束", "cancelled": "已取消"}[work.state]
        raise NotAllowed(
            f"计划作业 {work.id} {zh},请另建一条",
            f"Planned work {work.id} is {work.state}: plan another one",
        )


def _check(session: Session, work: PlannedWork, now: datetime, *, is_new: bool = True) -> None:
    rules = alarm_rules.current(session)
    fields = [*_wrong_times(work, rules, now, is_new), *_wrong_lists(session, work)]
    if not 0 < len(work.title.strip()) <= 200:
        fields.append(("title", "请写 1 到 200 个字", "Write 1 to 200 characters"))
    if fields:
        told = [{"field": name, "zh": zh, "en": en} for name, zh, en in fields]
        raise Invalid("请更正这些项", "Please correct these fields", fields=told)


def _wrong_times(
    work: PlannedWork, rules: Rules, now: datetime, is_new: bool
) -> Iterator[tuple[str, str, str]]:
    hours, longest = (int(one.total_seconds() / 3600) for one in (rules.work_notice, rules.work))
    if is_new and work.starts_at < now - TOLERANCE:
        yield "starts_at", "已经过去,请填现在或以后", "is over: give now or later"
    if is_short_notice(work, rules) and not work.reason.strip():
        zh = f"不到 {hours} 小时就开始的紧急作业,请写明原因"
        yield "reason", zh, f"It begins in less than {hours} hours: say why it is urgent"
    if work.ends_at <= max(work.starts_at, now):
        yield "ends_at", "须在开始时间和现在之后", "has to be later than its beginning and than now"
    elif work.ends_at > work.starts_at + rules.work:
        zh = f"一个窗口最长 {longest} 小时,请分几个"
        yield "ends_at", zh, f"A window has {longest} hours at most: plan several"


def _wrong_lists(session: Session, work: PlannedWork) -> Iterator[tuple[str, str, str]]:
    if not any(getattr(work, name) for name in LISTS):
        zh, en = "请列出至少一个机房、设备、光缆段或电路", "List a site, device, section or circuit"
        yield "sites", zh, en
    for name, (table, zh, en) in LISTS.items():
        listed = getattr(work, name)
        if len(listed) > MOST:
            yield name, f"最多 {MOST} 个", f"has {MOST} at most"
            continue
        codes = [one.split("/")[0] if name == "devices" else one for one in listed]
        rows = select(table.code).where(col(table.code).in_(codes))
        known = set(session.exec(rows)) if codes else set()
        for place, code in enumerate(codes):
            if code not in known:
                yield f"{name}.{place}", f"没有{zh} {code},请核对", f"There is no {en} {code}"


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value.isoformat() if isinstance(value, datetime) else value
        for key, value in told.items()
    }


def _record(
    session: Session, verb: str, work: PlannedWork, by: str, now: datetime, **told: Any
) -> None:
    history.record(session, verb, subject=f"planned work:{work.id}", by=by, at=now, **told)


_IN_PROGRESS = (  # locked, so that none ends between this and the commit, and leaves alarms behind
    select(PlannedWork)
    .where(
        col(PlannedWork.state).in_(("planned", "open")),
        col(PlannedWork.starts_at) <= bindparam("now"),
        col(PlannedWork.ends_at) > bindparam("now"),
    )
    .order_by(col(PlannedWork.ends_at).desc(), col(PlannedWork.id))
    .with_for_update()
)
_WAITING = (
    select(col(Alarm.id), col(Alarm.object), col(Alarm.device_id))
    .where(
        or_(
            col(Alarm.id).in_(bindparam("keys", expanding=True)),
            and_(
                col(Alarm.act_at).between(bindparam("now"), bindparam("soon")),
                col(Alarm.group_id).is_(None),
                col(Alarm.cleared_at).is_(None),
            ),
        )
    )
    .order_by(col(Alarm.id))
    .limit(5_000)
)
_SHIELD = (
    update(Alarm)
    .where(col(Alarm.id) == bindparam("of"))
    .values(planned_work_id=bindparam("work"), act_at=None)
)
_WAKE = (
    update(Alarm)
    .where(
        col(Alarm.planned_work_id) == bindparam("work"),
        or_(col(Alarm.cleared_at).is_(None), col(Alarm.is_flapping)),
    )
    .values(planned_work_id=None, act_at=bindparam("now"))
)
