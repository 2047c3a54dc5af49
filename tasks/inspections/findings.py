"""What an inspection found (隐患、老化、资料、需求), and what becomes of it. Called by the services
of room_inspection.bpmn; tickets are opened by bpmn/inspections.py.

    open ──mend──▶ mended ──look, by another──▶ fixed
     ▲               │
     └── not yet ────┘          open ──drop──▶ dropped
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from notifications import notices
from records import Customer, Finding, Inspection, Person, Site, history
from tasks import policies
from tasks.archive import discrepancies
from tasks.inspections import leads
from tasks.inspections.inspection_states import subject_of
from tasks.refusals import Invalid, wrong
from tasks.sla.calendars import calendars_of
from tasks.sla.durations import when

NATURES = {
    "danger": ("隐患", "danger"),
    "ageing": ("老化", "ageing"),
    "data": ("资料", "data"),
    "need": ("需求", "need"),
}
SEVERITIES = {"urgent": ("紧急", "urgent"), "major": ("重要", "major"), "minor": ("一般", "minor")}
STATES = {
    "open": ("待处理", "open"),
    "mended": ("待复查", "waiting to be looked at again"),
    "fixed": ("已消除", "fixed"),
    "dropped": ("不处理", "dropped"),
}
CALENDAR = "office"  # days of the table finding_grade are working days
Facts = dict[str, Any]
Given = Mapping[str, Any]


def note(
    session: Session,
    inspection: Inspection,
    observations: Sequence[Given],
    grades: Sequence[Given],
    *,
    by: str,
    now: datetime,
) -> Facts:
    """Each observation with the grade that the table gave it; those noted before are replaced."""
    session.execute(delete(Finding).where(col(Finding.inspection_id) == inspection.id))
    calendar = calendars_of(policies.current(session, "calendars").content, 0)[CALENDAR]
    for seen, grade in zip(observations, grades, strict=True):
        told = {key: grade[key] for key in ("severity", "action")}
        told |= {key: seen[key] for key in ("item", "object", "what", "nature")}
        due_at = calendar.add_days(now, int(grade["days"]))
        session.add(
            Finding(
                inspection_id=inspection.id,
                customer_id=inspection.customer_id,
                site_id=inspection.site_id,
                due_at=due_at,
                found_at=now,
                note=str(seen.get("wanted_by") or ""),
                **told,
            )
        )
    session.flush()
    urgent = sum(grade["severity"] == "urgent" for grade in grades)
    return {"findings": len(grades), "urgent": urgent}


def act(
    session: Session,
    inspection: Inspection,
    observations: Sequence[Given],
    *,
    by: str,
    now: datetime,
) -> Facts:
    """Raise discrepancies and leads, once each; how many findings are to be mended."""
    known = {(each["item"], each["object"], each["what"]): each for each in observations}
    for finding in of_inspection(session, inspection):
        seen = known.get((finding.item, finding.object, finding.what), {})
        if finding.action == "discrepancy" and not finding.outcome:
            finding.outcome = _raise(session, inspection, finding, seen, by, now)
        elif finding.action == "lead" and not finding.outcome:
            finding.outcome = _lead(session, inspection, finding, by, now)
        if finding.action in ("discrepancy", "lead", "note"):
            finding.state, finding.fixed_at, finding.fixed_by = "fixed", now, by
    session.flush()
    return {"to_mend": len(to_mend(session, inspection))}


def to_mend(session: Session, inspection: Inspection) -> list[Finding]:
    """What somebody has to put right, and what somebody has to look at again."""
    rows = of_inspection(session, inspection)
    return [row for row in rows if row.action in ("work", "ticket") and row.fixed_at is None]


def mend(session: Session, inspection: Inspection, told: Given, *, by: str, now: datetime) -> Facts:
    """整改. Of each that is open: what was done."""
    done = {int(each["finding"]): each["what"] for each in told["done"]}
    rows = {row.id: row for row in to_mend(session, inspection)}
    _require_known(done, rows)
    for id, what in done.items():
        row = rows[id]
        row.state, row.mended_by, row.note = "mended", by, what
        _record(session, row, "mended", by, now, what=what)
    session.flush()
    return {"left": sum(row.state == "open" for row in rows.values())}


def look_again(
    session: Session, inspection: Inspection, told: Given, *, by: str, now: datetime
) -> Facts:
    """复查, by somebody else than who mended it: gone, or not yet."""
    gone, rows = set(map(int, told["gone"])), {r.id: r for r in to_mend(session, inspection)}
    _require_known(gone, rows)
    own = [row.id for row in rows.values() if row.id in gone and row.mended_by == by]
    if own:
        zh, en = "整改是您自己做的,请另一位同事复查", "You mended this yourself: another one looks"
        raise wrong("gone", zh, en)
    for row in rows.values():
        if row.id in gone:
            row.state, row.fixed_at, row.fixed_by = "fixed", now, by
            _record(session, row, "fixed", by, now)
        elif row.state == "mended":
            row.state = "open"
            _record(session, row, "not fixed", by, now, note=told.get("note", ""))
    session.flush()
    return {"left": len(to_mend(session, inspection))}


def of_inspection(session: Session, inspection: Inspection) -> list[Finding]:
    mine = select(Finding).where(Finding.inspection_id == inspection.id)
    return list(session.exec(mine.order_by(col(Finding.id))))


def overdue(session: Session, *, now: datetime, limit: int = 200) -> list[int]:
    """Not fixed in time, and nobody was told yet."""
    late = select(Finding.id).where(col(Finding.due_at) <= now, col(Finding.fixed_at).is_(None))
    rows = late.where(col(Finding.told_at).is_(None)).order_by(col(Finding.due_at))
    return list(session.exec(rows.limit(limit)))


def tell_overdue(session: Session, finding: Finding, *, now: datetime) -> int:
    """To the account manager and whoever found it, once; how many were told."""
    row = session.get_one(Inspection, finding.inspection_id)
    customer, site = session.get_one(Customer, row.customer_id), session.get_one(Site, row.site_id)
    names = select(Person).where(
        col(Person.login).in_([customer.account_manager, row.inspected_by]), col(Person.active)
    )
    facts = {"inspection": row.number, "customer": customer.name, "what": finding.what}
    facts |= {"place": f"{site.city} {site.name}", "due": when(finding.due_at or now)}
    people = session.exec(names.order_by(col(Person.id))).all()
    for person in people:
        notices.tell(
            session, to=person, template="finding_overdue", facts=facts,
            key=f"finding_overdue:{finding.id}", subject=subject_of(row), now=now,
        )  # fmt: skip
    finding.told_at = now
    _record(session, finding, "overdue told", "system", now, told=len(people))
    return len(people)


def _raise(
    session: Session, row: Inspection, finding: Finding, seen: Given, by: str, now: datetime
) -> str:
    site = session.get_one(Site, row.site_id)
    raised = discrepancies.raise_one(
        session, kind="wrong_value", object=finding.object or site.code, field=finding.item,
        recorded=str(seen.get("recorded", "")), found=str(seen.get("found", finding.what)),
        source=subject_of(row), customer_id=row.customer_id, by=by, now=now,
    )  # fmt: skip
    return f"discrepancy:{raised.id}"


def _lead(session: Session, row: Inspection, finding: Finding, by: str, now: datetime) -> str:
    day = finding.note
    wanted_by = datetime.fromisoformat(f"{day}T00:00:00+08:00") if day else None
    told: Facts = {"what": finding.what, "wanted_by": wanted_by, "source": subject_of(row)}
    lead = leads.note(session, row.customer_id, **told, by=by, now=now)
    return f"lead:{lead.id}"


def _require_known(told: Iterable[int], rows: Mapping[int, Finding]) -> None:
    unknown = sorted(set(told) - rows.keys())
    if unknown:
        zh = f"这次巡检没有待处理的问题 {unknown[0]},请刷新后再看"
        en = f"This inspection has no open finding {unknown[0]}: reload to see"
        raise Invalid(zh, en, fields=[{"field": "finding", "zh": zh, "en": en}])


def _record(session: Session, row: Finding, verb: str, by: str, now: datetime, **told: Any) -> None:
    about = {"finding": row.id, **told}
    history.record(
        session, verb, subject=f"inspection:{row.inspection_id}", by=by, at=now, also=about
    )
