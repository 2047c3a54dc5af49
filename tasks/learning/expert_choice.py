"""Whom to ask: skilled, free, near, and often accepted before; with reasons. It decides nothing.

Asked by questions and consultations. The weights: "experts" of the policy "knowledge".
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from records import Asked, Expert, Person, Question, WorkOrder
from tasks.learning import knowledge
from tasks.suggestions import Reason


@dataclass(frozen=True)
class Choice:
    """Somebody who may be asked; the larger the score, the better."""

    login: str
    name: str
    name_en: str
    level: str
    city: str
    skills: list[str]
    open: int  # requests and work orders in hand
    reasons: list[Reason]

    @property
    def score(self) -> float:
        return sum(reason.weight for reason in self.reasons)


@dataclass(frozen=True)
class _Wish:
    skills: Sequence[str]
    city: str
    rules: Mapping[str, Any]


def choose(
    session: Session,
    skills: Sequence[str],
    *,
    levels: Collection[str] = (),
    limit: int = 3,
    city: str = "",
    exclude: Collection[str] = (),
    now: datetime,
) -> list[Choice]:
    """The best `limit` experts of these levels (any, if none is named), the best first.

    Left out: who has left, is away, or whose term is over; `exclude`, logins; who knows none of
    `skills`, unless none are asked for; and who has as much in hand as they take.
    """
    rules = knowledge.content(session)["experts"]
    wish = _Wish(list(dict.fromkeys(skills)), city, rules)
    rows = session.execute(_available(levels, now)).tuples().all()
    found = [(e, p) for e, p in rows if p.login not in exclude and _is_skilled(e, wish)]
    held = _held(session, [person for _, person in found])
    told = [_tell(e, p, held.get(p.id, 0), wish) for e, p in found]
    free = [
        choice
        for choice, (expert, _) in zip(told, found, strict=True)
        if choice.open < (expert.most or rules["most"])
    ]
    return sorted(free, key=lambda each: (-each.score, each.login))[:limit]


def _available(levels: Collection[str], now: datetime) -> Any:
    away, term = col(Expert.away_until), col(Expert.term_until)
    rows = select(Expert, Person).join(Person, col(Person.id) == col(Expert.person_id))
    rows = rows.where(col(Expert.state) == "active", col(Person.active))
    rows = rows.where(away.is_(None) | (away <= now), term.is_(None) | (term > now))
    return rows.where(col(Expert.level).in_(list(levels))) if levels else rows


def _is_skilled(expert: Expert, wish: _Wish) -> bool:
    return not wish.skills or any(skill in expert.skills for skill in wish.skills)


def _held(session: Session, people: Iterable[Person]) -> dict[int, int]:
    """Work orders in hand, and open questions that they were asked and have not answered."""
    by_login = {person.login: person.id for person in people}
    holder, asked = col(WorkOrder.holder), col(Asked.person_id)
    orders = select(holder, func.count()).where(
        holder.in_(by_login), col(WorkOrder.finished_at).is_(None)
    )
    questions = (
        select(asked, func.count())
        .join(Question, col(Question.id) == col(Asked.question_id))
        .where(asked.in_(by_login.values()), col(Asked.answered_at).is_(None))
        .where(col(Question.state) == "open")
    )
    held: dict[int, int] = dict(session.execute(questions.group_by(asked)).tuples().all())
    for login, count in session.execute(orders.group_by(holder)):
        held[by_login[login]] = held.get(by_login[login], 0) + count
    return held


def _tell(expert: Expert, person: Person, held: int, wish: _Wish) -> Choice:
    shown = (person.login, person.name, person.name_en, expert.level, person.city)
    reasons = list(_reasons(expert, person, held, wish))
    return Choice(*shown, list(expert.skills), held, reasons)


def _reasons(expert: Expert, person: Person, held: int, wish: _Wish) -> Iterator[Reason]:
    rules = wish.rules
    if known := [skill for skill in wish.skills if skill in expert.skills]:
        some, share = ", ".join(known), len(known) / len(wish.skills)
        yield Reason(f"专长 {some}", f"Is skilled in {some}", round(rules["skilled"] * share, 1))
    if wish.city and person.city == wish.city:
        yield Reason(f"就在{person.city}", f"Is in {person.city}", rules["near"])
    if expert.answered:  # as if two had been answered before, one of them accepted
        share = (expert.accepted + 1) / (expert.answered + 2)
        zh = f"答过 {expert.answered} 次,被采纳 {expert.accepted} 次"
        en = f"Answered {expert.answered} times, accepted {expert.accepted} times"
        yield Reason(zh, en, round(rules["accepted"] * (2 * share - 1), 1))
    zh, en = (f"手上有 {held} 件", f"Has {held} in hand") if held else ("手上没有事", "Is free")
    yield Reason(zh, en, rules["each_open"] * held)
