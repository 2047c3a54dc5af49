"""Who is told what happens to a case: its owner, and whoever is still asked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from notifications import notices
from notifications.notices import News
from records import Case, CaseAsked, CasePost, Person
from tasks.cases import case_policy
from tasks.cases.case_states import subject_of
from tasks.learning import knowledge

SHOWN = 60  # characters of the words in a title


def tell_posts(
    session: Session, case: Case, people: Sequence[Person], *, level: str, now: datetime
) -> None:
    """They are asked; of a case from the media at once, in quiet hours too."""
    named = knowledge.content(session)["levels"].get(level, {"zh": level, "en": level})
    facts = _facts(case) | {"level": {"zh": named["zh"], "en": named["en"]}}
    key = f"case:{case.id}:asked:{case.rounds}"
    _send(session, case, people, "case_asked", facts, key, now)


def tell_owner(session: Session, case: Case, post: CasePost, *, by: Person, now: datetime) -> None:
    owner = session.exec(select(Person).where(Person.login == case.owner)).first()
    if owner and owner.id != by.id:
        facts = _facts(case) | {"by": by.name}
        _send(session, case, [owner], "case_answered", facts, f"case post:{post.id}", now)


def tell_asked(session: Session, case: Case, post: CasePost, *, by: Person, now: datetime) -> None:
    """Whoever has not answered yet."""
    waiting = select(CaseAsked.login).where(
        CaseAsked.case_id == case.id, CaseAsked.state == "asked", CaseAsked.login != by.login
    )
    mine = select(Person).where(col(Person.login).in_(waiting)).order_by(col(Person.login))
    facts = _facts(case) | {"by": by.name, "added": post.text[:200]}
    people = session.exec(mine).all()
    _send(session, case, people, "case_added", facts, f"case post:{post.id}", now)


def _facts(case: Case) -> dict[str, Any]:
    return {"case": case.number, "words": case.words[:SHOWN], "link": f"/cases/{case.id}"}


def _send(
    session: Session,
    case: Case,
    people: Sequence[Person],
    template: str,
    facts: dict[str, Any],
    key: str,
    now: datetime,
) -> None:
    is_urgent = case_policy.is_press(session, case.channel)
    news = News(people, template, facts, key, subject_of(case))
    notices.tell_all(session, [news], is_urgent=is_urgent, now=now)
