"""An alarm, from the first report to the moment when it is to be acted on.

One row for each object and cause while it is active; a repeat is counted on it. What is to be
acted on has `act_at` set, once the hold-off of its cause has passed; the edges take it from there
(`due`). How rows are written: alarm_rows.py. What flaps: flapping.py. What people make of an
alarm: alarm_states.py. What waits and why: alarm_holds.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from records import Alarm
from tasks.network import alarm_quickly, alarm_rows, alarm_rules, flapping
from tasks.network.alarm_reports import (
    EARLIEST,
    FUTURE,
    MOST,
    SEVERITIES,
    Report,
    check_reports,
    wrong_fields,
)
from tasks.network.alarm_rows import Past
from tasks.network.alarm_rules import Rules

__all__ = [
    "EARLIEST",
    "FUTURE",
    "MOST",
    "SEVERITIES",
    "Report",
    "check_reports",
    "due",
    "receive",
    "settle",
    "wrong_fields",
]


def receive(session: Session, reports: Sequence[Report], *, now: datetime) -> int:
    """Keep what a source reported; how many were kept. Nothing is opened here."""
    check_reports(reports, now=now)
    session.flush()  # what follows asks the database past the session
    if len(reports) == 1 and alarm_quickly.is_stored(session, reports[0], now=now):
        return 1
    rules = alarm_rules.current(session)
    for group in _in_turns(reports):
        past = alarm_rows.past_of(session, group, rules.flap_window)
        if group[0].is_clear:
            alarm_rows.clear(session, group, past, now)
        else:
            _raise(session, group, past, rules, now)
    return len(reports)


def due(session: Session, *, now: datetime, limit: int = 200) -> list[int]:
    """Alarms to act on now, the longest waiting first."""
    waiting = select(Alarm.id).where(col(Alarm.act_at) <= now)
    return list(session.exec(waiting.order_by(col(Alarm.act_at), col(Alarm.id)).limit(limit)))


def settle(alarm: Alarm, ticket_id: int) -> int:
    """The alarm has been taken up by a ticket; how many reports of it are new to that."""
    new = alarm.tally - alarm.counted
    alarm.ticket_id, alarm.act_at, alarm.counted = ticket_id, None, alarm.tally
    return new


def _raise(
    session: Session,
    reports: Sequence[Report],
    past: Mapping[str, Past],
    rules: Rules,
    now: datetime,
) -> None:
    """Insert new alarms, count repeats: one statement however many there are."""
    late: list[Report] = []
    fresh: list[Report] = []
    for report in reports:
        is_late = report.key in past and past[report.key].over_at > report.raised_at
        (late if is_late else fresh).append(report)
    alarm_rows.pair_late(session, late)
    fresh = flapping.reopen(session, fresh, past, rules, now) if past else fresh
    flapped = {one.key for one in fresh if flapping.begins(one, past.get(one.key), rules)}
    alarm_rows.upsert(session, fresh, flapped, rules, now)


def _in_turns(reports: Iterable[Report]) -> Iterable[list[Report]]:
    """Raises and clears of one key in their order; what is of several keys together."""
    turns: dict[tuple[int, bool], list[Report]] = {}
    at: dict[str, tuple[int, bool]] = {}
    for report in reports:
        turn, was_clear = at.get(report.key, (0, report.is_clear))
        place = turn + (was_clear != report.is_clear), report.is_clear
        at[report.key] = place
        turns.setdefault(place, []).append(report)
    return (turns[place] for place in sorted(turns))
