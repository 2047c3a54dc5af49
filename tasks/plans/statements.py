"""Statements (客户说明) at the end of a plan: drafted, signed by somebody else, then sent.

Each draft is kept. What is signed goes to every contact of the customers who were hit; a drill
sends nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from notifications import notices
from records import AffectedCircuit, PlanRun, PlanStatement, Ticket
from tasks.faults.contacts import contacts_of, foresee
from tasks.plans.plan_states import record, require, subject_of
from tasks.refusals import NotAllowed
from tasks.texts import check_texts, require_words

LONGEST = {"text": 4_000, "text_en": 4_000, "note": 1_000}
Map = Mapping[str, Any]


def draft(session: Session, run: PlanRun, told: Map, *, by: str, now: datetime) -> PlanStatement:
    require("draft", run)
    require_words(told, "text")
    check_texts(told, LONGEST)
    last = latest(session, run)
    row = PlanStatement(
        plan_run_id=run.id, number=last.number + 1 if last else 1, text=told["text"],
        text_en=told.get("text_en") or "", audience=told.get("audience") or "customers",
        drafted_by=by, drafted_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, "statement drafted", run, by, now, number=row.number, text=row.text)
    return row


def decide(
    session: Session, run: PlanRun, *, is_signed: bool, note: str, by: str, now: datetime
) -> bool:
    """Whether it is signed. Who drafted it cannot sign: then it goes back, and history says why."""
    require("sign", run)
    check_texts({"note": note}, LONGEST)
    row = latest(session, run)
    if row is None or row.state != "drafted":
        raise NotAllowed("没有待签发的说明", "There is no statement to be signed")
    is_own = row.drafted_by == by and not run.is_drill
    row.state = "signed" if is_signed and not is_own else "refused"
    row.decided_by, row.decided_at = by, now
    own = "起草人不能签发自己的稿 / Nobody signs their own draft"
    row.note = own if is_own and is_signed else note
    verb = "statement signed" if row.state == "signed" else "statement refused"
    record(session, verb, run, by, now, number=row.number, note=row.note)
    if row.state == "signed":
        _send(session, run, row, now)
    return row.state == "signed"


def latest(session: Session, run: PlanRun) -> PlanStatement | None:
    rows = statements_of(session, run)
    return rows[-1] if rows else None


def statements_of(session: Session, run: PlanRun) -> list[PlanStatement]:
    mine = select(PlanStatement).where(PlanStatement.plan_run_id == run.id)
    return list(session.exec(mine.order_by(col(PlanStatement.id))))


def customers_hit(session: Session, run: PlanRun) -> list[int]:
    """Those of the ticket that the run is about, and of its children."""
    about, _, number = run.subject.partition(":")
    if about != "ticket" or not number.isdigit():
        return []
    mine = (col(Ticket.id) == int(number)) | (col(Ticket.parent_id) == int(number))
    tickets = select(Ticket.id).where(mine)
    own = select(Ticket.customer_id).where(mine, col(Ticket.customer_id).is_not(None))
    hit = select(AffectedCircuit.customer_id).where(
        col(AffectedCircuit.ticket_id).in_(tickets), AffectedCircuit.impact != "at_risk"
    )
    return sorted({key for key in (*session.exec(own), *session.exec(hit)) if key})


def _send(session: Session, run: PlanRun, row: PlanStatement, now: datetime) -> None:
    if run.is_drill or row.audience != "customers":
        return
    customers = customers_hit(session, run)
    foresee(session, customers)
    facts = {"text": {"zh": row.text, "en": row.text_en or row.text}}
    about: dict[str, Any] = {
        "template": "plan_statement",
        "facts": facts,
        "subject": subject_of(run),
        "now": now,
    }
    key, told = f"{subject_of(run)}:statement", 0
    for customer in customers:
        told += len(
            notices.tell_contacts(session, contacts_of(session, customer), key=key, **about)
        )
    record(session, "statement sent", run, "system", now, customers=len(customers), told=told)
