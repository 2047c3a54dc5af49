"""Coming again: a second visit at one end for one thing needs a reason and an approval (policy
"visits"). Called by visits.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as plain_select
from sqlmodel import Session, col

from records import Person, Visit, VisitJob
from tasks import policies
from tasks.access.people import require as require_permission
from tasks.field.visit_states import require
from tasks.refusals import NotAllowed, wrong


def ordinal_of(session: Session, visit: Visit, rows: Sequence[VisitJob]) -> int:
    """The how manieth visit there this is, for the subject of these that has had the most."""
    visits = func.count(col(Visit.id).distinct())
    counted = (
        plain_select(visits)
        .join(VisitJob, col(VisitJob.visit_id) == col(Visit.id))
        .where(col(Visit.site_id) == visit.site_id, col(Visit.state) != "cancelled")
        .where(col(VisitJob.subject).in_({row.subject for row in rows}))
        .where(col(VisitJob.state) != "dropped", col(Visit.id) != (visit.id or 0))
        .group_by(col(VisitJob.subject))
    )
    return 1 + max(session.execute(counted).scalars(), default=0)


def needs_approval(rules: Mapping[str, Any], visit: Visit, reason: str) -> bool:
    """Whether somebody has to approve it; refused where nobody says why they have to come again."""
    if visit.ordinal <= rules["without_approval"] or visit.approved_at:
        return False
    if not (reason.strip() or visit.reason):
        zh = f"这是为同一件事第 {visit.ordinal} 次去同一个地方,请写明原因,并请另一位批准"
        en = (
            f"This would be visit {visit.ordinal} to one place for one thing: say why, and have"
            " somebody else approve it"
        )
        raise wrong("reason", zh, en)
    visit.reason = reason.strip() or visit.reason
    return True


def check_approver(session: Session, visit: Visit, by: Person) -> None:
    require("approve", visit)
    most = policies.current(session, "visits").content["by_dispatcher"]
    is_many = visit.ordinal > most
    require_permission(by, "visits:approve-more" if is_many else "visits:approve")
    if by.login == visit.planned_by:
        raise NotAllowed(
            "不能批准自己计划的上门,请另一位来批准",
            "Who planned it cannot approve it: ask somebody else",
        )
