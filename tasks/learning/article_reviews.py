"""Whether articles are still right: owners are told before a review is due, and again; what nobody
reviews is out of date. Called nightly.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from notifications import notices
from records import Article, Person
from tasks.faults.impact import ZONE
from tasks.learning import articles, knowledge

BY = "knowledge"  # whose doing it is, in history


def due(session: Session, now: datetime, limit: int = 500) -> list[int]:
    """Articles that are to be looked at, the longest overdue first."""
    rows = select(Article.id).where(col(Article.watch_at) <= now)
    return list(session.exec(rows.order_by(col(Article.watch_at), col(Article.id)).limit(limit)))


def watch(session: Session, id: int, *, now: datetime) -> bool:
    """Tell who has to review it; the grace over, it is out of date. False where it is not due."""
    article = session.get(Article, id, with_for_update=True)
    if article is None or article.watch_at is None or article.watch_at > now:
        return False
    assert article.review_at is not None  # whatever is watched has one
    rules = knowledge.content(session)["review"]
    if now >= article.review_at + timedelta(days=rules["grace_days"]):
        if article.state == "published":
            articles.expire(session, article, by=BY, now=now)
        article.watch_at = None
    else:
        article.watch_at = now + timedelta(days=rules["remind_days"])
    _tell(session, article, now)
    return True


def put_off(session: Session, id: int, *, now: datetime) -> None:
    """One that fails must not keep the others waiting."""
    session.get_one(Article, id).watch_at = now + timedelta(days=1)


def _tell(session: Session, article: Article, now: datetime) -> None:
    """Its owner; those who look after knowledge where the owner has left."""
    owner = session.exec(select(Person).where(Person.login == article.owner)).first()
    is_there = owner is not None and owner.active
    assert article.review_at is not None
    for person in [owner] if is_there and owner else knowledge.guardians(session):
        notices.tell(
            session,
            to=person,
            template="article_review",
            facts={
                "title": article.title,
                "review_at": f"{article.review_at.astimezone(ZONE):%Y-%m-%d}",
                "is_expired": article.state == "expired",
                "owner": "" if is_there else article.owner,
                "link": f"/articles/{article.id}",
            },
            key=f"article:{article.id}:{article.number}:{now:%Y-%m-%d}",
            subject=f"article:{article.id}",
            now=now,
        )
