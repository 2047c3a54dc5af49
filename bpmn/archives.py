"""Archives, audits and onboarding become work: runs are begun for what is due. Called by flows."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select, update

from bpmn import runs
from records import ArchiveSection, Audit, Onboarding
from tasks.archive import archives, audits

BY = "system"


def refresh(session: Session, customer_id: int, *, now: datetime) -> int:
    """One work order for all sections of the customer that are due; the run."""
    due = [section.id for section in archives.due_sections(session, customer_id, now=now)]
    subject = f"customer:{customer_id}"
    run = runs.start(session, "archive_refresh", {}, by=BY, now=now, subject=subject)
    rows = update(ArchiveSection).where(col(ArchiveSection.id).in_(due)).values(run_id=run.id)
    session.execute(rows, execution_options={"synchronize_session": False})
    return run.id


def begin_audit(session: Session, id: int, *, now: datetime) -> None:
    audit = session.get_one(Audit, id, with_for_update=True)
    if audit.state == "drawn":
        audit.state, subject = "running", audits.subject_of(audit)
        run = runs.start(session, "resource_audit", {}, by=BY, now=now, subject=subject)
        audit.run_id = run.id


def begin_onboarding(session: Session, id: int, *, now: datetime) -> None:
    row = session.get_one(Onboarding, id, with_for_update=True)
    if row.run_id is None and row.state == "preparing":
        subject = f"onboarding:{id}"
        run = runs.start(session, "customer_onboarding", {}, by=BY, now=now, subject=subject)
        row.run_id = run.id


def drawn_audits(session: Session, limit: int) -> Sequence[int]:
    mine = select(Audit.id).where(Audit.state == "drawn").order_by(col(Audit.risk).desc())
    return session.exec(mine.limit(limit)).all()


def waiting_onboardings(session: Session, limit: int) -> Sequence[int]:
    is_waiting = col(Onboarding.run_id).is_(None) & (col(Onboarding.state) == "preparing")
    return session.exec(select(Onboarding.id).where(is_waiting).limit(limit)).all()
