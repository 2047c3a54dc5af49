"""Audits of inventory (资源核查): a sample each month, drawn by risk, and what came of each.

Weights and size: policy "archives". The draw is by lot, but the same for the same month, so that it
can be proven. What is wrong becomes a discrepancy, which two people settle. Run: resource_audit.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session, col

from records import Audit, Circuit, Customer, Device, Discrepancy, Hop, Site, history
from tasks import policies
from tasks.access.people import find_person, may
from tasks.archive import discrepancies
from tasks.faults.impact import ZONE
from tasks.field import visits
from tasks.field.visits import Job, Window

Map = Mapping[str, Any]
FIRST, LASTS = timedelta(days=7), timedelta(hours=3)  # when a field check is: 09:00 there


def draw(session: Session, *, now: datetime) -> int:
    """This month's sample, once; how many circuits were drawn."""
    period = f"{now.astimezone(ZONE):%Y-%m}"
    rules = policies.current(session, "archives").content["audit"]
    if session.execute(select(col(Audit.id)).where(col(Audit.period) == period).limit(1)).first():
        return 0
    drawn = sorted(_candidates(session, rules, period, now), key=_lot, reverse=True)
    rows = [
        {**row, "period": period, "state": "drawn", "drawn_at": now, "result": {}}
        | {"checked": 0, "wrong": 0, "done_by": ""}
        for row, _ in drawn[: rules["each_month"]]
    ]
    if rows:
        session.execute(insert(Audit), rows)
    return len(rows)


def facts_of(session: Session, audit: Audit) -> dict[str, Any]:
    """What is recorded, and where it contradicts itself or what was found before."""
    circuit = session.get_one(Circuit, audit.circuit_id)
    hops = session.execute(
        select(col(Device.code), col(Device.manageability), col(Hop.port))
        .join(Device, col(Device.id) == col(Hop.device_id))
        .where(col(Hop.circuit_id) == circuit.id)
    ).all()
    codes = [circuit.code, *(code for code, *_ in hops)]
    told = select(col(Discrepancy.object), col(Discrepancy.field)).where(
        col(Discrepancy.object).in_(codes), col(Discrepancy.settled_at).is_(None)
    )
    doubts = [f"{object} {field}".strip() for object, field in session.execute(told)]
    doubts += [f"{code} port" for code, _, port in hops if not port]
    doubts += [] if hops else [f"{circuit.code} route"]
    unseen = [code for code, manageability, _ in hops if manageability == "none"]
    return {"circuit": circuit.code, "doubts": doubts[:20], "unseen": unseen[:20]}


def note(session: Session, audit: Audit, result: Map, *, by: str, now: datetime) -> int:
    """What somebody compared; each thing that is wrong is raised. How many are, in all."""
    found: Sequence[Map] = result.get("wrong", [])
    rows = [
        discrepancies.raise_one(
            session, kind="wrong_value", object=each["object"], field=each["field"],
            recorded=each.get("recorded", ""), found=each["found"], source=subject_of(audit),
            customer_id=audit.customer_id, by=by, now=now,
        ).id
        for each in found
    ]  # fmt: skip
    audit.checked += max(int(result["checked"]), len(found))
    audit.wrong += len(found)
    kept = audit.result.get("discrepancies", [])
    audit.result = {**audit.result, "discrepancies": sorted({*kept, *rows})}
    _record(session, audit, "compared", by, now, checked=result["checked"], wrong=len(found))
    return audit.wrong


def plan_visit(session: Session, audit: Audit, *, by: str, now: datetime) -> int:
    """The field check goes with whatever else is to be done at that end."""
    circuit = session.get_one(Circuit, audit.circuit_id)
    start = (now + FIRST).replace(hour=1, minute=0, second=0, microsecond=0)
    end = session.get_one(Site, circuit.a_site_id)
    visit = visits.plan(
        session, site_id=end.id, customer_id=circuit.customer_id,
        jobs=[Job(subject_of(audit), "audit")], window=Window(start, start + LASTS),
        by=by, now=now, reason="资源核查 / Check of inventory",
    )  # fmt: skip
    return visit.id


def propose(session: Session, audit: Audit, right: str, *, by: str, now: datetime) -> None:
    """What inventory should say, for all that this audit has raised and that is open."""
    for id in audit.result.get("discrepancies", []):
        row = discrepancies.find(session, id)
        if row.settled_at is None:
            person = find_person(session, by)
            discrepancies.propose(session, row, right or row.found, by=person, now=now)


def settle(session: Session, audit: Audit, *, by: str, now: datetime) -> bool:
    """Confirmed by another person; false where it is the same, or who may not."""
    person = find_person(session, by)
    rows = [discrepancies.find(session, id) for id in audit.result.get("discrepancies", [])]
    waiting = [row for row in rows if row.state == "proposed"]
    if not may(person, "discrepancies:settle") or any(row.proposed_by == by for row in waiting):
        return False
    for row in waiting:
        discrepancies.settle(session, row, by=person, now=now)
    return True


def finish(session: Session, audit: Audit, *, by: str, now: datetime) -> None:
    audit.state, audit.done_at, audit.done_by = "done", now, by
    _record(session, audit, "audited", by, now, checked=audit.checked, wrong=audit.wrong)


def subject_of(audit: Audit) -> str:
    return f"audit:{audit.id}"


def _candidates(session: Session, rules: Map, period: str, now: datetime) -> list[tuple[Any, str]]:
    """Every circuit that was not audited lately, with its risk and its lot."""
    since = now - timedelta(days=rules["pause_days"])
    lately = select(col(Audit.circuit_id)).where(col(Audit.drawn_at) >= since)
    rows = select(
        col(Circuit.id), col(Circuit.code), col(Circuit.customer_id), col(Circuit.manageability),
        col(Customer.grade),
    ).join(Customer, col(Customer.id) == col(Circuit.customer_id))  # fmt: skip
    doubtful = set(
        session.execute(
            select(col(Discrepancy.object)).where(col(Discrepancy.settled_at).is_(None))
        ).scalars()
    )
    audited = set(session.execute(select(col(Audit.circuit_id)).distinct()).scalars())
    told = []
    for id, code, customer, manageability, grade in session.execute(
        rows.where(col(Circuit.id).not_in(lately))
    ):
        reasons = [grade]
        reasons += ["unmanaged"] if manageability == "none" else []
        reasons += ["discrepancy"] if code in doubtful else []
        reasons += [] if id in audited else ["never_audited"]
        risk = float(sum(rules["weights"].get(reason, 0) for reason in reasons))
        if risk:
            row = {"circuit_id": id, "customer_id": customer, "risk": risk, "reasons": reasons}
            told.append((row, f"{period} {id}"))
    return told


def _lot(candidate: tuple[Any, str]) -> float:
    """u^(1/weight): whoever weighs twice as much is drawn twice as often (Efraimidis, Spirakis)."""
    row, seed = candidate
    digest = hashlib.sha256(seed.encode()).digest()
    u = (int.from_bytes(digest[:8], "big") + 1) / 2**64
    return float(u ** (1 / row["risk"]))


def _record(session: Session, audit: Audit, verb: str, by: str, now: datetime, **told: Any) -> None:
    history.record(session, verb, subject=subject_of(audit), by=by, at=now, also=told)
