"""A cutover and its run: ask for one, call it off. Called by the doors. The rules are in
tasks/inspections/cutovers.py.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bpmn import runs
from records import Cutover, Person, Run
from tasks.access.people import require as require_permission
from tasks.inspections import cutovers
from tasks.refusals import NotAllowed, wrong

DIAGRAM = "cutover"


def create(session: Session, told: Mapping[str, Any], *, by: Person, now: datetime) -> Cutover:
    row = cutovers.create(session, told, by=by, now=now)
    data = {"plan_wanted": False, "outcome_reason": "", "backed": {"is_backed_out": False}}
    subject = f"cutover:{row.id}"
    run = runs.start(session, DIAGRAM, data, by=by.login, now=now, subject=subject)
    row.run_id = run.id
    session.flush()
    return row


def cancel(session: Session, row: Cutover, *, reason: str, by: Person, now: datetime) -> None:
    """Until it has begun."""
    require_permission(by, "cutovers:ask")
    cutovers.require("cancel", row)
    if not reason.strip():
        raise wrong("reason", "请写明原因", "Say why")
    session.flush()
    run = session.get(Run, row.run_id) if row.run_id else None
    told, heard = {"reason": reason, "by": by.login}, 0
    if run is not None and run.status == "open":
        heard = runs.send(session, "message", "cancel", told, run_id=run.id, by=by.login, now=now)
    if not heard:
        zh, en = "流程现在不能这样做,请刷新后再看", "The run cannot do this now: reload to see"
        raise NotAllowed(zh, en, state=row.state)
    session.refresh(row)
