"""Services about the run of a plan that a run is about: what emergency_plan.bpmn calls.

Each does one verb and tells what came of it; the verbs and their rules are in tasks/plans/.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from records import PlanRun
from tasks.plans import plan_runs, reservations, statements
from tasks.refusals import Refusal
from tasks.services.kinds import Caller, ServiceRefused

Facts = dict[str, Any]


def remind_confirm(caller: Caller) -> Facts:
    return {"told": plan_runs.remind(caller.session, run_of(caller), now=caller.now)}


def decline(caller: Caller, *, reason: str) -> Facts:
    return _do(caller, plan_runs.decline, reason=reason)


def activate(caller: Caller) -> Facts:
    """Who was called, what was reserved, what is short."""
    run = run_of(caller)
    with _refusals():
        return plan_runs.activate(caller.session, run, by=caller.by, now=caller.now)


def escalate(caller: Caller, *, level: str, reason: str, by: str) -> Facts:
    return _do(caller, plan_runs.escalate, by, level=level, reason=reason)


def note_arrival(caller: Caller, *, reservation: int, by: str) -> Facts:
    return _do(caller, reservations.arrive, by, reservation_id=reservation)


def abort(caller: Caller, *, reason: str, by: str) -> Facts:
    return _do(caller, plan_runs.abort, by, reason=reason)


def stand_down(caller: Caller, *, assessment: Mapping[str, Any]) -> Facts:
    return _do(caller, plan_runs.stand_down, assessment=assessment)


def draft_statement(caller: Caller, *, statement: Mapping[str, Any]) -> Facts:
    return _do(caller, statements.draft, told=statement)


def sign_statement(caller: Caller, *, signature: Mapping[str, Any]) -> Facts:
    run, told = run_of(caller), {"is_signed": bool(signature["is_signed"])}
    note = signature.get("note") or ""
    with _refusals():
        decide = statements.decide
        told["is_signed"] = decide(
            caller.session, run, **told, note=note, by=caller.by, now=caller.now
        )
    return told


def close(caller: Caller, *, review: Mapping[str, Any]) -> Facts:
    run = run_of(caller)
    with _refusals():
        score = plan_runs.close(caller.session, run, review=review, by=caller.by, now=caller.now)
    return {"total": score.get("total")}


def run_of(caller: Caller) -> PlanRun:
    """Locked on PostgreSQL, as a door may change it meanwhile."""
    about, _, number = caller.subject.partition(":")
    key = int(number) if about == "plan run" else 0
    run = caller.session.get(PlanRun, key, with_for_update=True)
    if run is None:
        raise ServiceRefused("not-found", "这个流程没有预案", "This run is not about a plan")
    return run


def _do(caller: Caller, verb: Callable[..., Any], by: str = "", /, **told: Any) -> Facts:
    run = run_of(caller)
    with _refusals():
        verb(caller.session, run, by=by or caller.by, now=caller.now, **told)
    return {"state": run.state}


@contextmanager
def _refusals() -> Iterator[None]:
    """Trying again will not help: somebody has to look."""
    try:
        yield
    except Refusal as refusal:
        raise ServiceRefused(refusal.code, refusal.zh, refusal.en) from refusal
