"""What a source of alarms never sent: since when it is missing, when that is too long, and that
nobody waits for it any more. Its ticket and the run of that: bpmn/alarm_sources.py.

Which numbers are missing: sequences.py; alerts that were cut off: alarm_sources.py; asking the
source for all that is active, which closes any gap: resync.py.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from records import AlarmSource, history
from tasks.network import alarm_rules


def keep(source: AlarmSource, gaps: dict[str, Any], now: datetime) -> None:
    """These are missing now; it began with the first of them."""
    source.gaps = gaps
    source.gap_at = (source.gap_at or now) if gaps else None


def staying(session: Session, *, now: datetime) -> list[int]:
    """Sources that have missed something for longer than the policy allows, and have no ticket."""
    latest = now - alarm_rules.current(session).gap
    mine = select(AlarmSource.id).where(
        col(AlarmSource.is_active),
        col(AlarmSource.gap_at) <= latest,
        col(AlarmSource.gap_ticket_id).is_(None),
    )
    return list(session.exec(mine.order_by(col(AlarmSource.gap_at), col(AlarmSource.id))))


def filled(session: Session) -> list[int]:
    """Sources with a ticket about what is there by now."""
    has_ticket = col(AlarmSource.gap_ticket_id).is_not(None)
    mine = select(AlarmSource.id).where(has_ticket, col(AlarmSource.gap_at).is_(None))
    return list(session.exec(mine.order_by(col(AlarmSource.id))))


def describe(source: AlarmSource) -> dict[str, Any]:
    ranges, cut = source.gaps.get("sequence", []), source.gaps.get("truncated", {})
    return {
        "source": source.key,
        "name": source.name,
        "numbers": sum(last - first + 1 for first, last in ranges),
        "alerts": sum(cut.values()),
        "can_be_asked": bool(source.resync_url),
        "error": source.resync_error,
    }


def words_for(source: AlarmSource) -> str:
    """What the ticket says."""
    told, ranges = describe(source), source.gaps.get("sequence", [])
    shown = ", ".join(
        f"{first}–{last}" if last > first else f"{first}" for first, last in ranges[:5]
    )
    more = " …" if len(ranges) > 5 else ""
    numbers = f"缺 {told['numbers']} 个序号({shown}{more})" if ranges else ""
    alerts = f"被截断 {told['alerts']} 条" if told["alerts"] else ""
    return ";".join(part for part in (numbers, alerts, told["error"]) if part)


def give_up(session: Session, source: AlarmSource, *, note: str, by: str, now: datetime) -> None:
    """It will never come: history keeps what was missing."""
    lost = source.gaps
    keep(source, {}, now)
    if not source.resync_url:
        source.resync = ""
    subject = f"alarm source:{source.key}"
    history.record(session, "gap given up", subject=subject, by=by, at=now, lost=lost, note=note)
