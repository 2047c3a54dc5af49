"""What the engine calls when a run comes to a service step. Used by moves.py; delivery: calls.py.

A service inside the machine runs at once, in the run's transaction; if it fails, it is tried again
later. A service outside is queued, and its result moves the run when it comes.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from bpmn import wall
from records import ServiceCall, history
from records.bold import is_bold, unguarded
from tasks.services import SERVICES, Caller, Service, ServiceRefused

BACKOFF = (2, 8, 30, 120, 600)  # seconds before the 2nd, 3rd … try; after the last, an incident

log = logging.getLogger(__name__)


class Callbacks:
    """The services of one run in one transaction."""

    def __init__(
        self, session: Session, *, run_id: int, subject: str, by: str, now: datetime
    ) -> None:
        self.session, self.run_id, self.subject = session, run_id, subject
        self.by, self.now = by, now

    def __call__(self, request: wall.ServiceRequest) -> Any:
        service = SERVICES[request.service]
        if service.is_outside:
            return self._queue(request, error="", attempts=0)
        try:
            return self.call(
                service, request.params, self.caller(request.step_id, request.element_id)
            )
        except ServiceRefused as refusal:  # the diagram may catch it
            raise wall.ServiceFailed(refusal.code, f"{refusal.zh} / {refusal.en}") from refusal
        except Exception as error:
            log.exception("service %s failed in run %s", request.service, self.run_id)
            return self._queue(request, error=f"{type(error).__name__}: {error}", attempts=1)

    def call(self, service: Service, params: dict[str, Any], caller: Caller) -> dict[str, Any]:
        """Call a service inside the machine; if it raises, nothing of it remains."""
        bold = is_bold(self.session)
        with unguarded(self.session) if bold else history.savepoint(self.session):
            return service.function(caller, **params)

    def caller(self, step_id: int, element: str) -> Caller:
        return Caller(
            session=self.session,
            now=self.now,
            run_id=self.run_id,
            subject=self.subject,
            element=element,
            by=self.by,
            key=key_of(self.run_id, step_id),
        )

    def _queue(self, request: wall.ServiceRequest, *, error: str, attempts: int) -> Any:
        key = key_of(self.run_id, request.step_id)
        call = self.session.exec(select(ServiceCall).where(ServiceCall.key == key)).first()
        if call is None:
            call = ServiceCall(
                run_id=self.run_id,
                step_id=request.step_id,
                element=request.element_id,
                service=request.service,
                key=key,
                due_at=self.now,
                queued_at=self.now,
            )
        delay = timedelta(seconds=BACKOFF[0] if error else 0)
        call.params, call.state, call.due_at = request.params, "waiting", self.now + delay
        call.error, call.attempts, call.ended_at = error, attempts, None
        self.session.add(call)
        return wall.LATER


def key_of(run_id: int, step_id: int) -> str:
    """One key for one step of one run, however often it is tried or retried."""
    return f"run-{run_id}-step-{step_id}"
