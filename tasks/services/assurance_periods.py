"""Services about the assurance period that a run is about: what assurance_period.bpmn calls. The
verbs are in tasks/inspections/assurance_periods.py.
"""

from typing import Any

from records import AssurancePeriod
from tasks.inspections import assurance_periods as periods
from tasks.services.attempts import attempt
from tasks.services.kinds import Caller

Facts = dict[str, Any]


def describe(caller: Caller) -> Facts:
    return periods.describe(caller.session, _row(caller))


def take_plan(caller: Caller, *, plan: Facts) -> Facts:
    return attempt(caller, periods.take_plan, _row(caller), plan)


def take_approval(caller: Caller, *, approval: Facts) -> Facts:
    """`is_taken` is false where who asked for it approves."""
    return {"is_approved": False} | attempt(caller, periods.take_approval, _row(caller), approval)


def look(caller: Caller) -> Facts:
    return periods.look(caller.session, _row(caller))


def take_readiness(caller: Caller, *, readiness: Facts) -> Facts:
    return attempt(caller, periods.take_readiness, _row(caller), readiness)


def begin(caller: Caller) -> Facts:
    return periods.begin(caller.session, _row(caller), by=caller.by, now=caller.now)


def note_day(caller: Caller, *, note: Facts) -> Facts:
    return periods.note_day(caller.session, _row(caller), note, by=caller.by, now=caller.now)


def end(caller: Caller) -> Facts:
    return periods.end(caller.session, _row(caller), by=caller.by, now=caller.now)


def close(caller: Caller, *, summary: Facts) -> Facts:
    return periods.close(caller.session, _row(caller), summary, by=caller.by, now=caller.now)


def move(caller: Caller, *, dates: Facts) -> Facts:
    row, by = _row(caller), dates["by"]
    return periods.move(caller.session, row, dates, by=by, now=caller.now)


def cancel(caller: Caller, *, told: Facts) -> Facts:
    row, by = _row(caller), told["by"]
    return periods.cancel(caller.session, row, {"reason": told["reason"]}, by=by, now=caller.now)


def _row(caller: Caller) -> AssurancePeriod:
    return caller.session.get_one(AssurancePeriod, int(caller.subject.rpartition(":")[2]))
