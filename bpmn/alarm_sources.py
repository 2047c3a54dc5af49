"""A silent source of alarms is a ticket of its own: nobody hears of faults there. So is one that
never sent something, where that stays missing (diagram alarm_source_gap).

Called by the watchdog (workflows/receipts.py), which has locked the source's row.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from bpmn import runs, tickets
from records import Alarm, AlarmSource, Ticket, history
from tasks.faults import intake
from tasks.faults.tickets import OPEN
from tasks.network import alarm_sources, alarms, resync, source_gaps
from tasks.network.alarms import Report

BATON = "baton"  # the source of alarms about sources
SILENT, GAP = "sourceSilent", "sourceGap"
DIAGRAM, FILLED = "alarm_source_gap", "gap_filled"


def tell_change(session: Session, source: AlarmSource, *, now: datetime) -> None:
    """It fell silent, or gives signs of life again."""
    seen = alarm_sources.last_seen(session, source)
    if alarm_sources.is_silent(source, seen, now):
        _tell_silent(session, source, seen or source.created_at, now)
    else:
        _tell_back(session, source, now)


def open_gap(session: Session, source: AlarmSource, *, now: datetime) -> None:
    """What it never sent stays missing: its ticket, with a run."""
    ticket = intake.open_ticket(
        session,
        source="alarm",
        open_key=f"gap:{source.key}",
        impact="degraded",
        started_at=source.gap_at or now,
        title=f"告警源 {source.name} 缺口未补",
        symptom=source_gaps.words_for(source),
        cause=GAP,
        by=BATON,
        now=now,
    )
    source.gap_ticket_id = ticket.id
    session.flush()
    _record(session, source, "gap stays", now, ticket=ticket.id, gaps=source.gaps)
    if ticket.run_id is None:
        subject = f"ticket:{ticket.id}"
        data = {"ticket": {"id": ticket.id, "source": ticket.source}}
        run = runs.start(session, DIAGRAM, data, by=BATON, now=now, subject=subject)
        ticket.run_id = run.id


def end_gap(session: Session, source: AlarmSource, *, now: datetime) -> None:
    """All of it came: the run ends by itself. Where somebody ended the ticket before, so be it."""
    ticket = session.get_one(Ticket, source.gap_ticket_id)
    if ticket.state in OPEN:
        subject = f"ticket:{ticket.id}"
        runs.send(session, "message", FILLED, {}, subject=subject, by=BATON, now=now)
    else:
        source.gap_ticket_id = None


def _tell_silent(session: Session, source: AlarmSource, seen: datetime, now: datetime) -> None:
    report = _report(source, now)
    alarms.receive(session, [report], now=now)
    alarm = session.exec(select(Alarm).where(col(Alarm.key) == report.key)).one()
    ticket = intake.open_ticket(
        session,
        source="alarm",
        open_key=f"source:{source.key}",
        impact="degraded",
        started_at=seen,
        title=f"告警源 {source.name} 失联",
        symptom=report.text,
        cause=SILENT,
        by=BATON,
        now=now,
    )
    intake.append_alarm(session, ticket, alarm, by=BATON, now=now)
    if ticket.run_id is None:
        tickets.start(session, ticket, by=BATON, now=now)
    source.silent_at, source.ticket_id = now, ticket.id
    _record(session, source, "fell silent", now, seen_at=seen.isoformat(), ticket=ticket.id)


def _tell_back(session: Session, source: AlarmSource, now: datetime) -> None:
    """Its alarm is clear; the run of the ticket hears of it once that is for good."""
    alarms.receive(session, [_report(source, now, is_clear=True)], now=now)
    _record(session, source, "came back", now, ticket=source.ticket_id)
    source.silent_at = None
    resync.want(session, source, why="silence", by=BATON, now=now)


def _report(source: AlarmSource, now: datetime, is_clear: bool = False) -> Report:
    return Report(
        source=BATON,
        object=f"source:{source.key}",
        cause=SILENT,
        raised_at=now,
        is_clear=is_clear,
        severity="minor",
        text=f"告警源 {source.name}({source.key})超过 3 个心跳周期没有消息,期间的故障看不到",
        alarm_type="communicationsAlarm",
    )


def _record(
    session: Session, source: AlarmSource, verb: str, now: datetime, **told: object
) -> None:
    history.record(session, verb, subject=f"alarm source:{source.key}", by=BATON, at=now, **told)
