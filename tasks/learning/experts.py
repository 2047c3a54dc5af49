"""Experts (专家): who is one, at which level, for how long; whom to ask: expert_choice.py.

    candidate ──appoint──▶ active ──end, or the term is over──▶ ended ──nominate──▶ candidate

A virtual team: they stay where they work. An expert who has left, or whose term is over, is asked
nothing more.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from records import Expert, Person, history
from tasks.access.people import may, require
from tasks.faults.tickets import require_reason
from tasks.learning import knowledge
from tasks.refusals import Forbidden, NotAllowed, NotFound, wrong
from tasks.texts import check_texts

BY = "knowledge"  # whose doing it is, in history
LONGEST = {"line": 100, "skills": 100, "note": 2_000}
MAY_CHANGE = {"level", "line", "skills", "most", "note"}
FARTHEST = timedelta(days=366)  # of an absence


def nominate(
    session: Session, person: Person, told: Mapping[str, Any], *, by: Person, now: datetime
) -> Expert:
    """Make somebody a candidate, with what of MAY_CHANGE is told."""
    require(by, "experts:administer")
    _require_here(person)
    expert = session.get(Expert, person.id) or Expert(person_id=person.id, state="ended")
    if expert.state != "ended":
        raise NotAllowed(
            f"{person.name}已在专家库中,请直接修改",
            f"{person.login} is in the directory already: change the entry",
        )
    expert.state, expert.nominated_by = "candidate", by.login
    expert.skills = expert.skills or list(person.skills)
    _put(session, expert, told)
    session.add(expert)
    _record(session, "nominated as expert", person, by.login, now, **told)
    return expert


def change(
    session: Session, expert: Expert, told: Mapping[str, Any], *, by: Person, now: datetime
) -> None:
    require(by, "experts:administer")
    _put(session, expert, told)
    _record(session, "expert changed", person_of(session, expert), by.login, now, **told)


def appoint(
    session: Session,
    expert: Expert,
    *,
    until: datetime | None = None,
    by: Person,
    now: datetime,
) -> None:
    """For a term, or for one more: until then, else for as long as the policy says."""
    require(by, "experts:administer")
    person = person_of(session, expert)
    _require_here(person)
    if person.id == by.id:
        raise Forbidden(
            "不能任命自己,请另一位负责人来做", "Nobody appoints themselves: ask another"
        )
    if not expert.skills:
        raise wrong("skills", "请先填专长", "Say first what they are skilled in")
    days = knowledge.content(session)["experts"]["term_days"]
    term = until or now + timedelta(days=days)
    if not now < term <= now + timedelta(days=3_650):
        raise wrong("until", "任期应在今后十年之内", "The term ends within the next ten years")
    expert.state, expert.term_until = "active", term
    expert.term_from = expert.term_from or now
    _record(session, "appointed expert", person, by.login, now, until=term.isoformat())


def end(session: Session, expert: Expert, *, reason: str, by: Person, now: datetime) -> None:
    require(by, "experts:administer")
    require_reason(reason)
    _end(session, expert, by.login, reason, now)


def set_away(
    session: Session, expert: Expert, until: datetime | None, *, by: Person, now: datetime
) -> None:
    """Not to be asked until then; None: back. One says it for oneself, or an administrator does."""
    if expert.person_id != by.id and not may(by, "experts:administer"):
        raise Forbidden("只能设置自己的休假", "Only one's own absence: ask who keeps the directory")
    if until and not now < until <= now + FARTHEST:
        raise wrong("until", "应在今后一年之内", "is to be within a year from now")
    expert.away_until = until
    told = {"until": until.isoformat() if until else None}
    _record(session, "expert away", person_of(session, expert), by.login, now, **told)


def end_terms(session: Session, *, now: datetime) -> int:
    """Nightly: terms that are over, and experts who have left; how many."""
    gone = select(Expert, Person).join(Person, col(Person.id) == col(Expert.person_id))
    is_over = (col(Expert.term_until) <= now) | col(Person.active).is_(False)
    rows = session.exec(gone.where(Expert.state == "active", is_over)).all()
    for expert, person in rows:
        reason = "term is over" if person.active else "has left"
        _end(session, expert, BY, reason, now)
    return len(rows)


def note_outcome(
    session: Session, login: str, *, asked: int = 0, answered: int = 0, accepted: int = 0
) -> None:
    """Count what became of a request; nothing where they are no expert. Added up by the database:
    many may be asked and answer at once."""
    mine = select(Person.id).where(Person.login == login).scalar_subquery()
    told = {"asked": asked, "answered": answered, "accepted": accepted}
    added = {name: getattr(Expert, name) + n for name, n in told.items()}
    counted = update(Expert).where(col(Expert.person_id) == mine).values(added)
    session.execute(counted, execution_options={"synchronize_session": False})


def find(session: Session, login: str) -> Expert:
    found = select(Expert).join(Person, col(Person.id) == col(Expert.person_id))
    expert = session.exec(found.where(Person.login == login)).first()
    if expert is None:
        raise NotFound(f"专家库中没有“{login}”", f"“{login}” is not in the directory of experts")
    return expert


def person_of(session: Session, expert: Expert) -> Person:
    return session.get_one(Person, expert.person_id)


def _end(session: Session, expert: Expert, by: str, reason: str, now: datetime) -> None:
    if expert.state == "ended":
        raise NotAllowed("此人已不是专家,请刷新", "They are no expert any more: reload")
    expert.state, expert.away_until, expert.term_from = "ended", None, None
    _record(session, "no expert any more", person_of(session, expert), by, now, reason=reason)


def _put(session: Session, expert: Expert, told: Mapping[str, Any]) -> None:
    if unknown := set(told) - MAY_CHANGE:
        raise wrong(min(unknown), "这一项不能这样改", "This cannot be changed in this way")
    check_texts(told, LONGEST)
    knowledge.require_known(session, "levels", "level", told.get("level", expert.level))
    if not 0 <= told.get("most", 0) <= 1_000 or len(told.get("skills", ())) > 50:
        raise wrong("most", "应为 0 至 1000;专长最多 50 项", "is 0 to 1000; 50 skills at most")
    for key, value in told.items():
        setattr(expert, key, value)


def _require_here(person: Person) -> None:
    if not person.active:
        raise NotAllowed(
            f"{person.name}已离岗,请另选他人", f"{person.login} has left: choose another"
        )


def _record(
    session: Session, verb: str, person: Person, by: str, now: datetime, **told: Any
) -> None:
    history.record(session, verb, subject=f"person:{person.login}", by=by, at=now, **told)
