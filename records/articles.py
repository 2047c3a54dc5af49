"""Articles of knowledge (知识): offers, terminal settings, faults. Verbs: tasks/learning."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint, inspect
from sqlmodel import Field, SQLModel

from records.article_terms import weigh
from records.columns import BigId, Json, UtcDateTime

CONTENT = (  # what a version keeps
    *("kind", "category", "title", "title_en", "body", "body_en"),
    *("symptoms", "causes", "script"),
)


class Article(SQLModel, table=True):
    """As readers see it. `draft` has what its next version is to be."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str = Field(index=True)  # offer, terminal, fault
    state: str = Field(default="draft", index=True)  # draft, published, expired, withdrawn
    category: str = Field(default="", index=True)
    title: str
    title_en: str = ""
    body: str = ""
    body_en: str = ""
    symptoms: str = ""  # what customers say of it, in any language
    causes: list[str] = Field(default_factory=list, sa_type=Json)  # of alarms
    script: list[str] = Field(default_factory=list, sa_type=Json)  # 预处理: what to do first
    owner: str = Field(index=True)  # a login
    number: int = 0  # of the version that readers see; 0: none yet
    draft: dict[str, Any] | None = Field(default=None, sa_type=Json)
    source: str = ""  # subject of the solved case that it was made of
    source_key: str | None = Field(default=None, unique=True)  # one article for each, while it is
    solved: int = 0  # how often it solved a case, and how often it did not
    failed: int = 0
    revision: int = 1
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    review_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    watch_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)  # next look
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ArticleVersion(SQLModel, table=True):
    """One published version, never changed."""

    __table_args__ = (UniqueConstraint("article_id", "number"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    article_id: int = Field(foreign_key="article.id")
    number: int
    content: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    published_at: datetime = Field(sa_type=UtcDateTime)
    published_by: str
    reason: str = ""


class ArticleTerm(SQLModel, table=True):
    """That an article has a term, and how much it counts there: article_terms.py.

    All three are the key, so that a search reads nothing but the index; and no foreign key, which
    would be checked 250 times for each article.
    """

    __table_args__ = {"sqlite_with_rowid": False}

    term: int = Field(primary_key=True, sa_type=BigId)
    article_id: int = Field(primary_key=True)
    weight: int = Field(primary_key=True)


def terms(article: Any) -> dict[int, int]:
    """What the article, as readers see it, is found by."""
    return weigh(
        [article.title, article.title_en],
        article.symptoms,
        [article.body, article.body_en, *article.script],
        tags(article.category, article.causes),
    )


def tags(category: str, causes: Iterable[str]) -> list[str]:
    named = [f"category:{category}"] if category else []
    return [*named, *(f"cause:{cause.casefold()}" for cause in causes)]


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(Article).version_id_col = inspect(Article).columns["revision"]
