"""Customers' archives (客户档案): sections that are counted each night and confirmed by people.

What a section has to have, and how long a confirmation lasts, by grade: policy "archives". What is
due becomes work: bpmn/archives.py. How it is counted: completeness.py. Consent: consents.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import Session, case, col, func, select

from records import ArchiveSection, Customer, Person, Run, history
from records.customers import GRADES
from tasks import policies
from tasks.access.people import require
from tasks.archive import completeness
from tasks.archive.completeness import CHECKS, Counted, Question
from tasks.refusals import NotFound, wrong

Map = Mapping[str, Any]
LONGEST = 2_000  # characters of what is kept by hand
RANK = case({grade: n for n, grade in enumerate(GRADES)}, value=col(Customer.grade), else_=9)


def rules_of(session: Session) -> Map:
    return policies.current(session, "archives").content


def recount(session: Session, *, first: int, last: int, now: datetime) -> int:
    """Count every section of the customers with these ids anew; how many sections changed.

    A customer without sections gets them. Set-based: a thousand customers take as many statements
    as one.
    """
    rules = rules_of(session)
    whose = select(Customer.id, Customer.grade).where(col(Customer.id).between(first, last))
    grades: dict[int, str] = dict(session.exec(whose).all())
    found = _sections(session, first, last)
    asked = Question(session, rules, now, first, last)
    facts = {key: section.facts for key, section in found.items()}
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for each in completeness.count(asked, facts, sorted(grades)):
        _compare(
            each, found.get((each.customer_id, each.section)), grades, rules, now, new, changed
        )
    if new:
        session.execute(insert(ArchiveSection), new)
    if changed:
        session.execute(update(ArchiveSection), changed)
        session.expire_all()
    return len(new) + len(changed)


def sections_of(session: Session, customer: Customer, *, now: datetime) -> list[ArchiveSection]:
    """As they are now, in the order of the policy."""
    recount(session, first=customer.id, last=customer.id, now=now)
    kept = select(ArchiveSection).where(ArchiveSection.customer_id == customer.id)
    found = {section.section: section for section in session.exec(kept)}
    return [found[key] for key in rules_of(session)["sections"] if key in found]


def look(session: Session, customer: Customer, *, now: datetime) -> list[ArchiveSection]:
    """As sections_of, without writing anything: the rows are of no session."""
    rules, id = rules_of(session), customer.id
    found = _sections(session, id, id)
    facts = {key: section.facts for key, section in found.items()}
    asked = Question(session, rules, now, id, id)
    shown = []
    for each in completeness.count(asked, facts, [id]):
        row = found.get((id, each.section))
        told = row.model_dump() if row else {"customer_id": id, "section": each.section}
        told |= {"completeness": each.completeness, "missing": each.missing}
        told.setdefault("due_at", _due(rules, each.section, customer.grade, None, now))
        shown.append(ArchiveSection(**told))
    return shown


def confirm(
    session: Session,
    customer: Customer,
    sections: Iterable[str],
    *,
    by: Person,
    now: datetime,
    note: str = "",
) -> list[ArchiveSection]:
    """Somebody has asked the customer, or looked: these are right as they stand."""
    require(by, "archives:keep")
    return note_confirmed(session, customer, sections, by=by.login, now=now, note=note)


def note_confirmed(
    session: Session,
    customer: Customer,
    sections: Iterable[str],
    *,
    by: str,
    now: datetime,
    note: str = "",
) -> list[ArchiveSection]:
    """As confirm, where a work order has asked for it."""
    rules, wanted = rules_of(session), set(sections)
    for key in sorted(wanted):
        _require_section(rules, key)
    found = [each for each in sections_of(session, customer, now=now) if each.section in wanted]
    for section in found:
        section.confirmed_at, section.confirmed_by = now, by
        section.due_at = _due(rules, section.section, customer.grade, now, now)
    told = {"sections": sorted(wanted), "note": note}
    history.record(
        session, "archive confirmed", subject=_subject(customer), by=by, at=now, also=told
    )
    return found


def put_off(
    session: Session, customer: Customer, sections: Iterable[str], *, now: datetime
) -> None:
    """These could not be confirmed: they are due again some days later."""
    until = now + timedelta(days=rules_of(session)["work"]["retry_days"])
    mine = (
        ArchiveSection.customer_id == customer.id,
        col(ArchiveSection.section).in_(list(sections)),
    )
    for section in session.exec(select(ArchiveSection).where(*mine)):
        section.due_at = until


def keep(
    session: Session, customer: Customer, section: str, facts: Map, *, by: Person, now: datetime
) -> ArchiveSection:
    """Write down what no other table knows; None takes it away."""
    require(by, "archives:keep")
    rules = rules_of(session)
    _require_section(rules, section)
    _check_facts(rules["sections"][section]["kept"], facts)
    row = next(each for each in sections_of(session, customer, now=now) if each.section == section)
    was = {key: row.facts.get(key) for key in facts}
    row.facts = {key: told for key, told in {**row.facts, **facts}.items() if told}
    session.flush()
    recount(session, first=customer.id, last=customer.id, now=now)
    told = {"section": section, "was": was, "is": dict(facts)}
    history.record(
        session, "archive kept", subject=_subject(customer), by=by.login, at=now, also=told
    )
    return row


def due_customers(session: Session, *, now: datetime, limit: int) -> list[int]:
    """Those with sections that are due soon and that nobody works on: best grade, longest due."""
    work = rules_of(session)["work"]
    until = now + timedelta(days=work["ahead_days"])
    rows = (
        select(Customer.id)
        .join(ArchiveSection, col(ArchiveSection.customer_id) == col(Customer.id))
        .where(col(ArchiveSection.due_at) <= until, col(Customer.grade).in_(work["grades"]))
        .where(~_has_work(Customer.id))
        .group_by(col(Customer.id), col(Customer.grade))
        .order_by(RANK, func.min(ArchiveSection.due_at), col(Customer.id))
    )
    return list(session.exec(rows.limit(limit)))


def due_sections(session: Session, customer_id: int, *, now: datetime) -> list[ArchiveSection]:
    until = now + timedelta(days=rules_of(session)["work"]["ahead_days"])
    mine = select(ArchiveSection).where(
        ArchiveSection.customer_id == customer_id, col(ArchiveSection.due_at) <= until
    )
    return list(session.exec(mine.order_by(col(ArchiveSection.id))))


def describe_missing(names: Sequence[str], language: str) -> list[str]:
    """In words; what an older policy named may be no check any more."""
    known = [CHECKS[name] for name in names if name in CHECKS]
    return [check.zh if language == "zh" else check.en for check in known]


def _has_work(customer: Any) -> Any:
    mine = select(ArchiveSection.id).join(Run, col(Run.id) == col(ArchiveSection.run_id))
    others = col(ArchiveSection.customer_id) == customer
    return mine.where(col(Run.status) == "open", others).correlate(Customer).exists()


def _sections(session: Session, first: int, last: int) -> dict[tuple[int, str], ArchiveSection]:
    rows = select(ArchiveSection).where(col(ArchiveSection.customer_id).between(first, last))
    return {(row.customer_id, row.section): row for row in session.exec(rows)}


def _compare(
    counted: Counted,
    row: ArchiveSection | None,
    grades: Mapping[int, str],
    rules: Map,
    now: datetime,
    new: list[dict[str, Any]],
    changed: list[dict[str, Any]],
) -> None:
    """What of it has to be written."""
    told: dict[str, Any] = {"completeness": counted.completeness, "missing": counted.missing}
    grade = grades[counted.customer_id]
    if row is None:
        due = _due(rules, counted.section, grade, None, now)
        of = {"customer_id": counted.customer_id, "section": counted.section}
        new.append(of | told | {"due_at": due, "facts": {}, "confirmed_by": ""})
    else:
        due = _due(rules, counted.section, grade, row.confirmed_at, row.due_at or now)
        # What was put off stays so; a policy or a grade that changed counts at once.
        told["due_at"] = max(due, row.due_at) if due and row.due_at and due < now else due
        if any(getattr(row, key) != value for key, value in told.items()):
            changed.append({"id": row.id, **told})


def _due(
    rules: Map, section: str, grade: str, confirmed_at: datetime | None, otherwise: datetime
) -> datetime | None:
    """None where the grade need not be asked; `otherwise` where it never was."""
    days = rules["sections"][section]["confirm_days"].get(grade)
    if days is None:
        return None
    return confirmed_at + timedelta(days=days) if confirmed_at else otherwise


def _check_facts(kept: Map, facts: Map) -> None:
    for key, value in facts.items():
        if key not in kept:
            some = ", ".join(kept) or "-"
            raise wrong(key, f"没有这一项,可填:{some}", f"There is no such item: use {some}")
        if value is not None and (not isinstance(value, str) or len(value) > LONGEST):
            zh, en = (
                f"应为最多 {LONGEST} 字的文字",
                f"This is a text of {LONGEST} characters at most",
            )
            raise wrong(key, zh, en)


def _require_section(rules: Map, section: str) -> None:
    if section not in rules["sections"]:
        some = ", ".join(rules["sections"])
        raise NotFound(
            f"档案没有“{section}”这一部分,可用:{some}",
            f"An archive has no section “{section}”: there are {some}",
        )


def _subject(customer: Customer) -> str:
    return f"customer:{customer.id}"
