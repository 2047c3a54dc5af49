"""Service calls that wait: those that leave the machine, and those that failed and are tried again.

The edge drives three short steps: claim (a transaction), perform (outside any transaction, for what
leaves the machine), settle (a transaction that moves the run). A lost worker's claim runs out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from bpmn.callbacks import BACKOFF
from bpmn.moves import Move, take
from bpmn.runs import go_on
from records import Run, ServiceCall
from tasks.services import SERVICES, ServiceRefused

LEASE = timedelta(seconds=20)  # then another worker tries; twice what a far side may take


@dataclass(frozen=True)
class Outcome:
    """What came of a call: a result, or a failure that may pass or is final."""

    result: dict[str, Any] | None = None
    code: str = ""
    error: str = ""
    is_final: bool = False


def due(session: Session, *, now: datetime, limit: int = 100) -> list[int]:
    """The calls to be made now, oldest first."""
    waiting = (col(ServiceCall.state) == "waiting") & (col(ServiceCall.due_at) <= now)
    rows = select(ServiceCall.id).where(waiting).order_by(col(ServiceCall.due_at)).limit(limit)
    return list(session.exec(rows))


def claim(session: Session, call_id: int, *, now: datetime) -> ServiceCall | None:
    """Take a call for LEASE. None if another worker was faster."""
    mine = (
        update(ServiceCall)
        .where(col(ServiceCall.id) == call_id, col(ServiceCall.state) == "waiting")
        .where(col(ServiceCall.due_at) <= now)
        .values(due_at=now + LEASE, attempts=ServiceCall.attempts + 1)
    )
    if session.connection().execute(mine).rowcount != 1:
        return None
    return session.get_one(ServiceCall, call_id, populate_existing=True)


def perform(call: ServiceCall) -> Outcome:
    """Call a service outside the machine. Never within a transaction."""
    try:
        return Outcome(result=SERVICES[call.service].function(call.key, **call.params))
    except ServiceRefused as refusal:
        return Outcome(code=refusal.code, error=f"{refusal.zh} / {refusal.en}", is_final=True)
    except Exception as error:
        return Outcome(code="service-failed", error=f"{type(error).__name__}: {error}")


def settle(session: Session, call_id: int, outcome: Outcome | None, *, now: datetime) -> None:
    """Move the run on with what came of the call. None: the service is inside, call it here."""
    call = session.get_one(ServiceCall, call_id, populate_existing=True)
    is_open = session.exec(select(Run.status).where(Run.id == call.run_id)).one() == "open"
    if call.state != "waiting" or not is_open:
        return
    move = take(session, call.run_id, by="system", now=now)
    session.refresh(call)
    if call.state != "waiting":  # its lease ran out, and who made it again was faster
        return
    outcome = outcome or _call_inside(move, call)
    if outcome.result is not None:
        _close(call, "done", now)
        move.live.finish_call(call.step_id, outcome.result)
    elif outcome.is_final or call.attempts > len(BACKOFF):
        _close(call, "failed", now, outcome.error)
        move.live.fail_call(call.step_id, outcome.code, outcome.error)
    else:
        call.error = outcome.error
        call.due_at = now + timedelta(seconds=BACKOFF[call.attempts - 1])
        return
    session.flush()
    go_on(move)


def _call_inside(move: Move, call: ServiceCall) -> Outcome:
    caller = move.callbacks.caller(call.step_id, call.element)
    try:
        service = SERVICES[call.service]
        return Outcome(result=move.callbacks.call(service, call.params, caller))
    except ServiceRefused as refusal:
        return Outcome(code=refusal.code, error=f"{refusal.zh} / {refusal.en}", is_final=True)
    except Exception as error:
        return Outcome(code="service-failed", error=f"{type(error).__name__}: {error}")


def _close(call: ServiceCall, state: str, now: datetime, error: str = "") -> None:
    call.state, call.ended_at, call.error = state, now, error
