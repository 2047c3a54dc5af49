"""What people make of an alarm (X.733, RFC 8632): acknowledged, shelved, commented. Apart from what
the network says of it: a repeat or a clear changes none of this; only where an alarm gets worse,
nobody has acknowledged that yet (alarm_rows.py). Called by the doors and the timed work. The
network's part: alarms.py; many at once: bulk_states.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from records import Alarm, Entry, Person, history
from tasks.access.people import require
from tasks.network import alarm_rules
from tasks.refusals import Conflict, NotAllowed, wrong
from tasks.remarks import check_text
from tasks.sla.durations import in_en, in_zh, when

BATON = "baton"


def acknowledge(
    session: Session, alarm: Alarm, *, by: Person, now: datetime, note: str = ""
) -> None:
    """Somebody has seen it and looks after it."""
    _take(session, alarm, by)
    if alarm.acknowledged_at:
        raise Conflict(
            f"{alarm.acknowledged_by} 已于 {when(alarm.acknowledged_at)} 确认这条告警",
            f"{alarm.acknowledged_by} acknowledged this alarm at {when(alarm.acknowledged_at)}",
        )
    if alarm.lapsed_at:
        note_lapse(session, alarm)
    alarm.acknowledged_at, alarm.acknowledged_by = now, by.login
    _record(session, "acknowledged", alarm, by.login, now, note=note)


def unacknowledge(session: Session, alarm: Alarm, *, by: Person, now: datetime) -> None:
    _take(session, alarm, by)
    if alarm.acknowledged_at is None:
        raise NotAllowed("这条告警没有确认过", "This alarm is not acknowledged")
    was = alarm.acknowledged_by
    alarm.acknowledged_at, alarm.acknowledged_by = None, ""
    _record(session, "unacknowledged", alarm, by.login, now, was=was)


def lapsed(session: Session, limit: int = 500) -> list[int]:
    """Alarms that have got worse than what was acknowledged, and whose history is to say so."""
    mine = select(Alarm.id).where(col(Alarm.lapsed_at).is_not(None))
    return list(session.exec(mine.order_by(col(Alarm.lapsed_at)).limit(limit)))


def note_lapse(session: Session, alarm: Alarm) -> None:
    told = {"was": alarm.acknowledged_by, "severity": alarm.severity}
    at = alarm.lapsed_at or alarm.last_at
    _record(session, "acknowledgement lapsed", alarm, BATON, at, **told)
    alarm.lapsed_at, alarm.acknowledged_by = None, ""


def shelve(
    session: Session, alarm: Alarm, *, until: datetime, reason: str, by: Person, now: datetime
) -> None:
    """搁置: not acted on until then, nor are those that the network raises of it meanwhile."""
    _take(session, alarm, by)
    if alarm.cleared_at:
        raise NotAllowed("告警已清除,不用搁置", "This alarm is clear: there is nothing to shelve")
    longest = alarm_rules.current(session).shelf
    if not now < until <= now + longest:
        raise wrong(
            "until",
            f"须在现在之后、{in_zh(longest.total_seconds())}以内",
            f"has to be later than now, by {in_en(longest.total_seconds())} at most",
        )
    if not reason.strip():
        raise wrong("reason", "请写明搁置原因", "Say why it is shelved")
    alarm.shelved_until, alarm.shelved_by, alarm.act_at = until, by.login, None
    _record(session, "shelved", alarm, by.login, now, until=until.isoformat(), reason=reason)


def unshelve(session: Session, alarm: Alarm, *, by: Person, now: datetime) -> None:
    """From now on it is acted on as any other."""
    _take(session, alarm, by)
    if alarm.shelved_until is None:
        raise NotAllowed("这条告警没有搁置", "This alarm is not shelved")
    _wake(session, alarm, by.login, now)


def comment(session: Session, alarm: Alarm, text: str, *, by: Person, now: datetime) -> None:
    require(by, "alarms:handle")
    check_text(text)
    _record(session, "commented", alarm, by.login, now, text=text)


def comments_of(session: Session, alarm: Alarm) -> list[Entry]:
    mine = select(Entry).where(Entry.subject == _subject(alarm), Entry.verb == "commented")
    return list(session.exec(mine.order_by(col(Entry.seq))))


def shelves_over(session: Session, *, now: datetime, limit: int = 200) -> list[int]:
    """Alarms whose shelf ends now."""
    over = select(Alarm.id).where(col(Alarm.shelved_until) <= now)
    return list(session.exec(over.order_by(col(Alarm.shelved_until)).limit(limit)))


def wake(session: Session, alarm: Alarm, *, now: datetime) -> None:
    """Its shelf is over."""
    _wake(session, alarm, BATON, now)


def _take(session: Session, alarm: Alarm, by: Person) -> None:
    """Locked: of two people who press one button, the second sees what the first did."""
    require(by, "alarms:handle")
    session.flush()
    session.refresh(alarm, with_for_update=True)


def _wake(session: Session, alarm: Alarm, by: str, now: datetime) -> None:
    alarm.shelved_until, alarm.shelved_by = None, ""
    session.flush()
    # A new one of it would inherit the shelf from those that ended meanwhile.
    session.connection().execute(_WAKE, {"was": alarm.ended_key or alarm.key})
    if alarm.cleared_at is None:
        alarm.act_at = now
    _record(session, "woke" if by == BATON else "unshelved", alarm, by, now)


def _record(session: Session, verb: str, alarm: Alarm, by: str, now: datetime, **told: Any) -> None:
    history.record(session, verb, subject=_subject(alarm), by=by, at=now, **told)


_WAKE = (
    update(Alarm)
    .where(col(Alarm.ended_key) == bindparam("was"), col(Alarm.shelved_until).is_not(None))
    .values(shelved_until=None, shelved_by="")
)


def _subject(alarm: Alarm) -> str:
    return f"alarm:{alarm.id}"
