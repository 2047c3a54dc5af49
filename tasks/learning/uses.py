"""Whether knowledge helped: an article or an answer that was used on a case.

It moves what search suggests, and earns points for who wrote it. Called by the doors and by cases.
"""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from records import Answer, Article, Person, Use
from tasks.access.people import require
from tasks.learning import articles, points
from tasks.refusals import NotAllowed, wrong
from tasks.texts import check_texts, require_words

OUTCOMES = ("solved", "failed")


def note_article(
    session: Session, article: Article, subject: str, outcome: str, *, by: Person, now: datetime
) -> Use:
    """Somebody says whether it helped with a case ("ticket:7"). Said again, the last counts."""
    require(by, "articles:read")
    if article.state not in articles.CURRENT:
        raise NotAllowed(
            "只有已发布的知识才能标注是否有用", "Only an article that is published can be used"
        )
    use, was = _keep(session, f"article:{article.id}", subject, outcome, article.number, by, now)
    if was == outcome:
        return use
    _count(session, article, {each: (outcome == each) - (was == each) for each in OUTCOMES})
    articles.record(session, "used", article, by.login, now, case=subject, outcome=outcome)
    _settle(session, "article_used", article.owner, use, by, now)
    return use


def note_answer(
    session: Session, answer: Answer, subject: str, outcome: str, *, by: Person, now: datetime
) -> Use:
    """An accepted answer was used for another case."""
    require(by, "questions:read")
    if answer.state != "accepted":
        raise NotAllowed("只有被采纳的回答才能再次使用", "Only an accepted answer can be reused")
    if subject == f"question:{answer.question_id}":
        raise wrong("subject", "请填另一个事项", "has to be another case than its own")
    use, was = _keep(session, f"answer:{answer.id}", subject, outcome, 0, by, now)
    if was != outcome:
        _count(session, answer, {"reused": (outcome == "solved") - (was == "solved")})
        _settle(session, "answer_reused", answer.by, use, by, now)
    return use


def _keep(
    session: Session,
    about: str,
    subject: str,
    outcome: str,
    number: int,
    by: Person,
    now: datetime,
) -> tuple[Use, str]:
    """The row, and what it said before."""
    told = {"subject": subject, "outcome": outcome}
    require_words(told, "subject")
    check_texts(told, {"subject": 100})
    if outcome not in OUTCOMES:
        raise wrong("outcome", "须为 solved 或 failed", "has to be solved or failed")
    same = (Use.about == about, Use.subject == subject, Use.by == by.login)
    use = session.exec(select(Use).where(*same)).first()
    was = use.outcome if use else ""
    if use is None:
        use = Use(about=about, subject=subject, by=by.login, outcome=outcome, at=now)
        session.add(use)
    use.outcome, use.at, use.number = outcome, now, number
    session.flush()
    return use, was


def _count(session: Session, row: Article | Answer, more: dict[str, int]) -> None:
    """Added up by the database: many may say so at once, and none of them is refused for it."""
    table = type(row)
    added = {name: getattr(table, name) + n for name, n in more.items()}
    mine = update(table).where(col(table.id) == row.id).values(added)
    session.execute(mine, execution_options={"synchronize_session": False})
    session.refresh(row, list(more))


def _settle(session: Session, kind: str, login: str, use: Use, by: Person, now: datetime) -> None:
    """Points for one case once, whoever of those who used it there says so."""
    key = f"{use.about}:{use.subject}"
    if use.outcome == "solved":
        told = {"key": key, "subject": use.about, "by": by.login, "now": now}
        points.award(session, login, kind, **told)  # type: ignore[arg-type]
    elif (earned := points.find(session, key)) and earned.by == by.login:
        points.take_back(session, key, by=by.login, now=now)
