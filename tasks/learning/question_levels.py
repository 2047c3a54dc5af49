"""How a question rises (市—省—集团): who is asked at each level, and when it goes on.

Unanswered when the time of its level is over, it rises, and all below still see and answer it. With
answers of which none is accepted, its asker is reminded once, and then it rises. At the last level
those who look after knowledge are told, each time anew. Times and numbers are data: "levels" of the
policy "knowledge". The times run day and night: what is asked here may have a customer waiting.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from notifications import notices
from notifications.notices import News
from records import Asked, Person, Question, history
from tasks.learning import expert_choice, experts, knowledge

BY = "knowledge"  # whose doing it is, in history


def due(session: Session, now: datetime, limit: int = 200) -> dict[int, datetime]:
    """Questions that have waited long enough at their level, and since when."""
    rise_at = col(Question.rise_at)
    rows = select(Question.id, rise_at).where(Question.state == "open", rise_at <= now)
    found = session.exec(rows.order_by(rise_at, col(Question.id)).limit(limit))
    return {id: at or now for id, at in found}


def rise(session: Session, id: int, *, now: datetime) -> bool:
    """Go on, as the module says. False where it was answered meanwhile."""
    question = session.get(Question, id, with_for_update=True)
    if question is None or question.state != "open" or not question.rise_at:
        return False
    if question.rise_at > now:
        return False
    if question.answers and not question.reminders:
        _remind(session, question, now)
    else:
        _go_up(session, question, now)
    return True


def put_off(session: Session, id: int, *, now: datetime) -> None:
    """One that fails must not keep the others waiting."""
    session.get_one(Question, id).rise_at = now + timedelta(minutes=1)


def ask_experts(session: Session, question: Question, *, now: datetime) -> None:
    """The best of its level who were not asked yet; where there is nobody, those of the next."""
    chosen = _choose(session, question, now)
    while not chosen and (after := _level(session, question)["next"]):
        _record(session, "nobody to ask", question, now, level=question.level)
        question.level = after
        chosen = _choose(session, question, now)
    question.rounds += 1
    start_waiting(session, question, now=now)
    people = chosen or knowledge.guardians(session)
    told = [person.login for person in people]
    _record(session, "experts asked", question, now, level=question.level, told=told)
    _note(session, question, chosen, now)
    _tell(session, question, people, now)


def start_waiting(session: Session, question: Question, *, now: datetime) -> None:
    question.rise_at = now + timedelta(minutes=_level(session, question)["minutes"])


def _go_up(session: Session, question: Question, now: datetime) -> None:
    was = question.level
    question.level = _level(session, question)["next"] or was
    question.reminders = 0
    verb = "rose" if question.level != was else "still unanswered"
    _record(session, verb, question, now, was=was, **{"is": question.level})
    ask_experts(session, question, now=now)


def _remind(session: Session, question: Question, now: datetime) -> None:
    """Answers are there: who asked is to look at them."""
    question.reminders += 1
    start_waiting(session, question, now=now)
    asker = session.exec(select(Person).where(Person.login == question.asked_by)).first()
    _record(session, "asker reminded", question, now, answers=question.answers)
    if asker:
        _send(session, "question_waits", question, [asker], now)


def _choose(session: Session, question: Question, now: datetime) -> list[Person]:
    level = _level(session, question)
    joined = select(Person.login).join(Asked, col(Asked.person_id) == col(Person.id))
    before = session.exec(joined.where(Asked.question_id == question.id)).all()
    chosen = expert_choice.choose(
        session,
        question.skills,
        levels=[question.level],
        limit=level["experts"],
        city=question.city,
        exclude=[*before, question.asked_by],
        now=now,
    )
    logins = [choice.login for choice in chosen]
    found = {p.login: p for p in session.exec(select(Person).where(col(Person.login).in_(logins)))}
    return [found[login] for login in logins]


def _note(session: Session, question: Question, people: Sequence[Person], now: datetime) -> None:
    about = {"question_id": question.id, "level": question.level, "asked_at": now}
    if rows := [about | {"person_id": person.id} for person in people]:
        session.execute(insert(Asked), rows)
    for person in people:
        experts.note_outcome(session, person.login, asked=1)


def _tell(session: Session, question: Question, people: Sequence[Person], now: datetime) -> None:
    _send(session, "question_asked", question, people, now)


def _send(
    session: Session, template: str, question: Question, people: Sequence[Person], now: datetime
) -> None:
    level = _level(session, question)
    facts = {
        "title": question.title,
        "level": {"zh": level["zh"], "en": level["en"]},
        "answers": question.answers,
        "link": f"/questions/{question.id}",
    }
    key = f"question:{question.id}:{template}:{question.level}:{question.rounds}"
    news = News(people, template, facts, key, f"question:{question.id}")
    notices.tell_all(session, [news], is_urgent=False, now=now)


def _level(session: Session, question: Question) -> dict[str, Any]:
    """Its level as the policy has it now; one that is not there any more is the last."""
    levels: dict[str, dict[str, Any]] = knowledge.content(session)["levels"]
    return levels.get(question.level) or list(levels.values())[-1]


def _record(session: Session, verb: str, question: Question, now: datetime, **told: Any) -> None:
    history.record(session, verb, subject=f"question:{question.id}", by=BY, at=now, also=told)
