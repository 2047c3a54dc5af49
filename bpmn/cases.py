"""A case and its run together: take one in, and tell the run what happened outside of it.

The doors and the timed work call this. What concerns the run is checked here, sent to it as a
message, and done by the service that the diagram has at that place. The rules are in tasks/cases/.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bpmn import runs
from records import Case, CasePost, Person, WorkOrder
from tasks import work_orders
from tasks.cases import case_threads, cases, consultations, hot_issues
from tasks.cases.case_states import require, subject_of
from tasks.faults.tickets import require_reason
from tasks.refusals import Invalid, NotAllowed

DIAGRAMS = {"consultation": "complaint_consultation", "linear": "linear_forwarding"}
ANSWERING = ("answer", "answer_invited", "look")  # steps of those who are asked


def open_case(session: Session, told: Mapping[str, Any], *, by: Person, now: datetime) -> Case:
    """A new case with its run. What `told` may have: tasks/cases/cases.py."""
    case = cases.open_case(session, told, by=by, now=now)
    hot_issues.recognise(session, case)
    subject, diagram = subject_of(case), DIAGRAMS[case.way]
    run = runs.start(session, diagram, {}, by=by.login, now=now, subject=subject)
    case.run_id = run.id
    hot_issues.look_at_once(session, case, now=now)
    session.flush()
    return case


def answer(
    session: Session, case: Case, told: Mapping[str, Any], *, by: Person, now: datetime
) -> CasePost:
    """Whoever was asked finishes their work order by it; anybody else just answers."""
    order = _order_of(session, case, by)
    if order is None:
        return case_threads.answer(session, case, **told, by=by, now=now)
    case_threads.check_answer(told)
    if order.state == "dispatched":
        work_orders.accept(session, order, by=by, now=now)
    given = {key: value for key, value in told.items() if value not in ("", None)}
    given |= {"can_answer": True} if order.element == "look" else {}
    runs.complete_order(session, order, given, by=by, now=now)
    mine = select(CasePost).where(CasePost.case_id == case.id, CasePost.by == by.login)
    return session.exec(mine.order_by(col(CasePost.id).desc())).first() or _lost()


def accept(
    session: Session, case: Case, answers: Sequence[int], *, by: Person, now: datetime
) -> None:
    """The first one ends the asking; the others belong to it."""
    cases.require_owner(case, by)
    require("accept", case)
    rows = [case_threads.find_post(session, id) for id in dict.fromkeys(answers)]
    case_threads.check_accept(case, rows, by)
    told = {"answers": [row.id for row in rows], "by": by.login}
    _tell(session, case, "answer_accepted", told, by.login, now)


def invite(
    session: Session, case: Case, logins: Sequence[str], *, by: Person, now: datetime
) -> None:
    """Whoever its owner wants to hear as well."""
    cases.require_owner(case, by)
    people = consultations.check_invite(session, case, logins)
    told = {"logins": [person.login for person in people], "by": by.login}
    _tell(session, case, "expert_joins", told, by.login, now)


def withdraw(session: Session, case: Case, *, reason: str, by: Person, now: datetime) -> None:
    cases.require_owner(case, by)
    require("withdraw", case)
    require_reason(reason)
    _tell(session, case, "cancel", {"reason": reason, "by": by.login}, by.login, now)


def settle(session: Session, case: Case, words: str, *, by: str, now: datetime) -> bool:
    """Its hot issue has an answer. False where nobody need be asked any more as it is."""
    told = {"words": words, "by": by}
    return bool(_send(session, case, "same_issue", told, by, now))


def _order_of(session: Session, case: Case, by: Person) -> WorkOrder | None:
    """The open one by which they were asked."""
    mine = select(WorkOrder).where(
        WorkOrder.run_id == case.run_id,
        WorkOrder.holder == by.login,
        col(WorkOrder.element).in_(ANSWERING),
        col(WorkOrder.finished_at).is_(None),
    )
    return session.exec(mine.order_by(col(WorkOrder.id))).first()


def _tell(
    session: Session, case: Case, name: str, told: Mapping[str, Any], by: str, now: datetime
) -> None:
    if not _send(session, case, name, told, by, now):
        raise NotAllowed(
            f"{case.number} 现在不等这个,请刷新后再看",
            f"{case.number} does not wait for this now: reload to see",
            state=case.state,
        )


def _send(
    session: Session, case: Case, name: str, told: Mapping[str, Any], by: str, now: datetime
) -> int:
    session.flush()
    return runs.send(session, "message", name, told, by=by, now=now, run_id=case.run_id)


def _lost() -> CasePost:
    raise Invalid(
        "回答没有收下,请改好再提交", "The answer was not taken: mend it and send it again"
    )
