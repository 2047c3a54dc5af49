"""A planned inspection becomes a visit with its crew (派班). Called by bpmn/inspections.py, some
days before it; where the crew is taken meanwhile, it is planned again.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from records import Asset, Inspection, InspectionNeed, Person, Visit, history
from tasks import policies
from tasks.field import visit_crews, visits
from tasks.field.visit_crews import Crew
from tasks.field.visit_jobs import Job, Window
from tasks.inspections.inspection_states import require, shift, subject_of
from tasks.inspections.periods import DAY
from tasks.refusals import Refusal

BY = "system"
KIND = "inspection"  # a job of the policy "visits"


def due(session: Session, *, now: datetime, limit: int = 5_000) -> list[int]:
    """Those that are near enough for a visit, the nearest first."""
    days = policies.current(session, "inspections").content["planning"]["crew_days"]
    rows = select(Inspection.id).where(
        Inspection.state == "planned", col(Inspection.starts_at).between(now, now + days * DAY)
    )
    return list(session.exec(rows.order_by(col(Inspection.starts_at)).limit(limit)))


def send(session: Session, row: Inspection, *, now: datetime) -> bool:
    """Put it on the open visit of that end, or on a new one, with its crew. False where that crew
    cannot: then the planner looks for another time, or, where there is little left, dispatch for
    another crew."""
    require("send", row)
    try:
        with history.savepoint(session):
            visit = _plan(session, row, now)
            if visit.state == "planned":
                visit_crews.assign(session, visit, _crew(session, row), by=BY, now=now)
            _note(session, row, visit, now)
            return True
    except Refusal as refusal:
        session.refresh(row)
        return _do_without(session, row, refusal, now)


def _plan(session: Session, row: Inspection, now: datetime) -> Visit:
    assert row.starts_at is not None and row.ends_at is not None
    minutes = int((row.ends_at - row.starts_at).total_seconds() / 60)
    job = Job(subject_of(row), KIND, minutes=minutes)
    window = Window(row.starts_at, row.ends_at)
    told: dict[str, Any] = {"window": window, "by": BY, "now": now}
    told |= {"site_id": row.site_id, "customer_id": row.customer_id}
    return visits.plan(session, jobs=[job], within=Window(row.from_at, row.by_at), **told)


def _crew(session: Session, row: Inspection) -> Crew:
    lead = session.get_one(Person, row.lead_id)
    vehicle = session.get(Asset, row.crew["vehicle"]) if row.crew.get("vehicle") else None
    carried = [session.get_one(Asset, key) for key in row.crew.get("instruments", ())]
    return Crew([lead], vehicle, carried)


def _note(session: Session, row: Inspection, visit: Visit, now: datetime) -> None:
    crew = visit_crews.crew_of(session, visit)
    is_ours = bool(crew.people) and crew.people[0].id == row.lead_id
    row.lead_id = row.lead_id if is_ours and not _is_led(session, row, visit) else None
    row.visit_id, row.starts_at, row.ends_at = visit.id, visit.starts_at, visit.ends_at
    shift(session, "sent", row, "sent", BY, now, visit=visit.number)


def _is_led(session: Session, row: Inspection, visit: Visit) -> bool:
    """Two of one room may be on one visit, and one that is planned may have to make way for a
    visit that was there before: the lead is that of the other one."""
    others = select(Inspection.id).where(
        Inspection.lead_id == row.lead_id,
        Inspection.starts_at == visit.starts_at,
        Inspection.id != row.id,
        col(Inspection.state).in_(("planned", "sent")),
    )
    return session.exec(others.limit(1)).first() is not None


def _do_without(session: Session, row: Inspection, refusal: Refusal, now: datetime) -> bool:
    told = {"zh": refusal.zh, "en": refusal.en}
    planning = policies.current(session, "inspections").content["planning"]
    if row.by_at - now < timedelta(days=planning["least_notice_days"] + 1):
        row.lead_id = None
        visit = _plan(session, row, now)
        _note(session, row, visit, now)
        return True
    row.lead_id, row.done_at, row.closing = None, now, told
    shift(session, "planned again", row, "cancelled", BY, now, **told)
    session.flush()
    mine = update(InspectionNeed).where(col(InspectionNeed.inspection_id) == row.id)
    session.execute(
        mine.values(state="open", inspection_id=None),
        execution_options={"synchronize_session": False},
    )
    return False
