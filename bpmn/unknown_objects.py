"""Alarms of objects that inventory does not know: a discrepancy each, and a ticket each, until a
source has so many that something is wrong with all of them (a mapping, a region that was never
taken in): from then on they share one ticket. How many: policy "alarms". Called by alarm_groups.py.
"""

from datetime import datetime

from sqlalchemy import distinct, func
from sqlmodel import Session, col, select

from records import Alarm, AlarmGroup
from tasks.archive import discrepancies
from tasks.faults import intake
from tasks.faults.tickets import BEFORE_REPAIR_IS_DONE
from tasks.network import alarm_rules

ACTION, CAUSE = "discrepancy", "unknownObject"
KEY = "unknown:"  # how the open_key of a shared ticket begins


def take_in(session: Session, group: AlarmGroup, *, by: str, now: datetime) -> None:
    """Its discrepancy; and its ticket, where it is to share one."""
    root = session.get(Alarm, group.root_alarm_id) if group.root_alarm_id else None
    source = f"alarm source:{root.source}" if root else f"alarm group:{group.id}"
    discrepancies.raise_one(
        session,
        kind="unknown_object",
        object=group.root_object,
        source=source,
        by=by,
        now=now,
        facts={"cause": group.cause, "severity": group.severity, "group": group.id},
    )
    if root and group.ticket_id is None:
        group.ticket_id = _shared(session, group, root.source, by, now)


def _shared(session: Session, group: AlarmGroup, source: str, by: str, now: datetime) -> int | None:
    """Nobody is called back too early: once the shared one is mended, each has its own again."""
    key = f"{KEY}{source}"
    there = intake.find_open(session, key)
    if there:
        goes_on = there.state in BEFORE_REPAIR_IS_DONE | {"suspended"}
        return there.id if goes_on else None
    if _count(session, source) < alarm_rules.current(session).unknown_tickets:
        return None
    return intake.open_ticket(
        session,
        source="alarm",
        open_key=key,
        impact="degraded",
        started_at=group.raised_at,
        title=f"告警源 {source} 有多个资源中没有的对象",
        cause=CAUSE,
        by=by,
        now=now,
    ).id


def _count(session: Session, source: str) -> int:
    """Tickets about single objects of this source that go on."""
    mine = (
        select(func.count(distinct(col(AlarmGroup.ticket_id))))
        .join(Alarm, col(Alarm.id) == col(AlarmGroup.root_alarm_id))
        .where(AlarmGroup.action == ACTION, col(AlarmGroup.over_at).is_(None))
        .where(Alarm.source == source)
    )
    return session.exec(mine).one()
