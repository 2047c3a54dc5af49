"""Inspections of rooms and their runs: plan them by the table inspection_cycle, send them out, call
them off; what is dangerous becomes a ticket. Called by the doors and the timed work.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from bpmn import library, runs, tickets
from records import Circuit, Finding, Inspection, Person, Run, history
from tasks.inspections import inspections, planner, sending
from tasks.inspections.inspection_states import AHEAD, subject_of
from tasks.inspections.planner import Planned
from tasks.inspections.rooms import Cycle, Cycles
from tasks.refusals import NotAllowed

DIAGRAM, TABLE = "room_inspection", "inspection_cycle"
BY = "system"


def plan(session: Session, *, now: datetime) -> Planned:
    return planner.plan(session, cycles(session), now=now)


def cycles(session: Session) -> Cycles:
    """How often, as the table says now."""
    table = library.current(session, DIAGRAM).blueprint.decisions[TABLE]

    def cycle(grade: str, is_headquarters: bool, is_ageing: bool) -> Cycle:
        about = {"grade": grade, "is_headquarters": is_headquarters, "is_ageing": is_ageing}
        told = table.decide({"inspection": about}).result
        return Cycle(int(told["months"]), int(told["rooms"]))

    return cycle


def send(session: Session, id: int, *, now: datetime) -> bool:
    """A visit, its crew, and the run. False where it is planned again, or was sent already."""
    row = session.get_one(Inspection, id, with_for_update=True)
    if row.state != "planned" or not sending.send(session, row, now=now):
        return False
    begin(session, row, now=now)
    return True


def begin(session: Session, row: Inspection, *, now: datetime) -> Run:
    session.flush()
    data = {"appointed": {"is_agreed": True, "reason": ""}}
    run = runs.start(session, DIAGRAM, data, by=BY, now=now, subject=subject_of(row))
    row.run_id = run.id
    session.flush()
    return run


def call_off(session: Session, row: Inspection, *, reason: str, by: str, now: datetime) -> None:
    """取消. Only where nobody was there yet."""
    run = session.get(Run, row.run_id) if row.run_id else None
    if row.state not in AHEAD or run is None or run.status != "open":
        inspections.cancel(session, row, reason=reason, by=by, now=now)
        return
    told = {"reason": reason, "by": by}
    heard = runs.send(session, "message", "cancel", told, run_id=run.id, by=by, now=now)
    session.refresh(row)
    if not heard:
        raise NotAllowed(
            f"巡检 {row.number} 现在的环节不能取消,请刷新后再看",
            f"Inspection {row.number} is at a step where it cannot be cancelled: reload to see",
        )


def drop_orphan(session: Session, id: int, *, now: datetime) -> None:
    """Nothing needs it any more."""
    row = session.get_one(Inspection, id, with_for_update=True)
    if row.state in AHEAD:
        call_off(session, row, reason="不再需要 / Not needed any more", by=BY, now=now)


def waiting_findings(session: Session, limit: int = 200) -> list[int]:
    """Those that are to be tickets, and are not yet; signed for."""
    rows = (
        select(Finding.id)
        .join(Inspection, col(Inspection.id) == col(Finding.inspection_id))
        .where(Finding.action == "ticket", Finding.outcome == "", col(Finding.fixed_at).is_(None))
        .where(col(Inspection.signed_at).is_not(None))
    )
    return list(session.exec(rows.order_by(col(Finding.id)).limit(limit)))


def open_ticket(session: Session, id: int, *, now: datetime) -> bool:
    """As if the inspector had called: noted on the open ticket of that circuit, if there is one."""
    finding = session.get_one(Finding, id, with_for_update=True)
    row = session.get_one(Inspection, finding.inspection_id)
    circuit = _circuit(session, finding)
    inspector = session.exec(select(Person).where(Person.login == row.inspected_by)).one()
    if finding.outcome or circuit is None:
        return False
    words = f"{row.number}: {finding.object} {finding.what}"
    call = {
        "reporter": inspector.name,
        "phone": inspector.phone or "000",
        "circuit_code": circuit.code,
        "symptom": words[:500],
        "started_at": finding.found_at.isoformat(),
        "impact": "degraded",
    }
    ticket = tickets.report(session, call, by=inspector, now=now)
    finding.outcome = f"ticket:{ticket.id}"
    told = {"finding": finding.id, "ticket": ticket.id}
    history.record(session, "ticket opened", subject=subject_of(row), by=BY, at=now, also=told)
    return True


def _circuit(session: Session, finding: Finding) -> Circuit | None:
    """Of the customer's that end there, the best one."""
    ends = (col(Circuit.a_site_id) == finding.site_id) | (col(Circuit.z_site_id) == finding.site_id)
    mine = select(Circuit).where(Circuit.customer_id == finding.customer_id, ends)
    there = mine.where(col(Circuit.ceased_at).is_(None))
    return session.exec(there.order_by(col(Circuit.grade), col(Circuit.id))).first()
