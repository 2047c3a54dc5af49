"""Pre-handling scripts (预处理方案): what to do first on a case, from the pushes that match it.

Asked while an agent types. A push that matches nothing in particular would open on every case, so
it opens on none.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from records import Article, FaqPush

MOST = 500  # active pushes that are looked at, the newest first


@dataclass(frozen=True)
class Script:
    """The steps, in order; and what of the case had it open."""

    push_id: int
    article_id: int
    title: str
    title_en: str
    steps: list[str]
    matched: list[str]


def scripts_for(
    session: Session, text: str, *, category: str = "", cause: str = "", now: datetime
) -> list[Script]:
    """Of each push whose category is the case's, if it has one, and of whose words and causes any
    is there, if it has some; the newest first."""
    rows = (
        select(FaqPush, Article)
        .join(Article, col(Article.id) == col(FaqPush.article_id))
        .where(col(FaqPush.ended_at).is_(None), FaqPush.ends_at > now)
        .where(Article.state == "published")
        .order_by(col(FaqPush.id).desc())
        .limit(MOST)
    )
    found = ((p, a, _matched(p, text, category, cause)) for p, a in session.exec(rows))
    return [
        Script(push.id, article.id, article.title, article.title_en, article.script, matched)
        for push, article, matched in found
        if matched and article.script
    ]


def _matched(push: FaqPush, text: str, category: str, cause: str) -> list[str]:
    if push.category and category and push.category != category:
        return []
    said = text.casefold()
    words = [word for word in push.words if word.casefold() in said]
    causes = [each for each in push.causes if cause and each.casefold() == cause.casefold()]
    if push.words or push.causes:
        return [*words, *causes]
    return [category] if push.category and push.category == category else []
