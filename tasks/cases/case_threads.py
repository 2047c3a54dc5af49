"""The thread of a case: what everybody adds to it, and answers; all who are asked see all of it.

Nothing in it is ever changed. The first answer that its owner accepts ends the asking; nobody
accepts their own. What comes after that is kept as late. Called by bpmn/cases.py and services.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select, update

from records import Case, CaseAsked, CasePost, Person
from tasks.access.people import require
from tasks.cases import case_news
from tasks.cases.case_states import record, shift, subject_of
from tasks.cases.case_states import require as require_state
from tasks.learning import experts, points
from tasks.refusals import Forbidden, NotFound, wrong
from tasks.texts import check_texts, require_words

LONGEST = {"text": 10_000, "evidence": 10_000}
ASKED = {"new", "consulting"}  # whoever has not been asked may volunteer before they are
VERBS = {"addition": "added to", "customer": "customer added", "answer": "answered"}


def add(
    session: Session,
    case: Case,
    text: str,
    *,
    evidence: str = "",
    is_customers: bool = False,
    by: Person,
    now: datetime,
) -> CasePost:
    """What was forgotten, or what the customer said since: whoever is still asked hears of it."""
    require(by, "cases:answer")
    require_state("add", case)
    kind = "customer" if is_customers else "addition"
    row = keep(session, case, kind, text, by.login, now, evidence=evidence)
    record(session, VERBS[kind], case, by.login, now, post=row.id, text=text)
    case_news.tell_asked(session, case, row, by=by, now=now)
    return row


def answer(
    session: Session,
    case: Case,
    text: str,
    *,
    evidence: str = "",
    confidence: int | None = None,
    by: Person,
    now: datetime,
) -> CasePost:
    """Its owner hears of it. One that comes when another was accepted is kept as late."""
    require(by, "cases:answer")
    is_in_time = case.state in ASKED
    told: dict[str, Any] = {"evidence": evidence, "confidence": confidence}
    told["state"] = "given" if is_in_time else "late"
    row = keep(session, case, "answer", text, by.login, now, **told)
    verb = "answered" if is_in_time else "answered after the close"
    record(session, verb, case, by.login, now, post=row.id, text=text, evidence=evidence)
    _note_asked(session, case, by, now)
    if is_in_time:
        case.answered_at = case.answered_at or now
        case_news.tell_owner(session, case, row, by=by, now=now)
    return row


def check_answer(told: Mapping[str, Any]) -> None:
    """Raises whatever keeps it from being one."""
    require_words(told, "text")
    check_texts(told, LONGEST)


def accept(
    session: Session,
    case: Case,
    answers: Sequence[CasePost],
    *,
    by: Person,
    now: datetime,
) -> None:
    """The first of `answers` ends the asking; the others belong to it. All of them earn points."""
    check_accept(case, answers, by)
    for row in answers:
        row.state = "accepted" if row is answers[0] else "combined"
        experts.note_outcome(session, row.by, accepted=1)
        points.award(
            session, row.by, "answer_accepted", key=_key(row), subject=subject_of(case),
            by=by.login, now=now,
        )  # fmt: skip
    case.accepted_id, case.accepted_at = answers[0].id, now
    about = {"answer": answers[0].id, "of": answers[0].by, "with": [row.id for row in answers[1:]]}
    shift(session, "answer accepted", case, "answering", by.login, now, **about)
    _call_off(session, case)


def check_accept(case: Case, answers: Sequence[CasePost], by: Person) -> None:
    """Raises whatever keeps these from being accepted."""
    require_state("accept", case)
    for row in answers:
        if row.case_id != case.id or row.kind != "answer" or row.state != "given":
            raise wrong("answer", "这不是该事项的有效回答", "is no answer of this case's")
        if row.by in (by.login, case.owner):
            raise Forbidden(
                "不能采纳自己的回答,请采纳他人的回答,或直接答复客户",
                "Nobody accepts their own answer: accept another's",
            )


def end_asking(session: Session, case: Case, *, by: str, now: datetime) -> None:
    """Everybody who may know was asked and has answered, and its owner has accepted none: they
    reply as they think right."""
    require_state("accept", case)
    shift(session, "asking ended", case, "answering", by, now)


def settle(session: Session, case: Case, words: str, *, by: str, now: datetime) -> None:
    """It is about a hot issue whose answer is known now: nobody need be asked any more."""
    require_state("settle", case)
    case.accepted_at = now
    keep(session, case, "addition", words, by, now)
    shift(session, "settled with its hot issue", case, "answering", by, now, words=words)
    _call_off(session, case)


def unaccept(session: Session, case: Case, *, by: str, now: datetime) -> None:
    """What was accepted did not hold: its points are taken back, and it is an answer as before."""
    taken = col(CasePost.state).in_(("accepted", "combined"))
    rows = session.exec(select(CasePost).where(CasePost.case_id == case.id, taken)).all()
    for row in rows:
        row.state = "given"
        experts.note_outcome(session, row.by, accepted=-1)
        points.take_back(session, _key(row), by=by, now=now)
    case.accepted_id, case.accepted_at = None, None
    record(session, "answer did not hold", case, by, now, answers=[row.id for row in rows])


def keep(
    session: Session, case: Case, kind: str, text: str, by: str, now: datetime, **more: Any
) -> CasePost:
    check_answer({"text": text, "evidence": more.get("evidence", "")})
    row = CasePost(case_id=case.id, kind=kind, level=case.level, by=by, at=now, text=text, **more)
    session.add(row)
    session.flush()
    return row


def find_post(session: Session, id: int) -> CasePost:
    row = session.get(CasePost, id)
    if row is None:
        raise NotFound(f"没有编号为 {id} 的回答", f"There is no answer {id}")
    return row


def _note_asked(session: Session, case: Case, by: Person, now: datetime) -> None:
    """Whoever was asked and answers for the first time."""
    mine = (col(CaseAsked.case_id) == case.id, col(CaseAsked.login) == by.login)
    open_ = select(CaseAsked).where(*mine, CaseAsked.state == "asked")
    for row in session.exec(open_):
        row.state, row.answered_at = "answered", now
        experts.note_outcome(session, by.login, answered=1)


def _call_off(session: Session, case: Case) -> None:
    mine = (col(CaseAsked.case_id) == case.id, col(CaseAsked.state) == "asked")
    rows = update(CaseAsked).where(*mine).values(state="called_off")
    session.execute(rows, execution_options={"synchronize_session": "fetch"})


def _key(row: CasePost) -> str:
    return f"case:{row.case_id}:answer:{row.id}"
