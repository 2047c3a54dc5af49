"""Services about the cutover that a run is about: what cutover.bpmn calls. The verbs are in
tasks/inspections/cutovers.py.
"""

from typing import Any

from records import Cutover
from tasks.inspections import cutovers
from tasks.services.attempts import attempt
from tasks.services.kinds import Caller

Facts = dict[str, Any]


def describe(caller: Caller) -> Facts:
    return cutovers.describe(caller.session, _row(caller))


def take_plan(caller: Caller, *, plan: Facts) -> Facts:
    """`is_taken` is false where it is frozen, or customers could not be told in time."""
    return attempt(caller, cutovers.take_plan, _row(caller), plan)


def take_approval(caller: Caller, *, approval: Facts) -> Facts:
    told = attempt(caller, cutovers.take_approval, _row(caller), approval)
    return {"is_approved": False, "is_final": False} | told


def announce(caller: Caller) -> Facts:
    return cutovers.announce(caller.session, _row(caller), by=caller.by, now=caller.now)


def look_before(caller: Caller) -> Facts:
    return cutovers.look_before(caller.session, _row(caller))


def take_before(caller: Caller, *, check: Facts) -> Facts:
    return {"is_go": False} | attempt(caller, cutovers.take_before, _row(caller), check)


def take_after(caller: Caller, *, check: Facts) -> Facts:
    return {"is_right": False} | attempt(caller, cutovers.take_after, _row(caller), check)


def close(caller: Caller, *, told: Facts, is_backed_out: bool) -> Facts:
    closing = {**told, "is_backed_out": is_backed_out}
    return cutovers.close(caller.session, _row(caller), closing, by=caller.by, now=caller.now)


def refuse(caller: Caller, *, reason: str) -> Facts:
    return cutovers.refuse(caller.session, _row(caller), reason, by=caller.by, now=caller.now)


def cancel(caller: Caller, *, reason: str, by: str) -> Facts:
    return cutovers.cancel(caller.session, _row(caller), reason, by=by, now=caller.now)


def _row(caller: Caller) -> Cutover:
    return caller.session.get_one(Cutover, int(caller.subject.rpartition(":")[2]))
