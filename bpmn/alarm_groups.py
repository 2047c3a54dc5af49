"""What is done about a group of alarms: asked of the table alarm_priority, then done.

Called by workflows/alarms.py for each group that is due, which it has locked. What a root hits:
tasks/network/affected.py; its tickets: group_tickets.py.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as plain_select
from sqlmodel import Session, col, select

from bpmn import group_tickets, library, unknown_objects
from bpmn.dmn import Decision, DecisionFailed
from records import Alarm, AlarmGroup, Ticket, history
from tasks.faults import notice_choice
from tasks.faults.impact import best
from tasks.faults.notice_choice import NONE
from tasks.network import affected, alarm_groups, alarm_rules
from tasks.network.affected import Hit
from tasks.network.alarm_responses import OPENS, PRIORITIES, mend

DIAGRAM, TABLE = "alarm_response", "alarm_priority"
BY = "alarms"
log = logging.getLogger(__name__)


def respond(session: Session, group: AlarmGroup, *, now: datetime) -> str:
    """Decide and act; the action. What the table holds back is due again when that is over."""
    hits = affected.hit_by(
        session,
        group.root_kind,
        group.root_id,
        group.root_object,
        impact=group.impact,
        besides=group.id,
    )
    facts = facts_of(session, group, hits)
    made, mended = _decide(session, facts)
    told: Any = made.result
    group.act_at, before = None, group.decision
    waits_until = group.opened_at + timedelta(seconds=told["hold"])
    _note(session, group, facts, made, mended, now)
    has_ticket = group.ticket_id is not None or _takes_over_ticket(session, group)
    if told["action"] in OPENS and not has_ticket and now < waits_until:
        group.act_at = waits_until
    elif has_ticket or (told["action"] in OPENS and not (told["hold"] and group.cleared_at)):
        _open(session, group, hits, told["action"], now)
    else:
        group_tickets.extend(session, group, hits, now=now)
    if has_ticket and _means_more(before, group.decision):
        group_tickets.tell_more(session, group, now=now)
    return str(told["action"])


def facts_of(session: Session, group: AlarmGroup, hits: Sequence[Hit]) -> dict[str, Any]:
    """What the table may ask about."""
    rules, sums = alarm_rules.current(session), affected.sums_of(hits)
    return sums | {
        "root_kind": group.root_kind,
        "layer": group.layer,
        "cause": group.cause,
        "severity": group.severity,
        "impact": affected.worst(hit.impact for hit in hits) or group.impact,
        "grade": best({hit.grade for hit in hits}) if hits else "",
        "is_environment": rules.layer(group.cause) == 1 and group.impact != "outage",
        "is_known": group.root_kind != "object" and (group.root_kind != "port" or bool(hits)),
        **_of_alarms(session, group),
    }


def _of_alarms(session: Session, group: AlarmGroup) -> dict[str, bool]:
    """It flaps, and nothing stands that does not; all is of a planned work."""
    stands = ~col(Alarm.is_flapping) & col(Alarm.cleared_at).is_(None)
    flaps, works = col(Alarm.is_flapping), col(Alarm.planned_work_id).is_not(None)
    counted = (func.count().filter(one) for one in (stands, flaps, works))
    rows = plain_select(func.count(), *counted).where(col(Alarm.group_id) == group.id)
    every, standing, flapping, planned = session.execute(rows).one()
    return {
        "is_flapping": flapping > 0 and standing == 0,
        "is_shielded": 0 < every == planned,
    }


def _decide(session: Session, facts: dict[str, Any]) -> tuple[Decision, list[str]]:
    """What counts of what the table says; and the columns where it says nothing that would: a table
    that fails loses no alarm."""
    table = library.current(session, DIAGRAM).blueprint.decisions[TABLE]
    try:
        made = table.decide({"group": facts})
    except DecisionFailed as error:
        log.warning("%s: %s", TABLE, error.en)
        made = Decision({}, (), table.id, table.name, table.policy, {}, (error.zh, error.en))
    result, mended = mend(made.result)
    return replace(made, result=result), mended


def _note(
    session: Session,
    group: AlarmGroup,
    facts: dict[str, Any],
    made: Decision,
    mended: list[str],
    now: datetime,
) -> None:
    """The row that fired is kept; told in history where it says something else than before."""
    told: Any = made.result
    loaded = library.current(session, DIAGRAM)
    before = (group.action, group.priority)
    group.action, group.priority = told["action"], told["priority"]
    group.decision = {
        "table": made.table,
        "version_id": loaded.version_id,
        "version": loaded.number,
        "rows": list(made.rows),
        "notes": list(made.notes),
        "inputs": facts,
        "result": told,
        "mended": mended,
    }
    if before != (group.action, group.priority):
        subject = f"alarm group:{group.id}"
        rows = {"rows": list(made.rows), "version": loaded.number, "result": told}
        rows |= {"mended": mended} if mended else {}
        history.record(session, "decided", subject=subject, by=BY, at=now, **rows)


def _open(
    session: Session, group: AlarmGroup, hits: Sequence[Hit], action: str, now: datetime
) -> None:
    if action == unknown_objects.ACTION:
        unknown_objects.take_in(session, group, by=BY, now=now)
    was = session.get(Ticket, group.ticket_id) if group.ticket_id else None
    priority = min(group.priority, was.priority if was else "", key=PRIORITIES.index)
    group_tickets.open_for(session, group, hits, priority=priority, now=now)
    session.flush()
    alarm_groups.adopt(session, group, now=now)


def _means_more(before: dict[str, Any], decision: dict[str, Any]) -> bool:
    """Others are to be told than before; a ticket that was taken over was another's to decide."""
    was = notice_choice.read(before).notice if before else NONE
    return notice_choice.read(decision).notice not in (was, NONE)


def _takes_over_ticket(session: Session, group: AlarmGroup) -> bool:
    lesser = select(AlarmGroup.id).where(
        AlarmGroup.taken_over_by == group.id, col(AlarmGroup.ticket_id).is_not(None)
    )
    return session.exec(lesser.limit(1)).first() is not None
