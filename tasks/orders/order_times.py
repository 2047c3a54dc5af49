"""Where the time of an order went (时间线与时段): its history, work orders and visits in one line,
and how long each kind of time was. Called by the doors and the tour.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from records import Entry, ServiceOrder, WorkOrder
from tasks.field import visits
from tasks.orders.order_states import subject_of

SEGMENTS = ("waiting", "work", "verify", "on_site", "stopped")


def timeline(session: Session, order: ServiceOrder) -> list[dict[str, Any]]:
    """What happened to it and to its visits, and each work order that was done, in turn."""
    found = [*_of_history(session, order), *_of_work_orders(session, order)]
    return sorted(found, key=lambda each: each["at"])


def segments(session: Session, order: ServiceOrder, now: datetime) -> dict[str, float]:
    """Minutes that work orders waited for somebody, were worked on, verified; that crews were on
    site; and that the customer stopped the clock. Work side by side counts for each."""
    told = dict.fromkeys(SEGMENTS, 0.0)
    for one in _work_orders(session, order):
        taken, done = one.accepted_at or one.finished_at or now, one.finished_at or now
        told["waiting"] += _minutes(one.opened_at, taken)
        told["verify" if one.segment == "verify" else "work"] += _minutes(taken, done)
    for visit in visits.of_subject(session, subject_of(order)):
        if visit.started_at:
            told["on_site"] += _minutes(visit.started_at, visit.finished_at or now)
    for entry in _entries(session, subject_of(order)):
        if entry.verb == "resumed":
            told["stopped"] += entry.particulars.get("stopped_seconds", 0) / 60
    if order.state == "postponed" and order.postponed_at:
        told["stopped"] += _minutes(order.postponed_at, now)
    return {name: round(value, 1) for name, value in told.items()}


def _of_history(session: Session, order: ServiceOrder) -> Iterator[dict[str, Any]]:
    subjects = [f"visit:{each.id}" for each in visits.of_subject(session, subject_of(order))]
    for subject in (subject_of(order), *subjects):
        for entry in _entries(session, subject):
            if entry.verb == "notice kept":  # its verb is told already
                continue
            yield {"at": entry.at, "what": entry.verb, "subject": subject, "by": entry.by}


def _of_work_orders(session: Session, order: ServiceOrder) -> Iterator[dict[str, Any]]:
    for one in _work_orders(session, order):
        if one.finished_at and one.answers is not None:
            subject = f"work order:{one.id}"
            yield {"at": one.finished_at, "what": one.title, "subject": subject,
                   "by": one.finished_by}  # fmt: skip


def _work_orders(session: Session, order: ServiceOrder) -> list[WorkOrder]:
    mine = select(WorkOrder).where(WorkOrder.run_id == (order.run_id or 0))
    return list(session.exec(mine.order_by(col(WorkOrder.id))))


def _entries(session: Session, subject: str) -> list[Entry]:
    return list(
        session.exec(select(Entry).where(Entry.subject == subject).order_by(col(Entry.seq)))
    )


def _minutes(since: datetime, until: datetime) -> float:
    return max((until - since).total_seconds(), 0.0) / 60
