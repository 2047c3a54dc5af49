"""The report of an inspection (巡检报告), for the customer: only of one that was measured wholly
and signed for. Called by the doors, which make it a page or a PDF, and when it is sent.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from notifications import notices
from records import Contact, Customer, Inspection, Lead, Measurement, Person, Site
from tasks.inspections import findings
from tasks.inspections.checklists import rules_of
from tasks.inspections.inspection_states import KINDS, record, shift, subject_of
from tasks.inspections.inspection_states import require as require_state
from tasks.refusals import NotAllowed
from tasks.sla.durations import when

Facts = dict[str, Any]
VERDICTS = {
    "good": ("正常", "good"),
    "worse": ("关注", "to be watched"),
    "bad": ("异常", "bad"),
    "wrong": ("与记录不符", "not as recorded"),
}


def report_of(session: Session, row: Inspection) -> Facts:
    """All that the report says, both names of everything."""
    require_signed(row)
    customer, site = session.get_one(Customer, row.customer_id), session.get_one(Site, row.site_id)
    who = session.exec(select(Person).where(Person.login == row.inspected_by)).first()
    rules = rules_of(session, row)
    return {
        "number": row.number,
        "customer": customer.name,
        "place": f"{site.city}{site.county} {site.name}",
        "room": _names(rules["rooms"].get(row.room, {"zh": row.room, "en": row.room})),
        "kind": dict(zip(("zh", "en"), KINDS[row.kind], strict=True)),
        "at": row.inspected_at,
        "by": who.name if who else row.inspected_by,
        "lines": _lines(session, row, rules),
        "findings": [_finding(each) for each in findings.of_inspection(session, row)],
        "leads": [lead.what for lead in _leads(session, row)],
        "note": row.remarks.get("note", ""),
        "summary": row.remarks.get("summary", ""),
        "signature": row.signature,
        "signed_at": row.signed_at,
    }


def require_signed(row: Inspection) -> None:
    if row.inspected_at is None or not row.signature.get("is_signed"):
        raise NotAllowed(
            f"巡检 {row.number} 还没有测完、签字,没有报告;请先完成巡检并请客户签字",
            f"Inspection {row.number} is not measured and signed for yet, so there is no report: "
            "finish it and have it signed",
        )


def send(session: Session, row: Inspection, summary: str, *, by: str, now: datetime) -> int:
    """To each contact of the customer; how many notices. Twice sends one."""
    require_state("report", row)
    require_signed(row)
    row.remarks = {**row.remarks, "summary": summary}
    told = report_of(session, row)
    facts = {key: told[key] for key in ("number", "place", "summary")} | {"day": when(told["at"])}
    facts["findings"] = [_split(each["what"]) for each in told["findings"]]
    contacts = session.exec(select(Contact).where(Contact.customer_id == row.customer_id)).all()
    key = f"inspection_report:{row.id}"
    sent = notices.tell_contacts(
        session, contacts, template="inspection_report", facts=facts, key=key,
        subject=subject_of(row), now=now,
    )  # fmt: skip
    row.reported_at = now
    shift(session, "reported", row, "reported", by, now, notices=len(sent))
    return len(sent)


def note_late(session: Session, row: Inspection, *, now: datetime) -> None:
    record(session, "report late", row, "system", now)


def _lines(session: Session, row: Inspection, rules: Any) -> list[Facts]:
    mine = select(Measurement).where(Measurement.inspection_id == row.id)
    return [
        {
            **_names(rules["items"].get(each.item, {"zh": each.item, "en": each.item})),
            "object": each.object,
            "value": each.said if each.value is None else f"{each.value:g}",
            "unit": rules["units"].get(each.unit, {}).get("zh", each.unit),
            "recorded": each.recorded,
            "last": "" if each.last is None else f"{each.last:g}",
            "verdict": each.verdict,
            "verdict_zh": VERDICTS[each.verdict][0],
            "verdict_en": VERDICTS[each.verdict][1],
        }
        for each in session.exec(mine.order_by(col(Measurement.id)))
    ]


def _finding(row: Any) -> Facts:
    nature, severity = findings.NATURES[row.nature], findings.SEVERITIES[row.severity]
    state = findings.STATES[row.state]
    names = {"nature": nature, "severity": severity, "state": state}
    told = {f"{key}_{tongue}": pair[n] for key, pair in names.items() for n, tongue in _TONGUES}
    return {"what": row.what, "object": row.object, "due_at": row.due_at, **told}


_TONGUES = ((0, "zh"), (1, "en"))


def _leads(session: Session, row: Inspection) -> list[Lead]:
    mine = select(Lead).where(Lead.source == subject_of(row))
    return list(session.exec(mine.order_by(col(Lead.id))))


def _names(told: Any) -> Facts:
    return {"zh": told["zh"], "en": told["en"]}


def _split(what: str) -> Facts:
    zh, _, en = what.partition(" / ")
    return {"zh": zh, "en": en or zh}
