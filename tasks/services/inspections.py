"""Services about the inspection that a run is about: what room_inspection.bpmn calls. The verbs are
in tasks/inspections/. What people gave and cannot be done is told back, for the diagram to ask
again.
"""

from typing import Any

from records import Inspection
from tasks.inspections import findings, inspection_reports, inspections, needs, results
from tasks.refusals import Refusal
from tasks.services.attempts import attempt
from tasks.services.kinds import Caller, ServiceRefused

Facts = dict[str, Any]


def describe(caller: Caller) -> Facts:
    return inspections.describe(caller.session, _row(caller))


def take_appointment(caller: Caller, *, appointment: Facts) -> Facts:
    """`is_taken` is false where it will not do, and history says why."""
    return attempt(caller, inspections.take_appointment, _row(caller), appointment)


def take_results(caller: Caller, *, results_told: Facts) -> Facts:
    """All of the checklist, or `is_taken` is false: `why` says what is missing."""
    told = attempt(caller, results.take, _row(caller), results_told)
    if told["is_taken"]:
        needs.settle(caller.session, _row(caller), "met")
    return {"observations": []} | told


def note_findings(caller: Caller, *, observations: list[Facts], grades: list[Facts]) -> Facts:
    row, told = _row(caller), {"by": caller.by, "now": caller.now}
    return findings.note(caller.session, row, observations, grades, **told)  # type: ignore[arg-type]


def sign(caller: Caller, *, signature: Facts) -> Facts:
    return {"is_signed": False} | attempt(caller, inspections.sign, _row(caller), signature)


def act_on_findings(caller: Caller, *, observations: list[Facts]) -> Facts:
    row = _row(caller)
    return findings.act(caller.session, row, observations, by=caller.by, now=caller.now)


def send_report(caller: Caller, *, summary: str) -> Facts:
    row = _row(caller)
    try:
        sent = inspection_reports.send(caller.session, row, summary, by=caller.by, now=caller.now)
    except Refusal as refusal:
        raise ServiceRefused(refusal.code, refusal.zh, refusal.en) from refusal
    return {"notices": sent, "to_mend": len(findings.to_mend(caller.session, row))}


def mend(caller: Caller, *, mended: Facts) -> Facts:
    return {"left": 1} | attempt(caller, findings.mend, _row(caller), mended)


def look_again(caller: Caller, *, looked: Facts) -> Facts:
    """Who mended it does not look again: then `is_taken` is false."""
    return {"left": 1} | attempt(caller, findings.look_again, _row(caller), looked)


def finish(caller: Caller) -> Facts:
    inspections.finish(caller.session, _row(caller), by=caller.by, now=caller.now)
    return {"state": "done"}


def cancel(caller: Caller, *, reason: str, by: str) -> Facts:
    row = _row(caller)
    inspections.cancel(caller.session, row, reason=reason, by=by or caller.by, now=caller.now)
    return {"state": "cancelled"}


def _row(caller: Caller) -> Inspection:
    key = int(caller.subject.rpartition(":")[2])
    return caller.session.get_one(Inspection, key)
