"""Whom a case is asked of: many posts at once, one at least for each party that may have to do with
it; level by level, and whoever its owner invites.

How long each level has is the decision table consultation_limit; who is best: expert_choice.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from records import Case, CaseAsked, Person
from tasks.access.people import find_person
from tasks.cases import case_news, case_policy
from tasks.cases.case_states import record
from tasks.cases.case_states import require as require_state
from tasks.learning import experts, knowledge
from tasks.learning.expert_choice import Choice, choose
from tasks.refusals import NotAllowed, wrong

MOST = 20  # that are invited at once
Posts = list[dict[str, Any]]


def ask(session: Session, case: Case, level: str, *, by: str, now: datetime) -> dict[str, Any]:
    """Ask who was not asked yet: one for each party, then up to what the policy says of the level.

    A level without anybody is passed over at once; at the last it is whoever looks after knowledge.
    What is returned are the level, and the posts as the diagram asks them.
    """
    require_state("ask", case)
    _note_who_left(session, case, by, now)
    levels = knowledge.content(session)["levels"]
    chosen = _choose(session, case, level, levels, now)
    while not chosen and (after := levels.get(level, {}).get("next")):
        record(session, "nobody to ask", case, by, now, level=level)
        level, chosen = after, _choose(session, case, after, levels, now)
    case.level = level
    people = [find_person(session, choice.login) for choice in chosen]
    reasons = [[vars(reason) for reason in choice.reasons] for choice in chosen]
    if not people:
        people = _others(session, case, knowledge.guardians(session))
        reasons = [[] for _ in people]
    record(session, "posts asked", case, by, now, level=level, told=[p.login for p in people])
    return {"level": level, "posts": _ask(session, case, people, reasons, level, by, now)}


def invite(session: Session, case: Case, logins: Sequence[str], *, by: str, now: datetime) -> Posts:
    """Its owner calls in whom they want; whoever is asked already stays so."""
    people = check_invite(session, case, logins)
    record(session, "posts invited", case, by, now, told=[person.login for person in people])
    return _ask(session, case, people, [[] for _ in people], case.level, by, now)


def check_invite(session: Session, case: Case, logins: Sequence[str]) -> list[Person]:
    """Those of them who were not asked. Raises where somebody has left, or it is the owner."""
    require_state("ask", case)
    if not 0 < len(logins) <= MOST:
        raise wrong("logins", f"请选 1 至 {MOST} 人", f"names 1 to {MOST} people")
    people = [find_person(session, login) for login in dict.fromkeys(logins)]
    for person in people:
        if not person.active:
            raise NotAllowed(
                f"{person.name}已离岗,请另选他人", f"{person.login} has left: choose another"
            )
    if not (others := _others(session, case, people)):
        raise wrong("logins", "都已邀请过,请另选他人", "are all asked already: choose others")
    return others


def _choose(
    session: Session, case: Case, level: str, levels: Mapping[str, Any], now: datetime
) -> list[Choice]:
    """The best of each party first, then the best of all."""
    skills = case_policy.skills_of(session, case.triage.get("parties", ()), case.category)
    out = _asked(session, case)
    rules: dict[str, Any] = {"levels": [level], "city": case.city, "now": now}
    found: list[Choice] = []
    for known in skills.values():
        found += choose(session, known, limit=1, exclude={*out, *_logins(found)}, **rules)
    every = [skill for known in skills.values() for skill in known]
    limit = levels.get(level, {}).get("experts", 1)
    left = max(limit - len(found), 0)
    return found + choose(session, every, limit=left, exclude={*out, *_logins(found)}, **rules)


def _ask(
    session: Session,
    case: Case,
    people: Sequence[Person],
    reasons: Sequence[list[dict[str, Any]]],
    level: str,
    by: str,
    now: datetime,
) -> Posts:
    case.rounds += 1
    about: dict[str, Any] = {"case_id": case.id, "level": level, "round": case.rounds}
    about |= {"asked_by": by, "asked_at": now}
    pairs = zip(people, reasons, strict=True)
    rows = [CaseAsked(**about, login=person.login, reasons=why) for person, why in pairs]
    session.add_all(rows)
    session.flush()
    for row in rows:
        experts.note_outcome(session, row.login, asked=1)
    case_news.tell_posts(session, case, people, level=level, now=now)
    return [{"asked": row.id, "login": row.login, "level": level} for row in rows]


def _note_who_left(session: Session, case: Case, by: str, now: datetime) -> None:
    """Whoever was asked and is not here any more will not answer."""
    joined = select(CaseAsked).join(Person, col(Person.login) == col(CaseAsked.login))
    mine = joined.where(CaseAsked.case_id == case.id, CaseAsked.state == "asked")
    gone = session.exec(mine.where(col(Person.active).is_(False))).all()
    for row in gone:
        row.state = "left"
    if gone:
        record(session, "who was asked has left", case, by, now, left=[row.login for row in gone])


def _asked(session: Session, case: Case) -> set[str]:
    """And the owner, who need not ask themselves."""
    rows = select(CaseAsked.login).where(CaseAsked.case_id == case.id)
    return {*session.exec(rows), case.owner}


def _others(session: Session, case: Case, people: Sequence[Person]) -> list[Person]:
    out = _asked(session, case)
    return [person for person in people if person.login not in out]


def _logins(found: Sequence[Choice]) -> list[str]:
    return [choice.login for choice in found]
