"""Inspections of rooms (机房巡检) from the appointment to the end. Called by the services of
room_inspection.bpmn and by the doors; nothing here moves a run.

When and by whom: planner.py. What was measured: results.py. What was found: findings.py.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from records import Circuit, Customer, Finding, Inspection, Site, Visit
from tasks import policies
from tasks.field import visit_sheets, visits
from tasks.field.visit_jobs import Window
from tasks.inspections import needs
from tasks.inspections.inspection_states import record, require, shift, subject_of
from tasks.refusals import wrong

Facts = dict[str, Any]
Given = Mapping[str, Any]
AGEING = "none"  # what no element manager sees is of the oldest generation


def describe(session: Session, row: Inspection) -> Facts:
    """What the diagram and its tables ask about."""
    customer = session.get_one(Customer, row.customer_id)
    site = session.get_one(Site, row.site_id)
    return {
        "number": row.number,
        "customer": customer.name,
        "grade": customer.grade,
        "is_headquarters": customer.is_headquarters,
        "is_ageing": _is_ageing(session, row),
        "place": f"{site.city}{site.county} {site.name}",
        "room": row.room,
        "kind": row.kind,
        "starts_at": row.starts_at.isoformat() if row.starts_at else "",
    }


def take_appointment(
    session: Session, row: Inspection, answer: Given, *, by: str, now: datetime
) -> Facts:
    """What was agreed with the customer: the time that we had in mind, another one, or nothing."""
    require("again", row)
    visit = session.get_one(Visit, row.visit_id)
    outcome = answer["outcome"]
    if outcome == "declined":
        return {"is_agreed": False, "reason": answer["reason"]}
    if outcome == "moved":
        _move(session, row, visit, answer, by, now)
    if visit.state == "to_approve":
        zh, en = "上门还没有批准,请先批准", "The visit is not approved yet: approve it first"
        raise wrong("outcome", zh, en)
    visit_sheets.explain(session, visit, by_phone=bool(answer.get("by_phone")), by=by, now=now)
    visit_sheets.confirm(session, visit, who=answer["who"], by=by, now=now)
    record(session, "appointed", row, by, now, who=answer["who"], outcome=outcome)
    return {"is_agreed": True, "reason": ""}


def sign(session: Session, row: Inspection, answer: Given, *, by: str, now: datetime) -> Facts:
    """签字. Where the customer will not sign, the room is looked at again."""
    require("sign", row)
    if not answer["is_signed"]:
        record(session, "not signed", row, by, now, words=answer.get("words", ""))
        return {"is_signed": False}
    at = datetime.fromisoformat(answer["signed_at"])
    if not (row.inspected_at or now) - timedelta(days=1) <= at <= now + timedelta(hours=1):
        zh, en = "签字时间应在巡检之后、现在之前", "It was signed after the inspection, before now"
        raise wrong("signed_at", zh, en)
    row.signature, row.signed_at = dict(answer), at
    row.report_by_at = _calendar(session).add_days(now, rules_of(session)["report_days"])
    shift(session, "signed", row, "signed", by, now, who=answer["signed_by"])
    return {"is_signed": True}


def finish(session: Session, row: Inspection, *, by: str, now: datetime) -> None:
    """Reported, and what was dangerous is gone."""
    require("finish", row)
    row.done_at = now
    found = func.count(col(Finding.id))
    count = session.exec(select(found).where(Finding.inspection_id == row.id)).one()
    shift(session, "finished", row, "done", by, now, findings=count)


def cancel(session: Session, row: Inspection, *, reason: str, by: str, now: datetime) -> None:
    """Nobody comes. What it was for counts as settled where the customer declined."""
    require("cancel", row)
    if not reason.strip():
        raise wrong("reason", "请写明原因", "Say why")
    if row.visit_id is not None:
        visits.drop(session, subject_of(row), reason=reason, by=by, now=now)
    row.done_at, row.closing = now, {"reason": reason}
    needs.settle(session, row, "declined")
    shift(session, "cancelled", row, "cancelled", by, now, reason=reason)


def rules_of(session: Session) -> Facts:
    """How they are planned: a part of the policy "inspections"."""
    planning: Facts = policies.current(session, "inspections").content["planning"]
    return planning


def _calendar(session: Session) -> Any:
    return needs.calendar_of(session)


def _move(
    session: Session, row: Inspection, visit: Visit, answer: Given, by: str, now: datetime
) -> None:
    starts_at = datetime.fromisoformat(answer["starts_at"])
    window = Window(starts_at, starts_at + (visit.ends_at - visit.starts_at))
    reason = answer.get("reason") or "客户改期 / The customer wants another time"
    is_kept = visits.move(session, visit, window, reason=reason, by=by, now=now)
    row.starts_at, row.ends_at = window
    row.lead_id = row.lead_id if is_kept else None


def _is_ageing(session: Session, row: Inspection) -> bool:
    ends = (col(Circuit.a_site_id) == row.site_id) | (col(Circuit.z_site_id) == row.site_id)
    mine = select(Circuit.id).where(Circuit.customer_id == row.customer_id, ends)
    old = mine.where(Circuit.manageability == AGEING, col(Circuit.ceased_at).is_(None))
    return session.exec(old.limit(1)).first() is not None
