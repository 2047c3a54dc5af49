"""What flaps (闪断): an alarm that was raised too often within a while is one alarm that goes on.

It is acted on once, also where it is clear at that moment. From then on a raise lengthens the row
that was cleared, instead of beginning another; when it has stood for as long as the policy says it
is to be looked at again, as one that stands. Called by alarms.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from records import Alarm, AlarmGroup
from tasks.network import alarm_rows
from tasks.network.alarm_reports import Report
from tasks.network.alarm_rows import Past
from tasks.network.alarm_rules import Rules
from tasks.network.alarm_signs import is_outage


def note_steady(session: Session, keys: Sequence[int], rules: Rules, *, now: datetime) -> None:
    """Of alarms that are due: what has stood for a while flaps no longer, and its group is to be
    judged anew."""
    is_due = col(Alarm.id).in_(keys), col(Alarm.is_flapping)
    stands = col(Alarm.cleared_at).is_(None), col(Alarm.last_at) <= now - rules.flap_window
    for alarm in session.exec(select(Alarm).where(*is_due, *stands)).all():
        alarm.is_flapping = False
        group = session.get(AlarmGroup, alarm.group_id) if alarm.group_id else None
        if group and group.over_at is None:
            group.act_at = now
            group.impact = "outage" if is_outage(alarm) else group.impact


def begins(report: Report, past: Past | None, rules: Rules) -> bool:
    """Whether this raise is one too many."""
    if past is None:
        return False
    since = report.raised_at - rules.flap_window
    return 1 + sum(at >= since for at in past.raises) >= rules.flaps


def reopen(
    session: Session,
    reports: Sequence[Report],
    past: Mapping[str, Past],
    rules: Rules,
    now: datetime,
) -> list[Report]:
    """Lengthen those that flap and are clear; what is left is raised as always."""
    ours = [one for one in reports if _goes_on(one, past.get(one.key), rules)]
    if not ours:
        return list(reports)
    keys = {one.key for one in ours}
    active = set(session.exec(select(Alarm.key).where(col(Alarm.key).in_(keys))))
    rows: dict[str, dict[str, Any]] = {}
    for one in ours:
        if one.key not in active:
            more = rows.get(one.key, {"more": 0})["more"] + 1
            told = {"of": past[one.key].id, "was": one.key, "more": more, "at": one.raised_at}
            times = {"first": now + rules.hold_off(one.cause), "again": now + rules.flap_window}
            rows[one.key] = told | times
    alarm_rows.reopen(session, [rows[key] for key in sorted(rows)])
    return [one for one in reports if one.key not in rows]


def _goes_on(report: Report, past: Past | None, rules: Rules) -> bool:
    return (
        past is not None
        and past.is_flapping
        and report.raised_at - past.ended_at <= rules.flap_window
    )
