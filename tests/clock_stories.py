"""Histories of a ticket made up for clocks: what was recorded at which minute. For test_clock*.py.

Minute 0 is 11 March 2026, 10:14 in Shanghai, a Wednesday.
"""

from datetime import UTC, datetime, timedelta
from types import MappingProxyType, SimpleNamespace

from tasks import policies
from tasks.sla.calendars import calendars_of
from tasks.sla.clock_definitions import definitions_of
from tasks.sla.clocks import read

ZERO = datetime(2026, 3, 11, 2, 14, tzinfo=UTC)
DEFINITIONS = definitions_of(policies.shipped("clocks"), 1)
CALENDARS = calendars_of(policies.shipped("calendars"), 1)
LIMIT = {
    "accept": 15,
    "first_feedback": 30,
    "progress_every": 60,
    "judge": 15,
    "repair": 180,
    "restore_test": 15,
    "restore": 240,
    "travel": 0,
    "callback": 60,
    "report_if_over": 180,
    "report_due_days": 1,
    "calendar": "24x7",
}
LADDER = [
    {"clock": "restore", "at": at, "to": to, "action": "notify"}
    for at, to in {
        "50%": "duty_lead",
        "75%": "city_head",
        "100%": "director",
        "PT2H": "group",
    }.items()
]


def at(minute):
    return ZERO + timedelta(minutes=minute)


def told(minute, verb, **particulars):
    return SimpleNamespace(at=at(minute), verb=verb, particulars=particulars)


def opened(ladder=LADDER, **limit):
    """The ticket is there and has its limits."""
    return [told(0, "opened", started_at=at(0).isoformat()), limits(0, ladder, **limit)]


def limits(minute, ladder=LADDER, **limit):
    return told(minute, "limit set", limit=LIMIT | limit, ladder=ladder)


def stop(begin, end, reason="no_access"):
    """A suspension from one minute to another; without an end it lasts."""
    entries = [told(begin, "suspended", reason=reason)]
    return [*entries, told(end, "resumed")] if end is not None else entries


def fired(minute, clock, label, to="", cycle=1, rung=1):
    verb = "limit missed" if label == "100%" else "escalated"
    return told(minute, verb, clock=clock, cycle=cycle, rung=rung, at=label, to=to)


def reading(name, entries, now, reasons=MappingProxyType({})):
    """The clock at that minute, from entries in the order in which they were recorded."""
    for seq, entry in enumerate(entries, 1):
        entry.seq = seq
    return read(DEFINITIONS[name], entries, CALENDARS, at(now), reasons)


def minute(instant):
    return None if instant is None else (instant - ZERO) / timedelta(minutes=1)
