"""Incidents: steps that failed. Retry, skip with a reason, or correct the data. Called by api.

Every repair is one transaction and one entry in the run's history.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bpmn.moves import refusals, take
from bpmn.runs import go_on
from records import Incident, Person, history
from tasks.refusals import Invalid, NotAllowed


def retry(session: Session, incident: Incident, *, by: Person, now: datetime) -> None:
    """Run the step again with the data as it is."""
    _repair(session, incident, "retried", by=by, now=now)


def correct(
    session: Session,
    incident: Incident,
    facts: Mapping[str, Any],
    *,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """Set some of the step's data right, then run it again."""
    _require_reason(reason)
    _repair(session, incident, "corrected", by=by, now=now, facts=dict(facts), reason=reason)


def skip(session: Session, incident: Incident, *, reason: str, by: Person, now: datetime) -> None:
    """Go on as if the step were done."""
    _require_reason(reason)
    _repair(session, incident, "skipped", by=by, now=now, reason=reason)


def _repair(
    session: Session,
    incident: Incident,
    how: str,
    *,
    by: Person,
    now: datetime,
    facts: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    move = take(session, incident.run_id, by=by.login, now=now)
    session.refresh(incident)
    if incident.settled_at:
        raise NotAllowed(
            f"{incident.settled_by} 已处理过这个异常,请刷新",
            f"{incident.settled_by} has settled this incident already: reload to see",
            first=incident.settled_by,
        )
    incident.settled_at, incident.settled_by = now, by.login
    incident.settled_how, incident.reason = how, reason
    session.flush()
    told = {"incident": incident.id, "element": incident.element, "reason": reason}
    if facts:
        told["facts"] = facts
    subject = f"run:{incident.run_id}"
    history.record(session, how, subject=subject, by=by.login, at=now, **told)
    with refusals():
        if how == "skipped":
            move.live.skip(incident.step_id)
        else:
            move.live.retry(incident.step_id, facts)
    # A step that fails again is a new incident.
    move.before.troubles.pop(incident.step_id, None)
    go_on(move)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        zh, en = "请写明原因", "Say why"
        raise Invalid(zh, en, fields=[{"field": "reason", "zh": zh, "en": en}])
