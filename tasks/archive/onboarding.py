"""Onboarding (分阶段实施): customers are taken on to care from end to end in waves, once ready.

    preparing ──ready, and taken on──▶ onboarded
        └────────put off─────────────▶ put_off ──next wave──▶ preparing

The gate: a readiness that the wave asks for, and no open discrepancy. Run: customer_onboarding.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from records import Customer, Onboarding, Person, Readiness, Wave, history
from records.customers import GRADES
from tasks.access.people import require
from tasks.archive import readiness
from tasks.refusals import Conflict, NotAllowed, NotFound, wrong

PARTS = ("reach", "accuracy", "linkage")


def plan_wave(
    session: Session,
    *,
    key: str,
    name: str,
    grades: Sequence[str],
    cities: Sequence[str],
    least_score: float,
    most: int,
    starts_at: datetime,
    by: Person,
    now: datetime,
) -> Wave:
    require(by, "archives:keep")
    if not grades or not set(grades) <= set(GRADES):
        some = ", ".join(GRADES)
        raise wrong("grades", f"应为 {some} 之中的若干个", f"These are some of {some}")
    if session.exec(select(Wave.id).where(Wave.key == key)).first():
        raise Conflict(f"批次“{key}”已经有了", f"There is a wave “{key}” already")
    told: dict[str, Any] = {"key": key, "name": name, "grades": list(grades)}
    told |= {"cities": list(cities), "least_score": least_score, "most": most}
    wave = Wave(**told, starts_at=starts_at, planned_by=by.login)
    session.add(wave)
    session.flush()
    _record(session, f"wave:{wave.id}", "planned", by.login, now, **told)
    return wave


def open_wave(session: Session, id: int, *, by: Person, now: datetime) -> int:
    """Its customers begin to prepare, the most ready first; how many. Twice is once."""
    require(by, "archives:keep")
    wave = session.get(Wave, id, with_for_update=True)
    if wave is None:
        raise NotFound(f"没有编号为 {id} 的批次", f"There is no wave {id}")
    if wave.state != "planned":
        raise NotAllowed("这个批次已经启动", "This wave has begun already")
    wave.state = "open"
    chosen = _choose(session, wave)
    for customer in chosen:
        told: Any = {"wave_id": wave.id, "state": "preparing", "begun_at": now, "run_id": None}
        row = session.exec(select(Onboarding).where(Onboarding.customer_id == customer)).first()
        row = row or Onboarding(customer_id=customer, **told)
        for name, value in told.items():
            setattr(row, name, value)
        session.add(row)
    _record(session, f"wave:{wave.id}", "opened", by.login, now, customers=len(chosen))
    return len(chosen)


def look(session: Session, row: Onboarding, *, now: datetime) -> dict[str, Any]:
    """Is the gate open, and what is lacking?"""
    wave = session.get_one(Wave, row.wave_id)
    found = readiness.look(session, row.customer_id, now=now)
    lacking = [part for part in PARTS if getattr(found, part) < wave.least_score]
    lacking += ["discrepancies"] if found.facts["discrepancies"] else []
    row.score = found.score
    is_ready = found.score >= wave.least_score and "discrepancies" not in lacking
    return {"is_ready": is_ready, "score": found.score, "lacking": [] if is_ready else lacking}


def take_on(
    session: Session, row: Onboarding, checklist: dict[str, Any], *, by: str, now: datetime
) -> bool:
    """False where the gate has closed again since it was looked at."""
    if not look(session, row, now=now)["is_ready"]:
        return False
    row.state, row.onboarded_at, row.checklist = "onboarded", now, checklist
    _record(session, _of(row), "onboarded", by, now, score=row.score, checklist=checklist)
    _close_wave(session, row.wave_id, now)
    return True


def put_off(session: Session, row: Onboarding, reason: str, *, by: str, now: datetime) -> None:
    row.state, row.reason = "put_off", reason
    _record(session, _of(row), "onboarding put off", by, now, reason=reason)
    _close_wave(session, row.wave_id, now)


def _choose(session: Session, wave: Wave) -> list[int]:
    """Neither onboarded nor on the way; those who were counted, the most ready first."""
    busy = select(Onboarding.customer_id).where(Onboarding.state != "put_off")
    rows = (
        select(Customer.id)
        .outerjoin(Readiness, col(Readiness.customer_id) == col(Customer.id))
        .where(col(Customer.grade).in_(wave.grades), col(Customer.id).not_in(busy))
        .order_by(col(Readiness.score).desc().nulls_last(), col(Customer.id))
    )
    if wave.cities:
        rows = rows.where(col(Customer.city).in_(wave.cities))
    return list(session.exec(rows.limit(wave.most)))


def _close_wave(session: Session, id: int, now: datetime) -> None:
    """When nobody of it prepares any more."""
    session.flush()
    mine = select(Onboarding.id).where(Onboarding.wave_id == id, Onboarding.state == "preparing")
    if session.exec(mine).first() is None:
        wave = session.get_one(Wave, id)
        wave.state, wave.closed_at = "closed", now


def _of(row: Onboarding) -> str:
    return f"customer:{row.customer_id}"


def _record(session: Session, subject: str, verb: str, by: str, now: datetime, **told: Any) -> None:
    history.record(session, verb, subject=subject, by=by, at=now, also=told)
