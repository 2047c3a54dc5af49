"""Questions and answers (问答), open to everybody, over three levels.

    open ──accept──▶ answered ──reopen──▶ open
      └──withdraw──▶ withdrawn

Who asks keeps their words; nobody changes them. The first answer that is accepted ends it; nobody
accepts their own. An answer after the close is kept and earns nothing. Who is asked, and how a
question rises from city to group: question_levels.py.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from notifications import notices
from records import Answer, Asked, Person, Question, history
from tasks.access.people import may, require
from tasks.faults.tickets import require_reason
from tasks.learning import experts, knowledge, points, question_levels
from tasks.refusals import Forbidden, NotAllowed, NotFound, wrong
from tasks.texts import check_texts, require_words

LONGEST = {"title": 200, "text": 10_000, "evidence": 10_000, "subject": 100, "skills": 100}
STATES = {
    "open": ("待解答", "open"),
    "answered": ("已采纳回答", "answered"),
    "withdrawn": ("已撤回", "withdrawn"),
}


def ask(
    session: Session,
    *,
    title: str,
    text: str,
    category: str = "",
    skills: Sequence[str] = (),
    subject: str = "",
    by: Person,
    now: datetime,
) -> Question:
    """Ask experts of the first level, and whoever reads it. `subject`: the case it is about.

    Skills that are not told are those of the category.
    """
    require(by, "questions:ask")
    told: dict[str, Any] = {"title": title, "text": text, "subject": subject}
    require_words(told, "title", "text")
    check_texts(told | {"skills": skills}, LONGEST)
    knowledge.require_category(session, category)
    rules = knowledge.content(session)
    known = rules["categories"].get(category, {}).get("skills", [])
    row = Question(
        **told, category=category, skills=list(dict.fromkeys(skills or known))[:20],
        level=next(iter(rules["levels"])), city=by.city, asked_by=by.login, asked_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    about = {"category": category, "skills": row.skills, "case": subject}
    record(session, "asked", row, by.login, now, title=title, text=text, **about)
    question_levels.ask_experts(session, row, now=now)
    return row


def add(session: Session, question: Question, text: str, *, by: Person, now: datetime) -> Answer:
    """What was forgotten; the words of the question stay as they were."""
    require(by, "questions:ask")
    _require_open(question)
    return _keep(session, question, "addition", "given", text, "", by, now)


def answer(
    session: Session,
    question: Question,
    text: str,
    *,
    evidence: str = "",
    by: Person,
    now: datetime,
) -> Answer:
    """Who asked is told. One that comes after the close is kept as late, and nobody is told."""
    require(by, "questions:ask")
    state = "given" if question.state == "open" else "late"
    row = _keep(session, question, "answer", state, text, evidence, by, now)
    if state == "given":
        question.answers += 1
        _note_asked(session, question, by, now)
        _tell_asker(session, question, row, by, now)
    return row


def accept(
    session: Session, question: Question, answer: Answer, *, by: Person, now: datetime
) -> None:
    """Who asked, or who may steer questions, takes one answer; who gave it earns points."""
    _require_theirs(question, by)
    _require_open(question)
    if answer.question_id != question.id or answer.kind != "answer" or answer.state != "given":
        raise wrong("answer", "这不是该问题的有效回答", "is no answer of this question's")
    if answer.by in (by.login, question.asked_by):
        raise Forbidden(
            "不能采纳自己的回答,请采纳他人的回答,或撤回问题",
            "Nobody accepts their own answer: accept another's, or withdraw the question",
        )
    answer.state, question.accepted_id = "accepted", answer.id
    _close(question, "answered", now)
    record(session, "answer accepted", question, by.login, now, answer=answer.id, of=answer.by)
    experts.note_outcome(session, answer.by, accepted=1)
    points.award(
        session, answer.by, "answer_accepted", key=_key(answer), subject=f"question:{question.id}",
        by=by.login, now=now,
    )  # fmt: skip


def reopen(session: Session, question: Question, *, reason: str, by: Person, now: datetime) -> None:
    """The accepted answer did not hold: its points are taken back, and the question is open."""
    _require_theirs(question, by)
    require_reason(reason)
    if question.state != "answered" or question.accepted_id is None:
        raise NotAllowed(
            "只有已采纳回答的问题才能重开", "Only an answered question can be reopened"
        )
    row = session.get_one(Answer, question.accepted_id)
    row.state, question.accepted_id, question.closed_at = "given", None, None
    question.state, question.reminders = "open", 0
    record(session, "reopened", question, by.login, now, answer=row.id, reason=reason)
    experts.note_outcome(session, row.by, accepted=-1)
    points.take_back(session, _key(row), by=by.login, now=now)
    question_levels.start_waiting(session, question, now=now)


def withdraw(
    session: Session, question: Question, *, reason: str, by: Person, now: datetime
) -> None:
    _require_theirs(question, by)
    _require_open(question)
    require_reason(reason)
    _close(question, "withdrawn", now)
    record(session, "withdrawn", question, by.login, now, reason=reason)


def find(session: Session, id: int) -> Question:
    question = session.get(Question, id)
    if question is None:
        raise NotFound(f"没有编号为 {id} 的问题", f"There is no question {id}")
    return question


def find_answer(session: Session, id: int) -> Answer:
    answer = session.get(Answer, id)
    if answer is None:
        raise NotFound(f"没有编号为 {id} 的回答", f"There is no answer {id}")
    return answer


def record(
    session: Session, verb: str, question: Question, by: str, now: datetime, **told: Any
) -> None:
    history.record(session, verb, subject=f"question:{question.id}", by=by, at=now, **told)


def _keep(
    session: Session,
    question: Question,
    kind: str,
    state: str,
    text: str,
    evidence: str,
    by: Person,
    now: datetime,
) -> Answer:
    told: dict[str, Any] = {"text": text, "evidence": evidence}
    require_words(told, "text")
    check_texts(told, LONGEST)
    row = Answer(question_id=question.id, kind=kind, state=state, **told, by=by.login, at=now)
    row.level = question.level
    session.add(row)
    session.flush()
    verb = {"addition": "added to", "answer": "answered"}[kind]
    verb = "answered after the close" if state == "late" else verb
    record(session, verb, question, by.login, now, answer=row.id, **told)
    return row


def _note_asked(session: Session, question: Question, by: Person, now: datetime) -> None:
    """An expert's first answer to it counts."""
    mine = (col(Asked.question_id) == question.id, col(Asked.person_id) == by.id)
    done = update(Asked).where(*mine, col(Asked.answered_at).is_(None)).values(answered_at=now)
    first = select(Answer.id).where(Answer.question_id == question.id, Answer.by == by.login)
    if len(session.exec(first.where(Answer.kind == "answer").limit(2)).all()) == 1:
        experts.note_outcome(session, by.login, answered=1)
    session.execute(done, execution_options={"synchronize_session": False})


def _tell_asker(
    session: Session, question: Question, row: Answer, by: Person, now: datetime
) -> None:
    asker = session.exec(select(Person).where(Person.login == question.asked_by)).first()
    if asker is not None and asker.id != by.id:
        notices.tell(
            session,
            to=asker,
            template="question_answered",
            facts={"title": question.title, "by": by.name, "link": f"/questions/{question.id}"},
            key=f"answer:{row.id}",
            subject=f"question:{question.id}",
            now=now,
        )


def _close(question: Question, state: str, now: datetime) -> None:
    question.state, question.closed_at, question.rise_at = state, now, None


def _key(answer: Answer) -> str:
    return f"answer:{answer.id}:accepted"


def _require_theirs(question: Question, by: Person) -> None:
    if by.login != question.asked_by and not may(by, "questions:steer"):
        raise Forbidden(
            f"只有提问人 {question.asked_by} 或负责人可以这样做",
            f"Only {question.asked_by}, who asked, or who steers questions may do this",
        )


def _require_open(question: Question) -> None:
    if question.state != "open":
        zh, en = STATES[question.state]
        raise NotAllowed(
            f"这个问题已是“{zh}”,请刷新后再看",
            f"This question is {en} already: reload to see",
            state=question.state,
        )
