"""Situation notes (态势通报): how things stand, what the customer was told, what they expect."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from records import Person, PlanNote, PlanRun
from tasks.plans.plan_checks import times_of
from tasks.plans.plan_nodes import version_of
from tasks.plans.plan_runs import set_next
from tasks.plans.plan_states import record, require
from tasks.texts import check_texts, require_words

LONGEST = {"text": 4_000, "customer_expects": 1_000}


def add(
    session: Session,
    run: PlanRun,
    text: str,
    *,
    customer_told: bool,
    customer_expects: str = "",
    by: Person,
    now: datetime,
) -> PlanNote:
    """The next one is due one interval from now."""
    require("note", run)
    told = {"text": text, "customer_expects": customer_expects}
    require_words(told, "text")
    check_texts(told, LONGEST)
    row = PlanNote(
        plan_run_id=run.id, at=now, by=by.login, text=text, customer_told=customer_told,
        customer_expects=customer_expects,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, "noted", run, by.login, now, customer_told=customer_told, **told)
    if run.state == "active":
        minutes = times_of(version_of(session, run).content)["note"]
        run.note_at = now + timedelta(minutes=minutes)
        set_next(session, run)
    return row


def notes_of(session: Session, run: PlanRun) -> list[PlanNote]:
    mine = select(PlanNote).where(PlanNote.plan_run_id == run.id).order_by(col(PlanNote.id))
    return list(session.exec(mine))
