"""JSON: articles of knowledge: written, published, searched. Suggested: article_suggestions.py."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from records import Article, ArticleVersion
from tasks.learning import article_drafts, article_search, articles, uses
from tasks.refusals import NotFound, wrong

router = make_router("articles")
SORTS = {
    "id": (col(Article.id),),
    "title": (col(Article.title), col(Article.id)),
    "solved": (col(Article.solved), col(Article.id)),
}
FILTERS = {
    "kind": col(Article.kind),
    "state": col(Article.state),
    "category": col(Article.category),
    "owner": col(Article.owner),
}
VERSION_SORTS = {"number": (col(ArticleVersion.number),)}
Kind = Literal["offer", "terminal", "fault"]


class ArticleShown(BaseModel):
    """Texts are plain: show them as text."""

    id: int
    kind: str
    state: str = Field(description="draft, published, expired (found with a warning), withdrawn")
    category: str
    title: str
    title_en: str
    symptoms: str
    causes: list[str]
    owner: str
    number: int = Field(description="Of the version that readers see; 0: none yet")
    has_draft: bool = Field(description="A change of it waits to be published")
    solved: int
    failed: int
    created_at: datetime
    published_at: datetime | None
    review_at: datetime | None
    score: int | None = Field(None, description="In a search: the best first")


class ArticleInFull(ArticleShown):
    body: str
    body_en: str
    script: list[str] = Field(description="预处理: what to do first, step by step")
    draft: dict[str, Any] | None
    source: str = Field(description="The solved case that it was made of")
    created_by: str
    reviewed_at: datetime | None


class ArticleFilter(Asked):
    q: str | None = Field(None, max_length=200, description="Words; sorted by how well they fit")
    kind: Kind | None = None
    state: Literal["draft", "published", "expired", "withdrawn"] | None = None
    category: str | None = Field(None, max_length=100)
    owner: str | None = Field(None, max_length=40)
    review_before: AwareDatetime | None = None

    @property
    def is_narrowed(self) -> bool:
        return self.review_before is not None or any(getattr(self, name) for name in FILTERS)


class ArticleChange(Given):
    """What is left out stays as it is. Texts are plain: HTML and scripts are refused."""

    kind: Kind = "fault"
    category: str = Field("", examples=["billing"])
    title: str = Field("", examples=["Wi-Fi 上网为何产生 GPRS 流量"])
    title_en: str = Field("", examples=["Why a phone on Wi-Fi is charged for GPRS"])
    body: str = ""
    body_en: str = ""
    symptoms: str = Field("", description="What customers say of it")
    causes: list[str] = Field([], description="Of alarms", examples=[["LOS"]])
    script: list[str] = Field([], description="What to do first, step by step")
    owner: str = Field("", max_length=40, description="A login; else who writes it")


class NewArticle(ArticleChange):
    kind: Kind
    title: str


class Draft(Given):
    subject: str = Field(max_length=100, examples=["ticket:7", "question:3"])


class Publication(Given):
    reason: str = Field("", max_length=2_000)


class Review(Given):
    note: str = Field(min_length=1, max_length=2_000, examples=["已核对,仍然适用"])
    next_at: AwareDatetime | None = None


class Reason(Given):
    reason: str = Field(min_length=1, max_length=2_000)


class UseGiven(Given):
    subject: str = Field(max_length=100, examples=["ticket:9"])
    outcome: Literal["solved", "failed"]


class UseShown(BaseModel):
    about: str
    subject: str
    by: str
    outcome: str
    at: datetime


class VersionShown(BaseModel):
    number: int
    published_at: datetime
    published_by: str
    reason: str


class VersionInFull(VersionShown):
    content: dict[str, Any]


@router.get("")
def index(
    asked: Annotated[ArticleFilter, Query()], turn: Turn = allow("articles:read")
) -> Page[ArticleShown]:
    """All of them; with `q` those that are found, in Chinese or English, the best first."""
    if asked.q:
        return _search(asked, turn)
    rows = _narrow(select(Article), asked)
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=show_article)


@router.post("", status_code=201)
def write(given: NewArticle, turn: Turn = allow("articles:write")) -> ArticleInFull:
    """A draft."""

    def make() -> ArticleInFull:
        told = _told(given)
        return _show_full(articles.write(turn.session, told, by=turn.person, now=turn.now))

    return once(turn, make)


@router.post("/drafts", status_code=201)
def draft(given: Draft, turn: Turn = allow("articles:write")) -> ArticleInFull:
    """Of a solved ticket or question, without the names of anybody; the same again for a case."""

    def make() -> ArticleInFull:
        told: dict[str, Any] = {"by": turn.person, "now": turn.now}
        return _show_full(article_drafts.draft_from(turn.session, given.subject, **told))

    return once(turn, make)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("articles:read")) -> ArticleInFull:
    return _show_full(articles.find(turn.session, id))


@router.patch("/{id}")
def change(id: Id, given: ArticleChange, turn: Turn = allow("articles:write")) -> ArticleInFull:
    """Of a published one: what its next version is to say."""
    row = _take(turn, id)
    articles.change(turn.session, row, _told(given), by=turn.person, now=turn.now)
    turn.session.flush()
    return _show_full(row)


@router.post("/{id}/publication")
def publish(id: Id, given: Publication, turn: Turn = allow("articles:publish")) -> ArticleInFull:
    row = _take(turn, id)
    articles.publish(turn.session, row, reason=given.reason, by=turn.person, now=turn.now)
    turn.session.flush()
    return _show_full(row)


@router.post("/{id}/review")
def review(id: Id, given: Review, turn: Turn = allow("articles:publish")) -> ArticleInFull:
    """It holds as it stands."""
    row, told = _take(turn, id), given.model_dump()
    articles.review(turn.session, row, **told, by=turn.person, now=turn.now)
    turn.session.flush()
    return _show_full(row)


@router.post("/{id}/withdrawal")
def withdraw(id: Id, given: Reason, turn: Turn = allow("articles:write")) -> ArticleInFull:
    row = _take(turn, id)
    articles.withdraw(turn.session, row, reason=given.reason, by=turn.person, now=turn.now)
    turn.session.flush()
    return _show_full(row)


@router.post("/{id}/uses", status_code=201)
def use(id: Id, given: UseGiven, turn: Turn = allow("articles:read")) -> UseShown:
    """Whether it helped with a case; said again, the last counts."""

    def make() -> UseShown:
        row, told = articles.find(turn.session, id), given.model_dump()
        noted = uses.note_article(turn.session, row, **told, by=turn.person, now=turn.now)
        return UseShown.model_validate(noted.model_dump())

    return once(turn, make)


@router.get("/{id}/versions")
def list_versions(
    id: Id, asked: Annotated[Asked, Query()], turn: Turn = allow("articles:read")
) -> Page[VersionShown]:
    rows = select(ArticleVersion).where(ArticleVersion.article_id == id)

    def shown(row: ArticleVersion) -> VersionShown:
        return VersionShown.model_validate(row.model_dump())

    return page(turn.session, rows, asked, sorts=VERSION_SORTS, default="-number", show=shown)


@router.get("/{id}/versions/{number}")
def show_version(id: Id, number: Id, turn: Turn = allow("articles:read")) -> VersionInFull:
    mine = (ArticleVersion.article_id == id, ArticleVersion.number == number)
    row = turn.session.exec(select(ArticleVersion).where(*mine)).first()
    if row is None:
        raise NotFound(f"知识 {id} 没有第 {number} 版", f"Article {id} has no version {number}")
    return VersionInFull.model_validate(row.model_dump())


def _search(asked: ArticleFilter, turn: Turn) -> Page[ArticleShown]:
    if asked.sort not in (None, "-score"):
        raise wrong("sort", "搜索结果按相符程度排序", "A search is sorted by -score")
    found = article_search.ranked(turn.session, asked.q or "")
    rows: Any = select(found.c.article_id, found.c.score)
    if asked.is_narrowed:
        rows = _narrow(rows.join(Article, col(Article.id) == found.c.article_id), asked)
    sorts = {"score": (found.c.score, found.c.article_id)}
    best = page(turn.session, rows, asked, sorts=sorts, default="-score", show=_pair)
    # Only now the articles themselves: sorted along with their texts it takes five times as long.
    mine = select(Article).where(col(Article.id).in_([id for id, _ in best.items]))
    by_id = {row.id: row for row in turn.session.exec(mine)}
    return Page(items=[show_article(by_id[id], n) for id, n in best.items], next=best.next)


def _pair(id: int, score: int) -> tuple[int, int]:
    return id, score


def _narrow(rows: Any, asked: ArticleFilter) -> Any:
    rows = narrow(rows, asked, FILTERS)
    if asked.review_before:
        rows = rows.where(col(Article.review_at) < asked.review_before)
    return rows


def _take(turn: Turn, id: int) -> Article:
    turn.about(f"article:{id}")
    return articles.find(turn.session, id)


def _told(given: ArticleChange) -> dict[str, Any]:
    told = given.model_dump(exclude_unset=True)
    return {key: value for key, value in told.items() if key != "owner" or value}


def show_article(row: Article, score: int | None = None) -> ArticleShown:
    told = row.model_dump() | {"has_draft": row.draft is not None, "score": score}
    return ArticleShown.model_validate(told)


def _show_full(row: Article) -> ArticleInFull:
    return ArticleInFull.model_validate(row.model_dump() | {"has_draft": row.draft is not None})
