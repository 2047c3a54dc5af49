"""An assurance period and its run: begin one, move it, call it off. Called by the doors. The rules
are in tasks/inspections/assurance_periods.py.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bpmn import runs
from records import AssurancePeriod, Person, Run
from tasks.access.people import require as require_permission
from tasks.inspections import assurance_periods as periods
from tasks.refusals import NotAllowed

DIAGRAM = "assurance_period"
Told = Mapping[str, Any]


def create(
    session: Session, told: Told, customers: Iterable[int], *, by: Person, now: datetime
) -> AssurancePeriod:
    period = periods.create(session, told, customers, by=by, now=now)
    data = {"restart_at": "", "approved": {"is_approved": False}}
    subject = f"assurance period:{period.id}"
    run = runs.start(session, DIAGRAM, data, by=by.login, now=now, subject=subject)
    period.run_id = run.id
    session.flush()
    return period


def move(
    session: Session, period: AssurancePeriod, told: Told, *, by: Person, now: datetime
) -> None:
    """`told`: starts_at, ends_at, reason. Its inspections follow with the next plan."""
    require_permission(by, "assurance:plan")
    periods.check_dates(session, period, told, now)
    dates = {key: told[key].isoformat() for key in ("starts_at", "ends_at")}
    _send(session, period, "dates_moved", dates | {"reason": told["reason"]}, by, now)


def cancel(
    session: Session, period: AssurancePeriod, *, reason: str, by: Person, now: datetime
) -> None:
    require_permission(by, "assurance:plan")
    periods.require("cancel", period)
    periods.require_reason(reason)
    _send(session, period, "cancel", {"reason": reason}, by, now)


def _send(
    session: Session, period: AssurancePeriod, message: str, told: Told, by: Person, now: datetime
) -> None:
    session.flush()
    run = session.get(Run, period.run_id) if period.run_id else None
    payload = {**told, "by": by.login}
    heard = 0
    if run is not None and run.status == "open":
        heard = runs.send(session, "message", message, payload, run_id=run.id, by=by.login, now=now)
    if not heard:
        zh, en = "流程现在不能这样做,请刷新后再看", "The run cannot do this now: reload to see"
        raise NotAllowed(zh, en, state=period.state)
    session.refresh(period)
