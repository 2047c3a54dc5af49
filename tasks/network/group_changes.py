"""Groups of alarms, set right by hand: one takes over another, alarms leave for one of their own.

Called by api/alarm_groups.py. What is done by itself: alarm_groups.py.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from records import Alarm, AlarmGroup, Person, history
from tasks.access.people import require
from tasks.faults.tickets import require_reason
from tasks.network import alarm_groups, alarm_rules, alarm_signs
from tasks.network.alarm_reports import SEVERITIES
from tasks.network.reach import Root
from tasks.network.topology import Topology
from tasks.refusals import NotAllowed, NotFound, wrong

MOST = 500  # alarms that leave at once


def take_over(
    session: Session,
    group: AlarmGroup,
    other: AlarmGroup,
    *,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """归并: the other's alarms, circuits and ticket are this one's."""
    require(by, "tickets:steer")
    require_reason(reason)
    if group.id == other.id:
        raise wrong("group", "请选另一个告警组", "Choose another group")
    for one in (group, other):
        _require_open(one)
    alarm_groups.take_over(session, other, group, now, by=by.login, reason=reason)
    group.act_at = now


def release(
    session: Session,
    group: AlarmGroup,
    keys: Sequence[int],
    net: Topology,
    *,
    reason: str,
    by: Person,
    now: datetime,
) -> AlarmGroup:
    """拆分: these alarms have another root, which is what the first of them is about."""
    require(by, "tickets:steer")
    require_reason(reason)
    _require_open(group)
    alarms = _members(session, group, keys)
    first = min(alarms, key=lambda alarm: (alarm.raised_at, alarm.id))
    new = _open(session, first, alarms, net, now)
    for alarm in alarms:
        alarm.group_id, alarm.ticket_id, alarm.act_at = new.id, None, None
    group.alarms -= len(alarms)
    group.act_at = now
    told: dict[str, Any] = {"by": by.login, "at": now, "reason": reason, "count": len(alarms)}
    _record(session, group, "released", **told, new=new.id)
    _record(session, new, "opened", **told, root=new.root_object, was=group.id)
    return new


def _members(session: Session, group: AlarmGroup, keys: Sequence[int]) -> Sequence[Alarm]:
    if not 0 < len(keys) <= MOST:
        raise wrong("alarms", f"请选 1 到 {MOST} 条告警", f"Choose 1 to {MOST} alarms")
    rows = select(Alarm).where(col(Alarm.id).in_(keys), Alarm.group_id == group.id)
    found = session.exec(rows.with_for_update()).all()
    missing = set(keys) - {alarm.id for alarm in found}
    if missing:
        key = min(missing)
        raise NotFound(
            f"告警 {key} 不在告警组 {group.id} 中,请刷新后重选",
            f"The alarm {key} is not in the group {group.id}: load it again, then choose",
        )
    if len(found) == group.alarms:
        raise NotAllowed(
            "不能拆出全部告警,请留下属于原根因的",
            "Not all alarms can leave: some have to stay with the root",
        )
    return found


def _open(
    session: Session, first: Alarm, alarms: Sequence[Alarm], net: Topology, now: datetime
) -> AlarmGroup:
    rules = alarm_rules.current(session)
    root = alarm_signs.place_of(first.device_id, first.object, net)
    new = AlarmGroup(
        root_kind=root.kind,
        root_id=root.id or None,
        root_object=first.object,
        root_alarm_id=first.id,
        layer=rules.layer(first.cause),
        cause=first.cause,
        severity=min((alarm.severity for alarm in alarms), key=SEVERITIES.index),
        impact="outage" if any(map(alarm_signs.is_outage, alarms)) else "degraded",
        alarms=len(alarms),
        raised_at=first.raised_at,
        last_at=max(alarm.last_at for alarm in alarms),
        opened_at=now,
        act_at=now,
    )
    _require_no_other(session, new, root)
    session.add(new)
    session.flush()
    return new


def _require_no_other(session: Session, new: AlarmGroup, root: Root) -> None:
    same = select(AlarmGroup).where(
        AlarmGroup.root_kind == root.kind,
        AlarmGroup.root_object == new.root_object,
        col(AlarmGroup.over_at).is_(None),
    )
    there = session.exec(same).first()
    if there:
        raise NotAllowed(
            f"{new.root_object} 已有告警组 {there.id},请改为归并",
            f"There is the group {there.id} for {new.root_object}: merge the groups instead",
        )


def _require_open(group: AlarmGroup) -> None:
    if group.over_at:
        raise NotAllowed(
            f"告警组 {group.id} 已结束,不能再改", f"The group {group.id} is over: it stays as it is"
        )


def _record(
    session: Session, group: AlarmGroup, verb: str, *, by: str, at: datetime, **told: Any
) -> None:
    subject = f"alarm group:{group.id}"
    history.record(session, verb, subject=subject, by=by, at=at, also=told)
