"""When a group is clear, and when it is over: its root stands no longer, for good.

What still stands of it then has a cause of its own, and is looked at anew. Called by
workflows/alarms.py; how a group grows: alarm_groups.py.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, or_, update
from sqlmodel import Session, col, func, select

from records import Alarm, AlarmGroup, history
from tasks.network import alarm_rules
from tasks.network.alarm_rules import Rules

BY = "alarms"


def due(session: Session, *, now: datetime, limit: int = 500) -> list[int]:
    """Open groups whose root alarm is clear, or came back, or is clear for good."""
    rules = alarm_rules.current(session)
    root = select(Alarm.id).where(
        col(Alarm.id) == col(AlarmGroup.root_alarm_id), col(Alarm.cleared_at).is_(None)
    )
    is_clear, stable = ~root.exists(), col(AlarmGroup.cleared_at) <= now - rules.stable
    changed = or_(col(AlarmGroup.cleared_at).is_(None) & is_clear, stable)
    rows = select(AlarmGroup.id).where(col(AlarmGroup.over_at).is_(None), changed)
    return list(session.exec(rows.order_by(col(AlarmGroup.id)).limit(limit)))


def watch(session: Session, group: AlarmGroup, *, now: datetime) -> bool:
    """Clear, over, or still there by another alarm; whether anything has changed."""
    rules = alarm_rules.current(session)
    stands = select(func.min(Alarm.id)).where(_tells(group, rules), col(Alarm.cleared_at).is_(None))
    standing = session.exec(stands).one()
    if standing:
        return _go_on(group, standing)
    last = select(func.max(Alarm.cleared_at)).where(_tells(group, rules))
    cleared_at = session.exec(last).one() or group.last_at
    has_changed = group.cleared_at is None
    group.cleared_at = cleared_at
    if cleared_at <= now - rules.stable:
        _end(session, group, now)
        return True
    if has_changed:
        _record(session, group, "cleared", now, cleared_at=cleared_at.isoformat())
    return has_changed


def _tells(group: AlarmGroup, rules: Rules) -> ColumnElement[bool]:
    """The alarms that tell of the root itself: not what follows from it."""
    layer = max(group.layer, rules.layer(group.cause))
    causes = [cause for cause, of in rules.layers.items() if of <= layer]
    told = or_(col(Alarm.cause).in_(causes), col(Alarm.cause) == group.cause)
    return (col(Alarm.group_id) == group.id) & told


def _go_on(group: AlarmGroup, alarm: int) -> bool:
    has_changed = group.root_alarm_id != alarm or group.cleared_at is not None
    group.root_alarm_id, group.cleared_at = alarm, None
    return has_changed


def _end(session: Session, group: AlarmGroup, now: datetime) -> None:
    """恢复: the root is clear for good. Alarms that stand all the same have their own turn."""
    left = update(Alarm).where(col(Alarm.group_id) == group.id, col(Alarm.cleared_at).is_(None))
    released = session.connection().execute(
        left.values(group_id=None, ticket_id=None, counted=0, act_at=now)
    )
    group.over_at, group.act_at = now, None
    _record(session, group, "over", now, released=released.rowcount)


def _record(session: Session, group: AlarmGroup, verb: str, now: datetime, **told: object) -> None:
    subject = f"alarm group:{group.id}"
    history.record(session, verb, subject=subject, by=BY, at=now, **told)
