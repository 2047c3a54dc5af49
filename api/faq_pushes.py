"""JSON: FAQ pushes, and who has read them."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, func, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from records import Article, FaqPush, FaqReceipt, Person
from tasks.learning import articles, faq_pushes

router = make_router("faq-pushes")
SORTS = {"id": (col(FaqPush.id),)}
RECEIPT_SORTS = {"login": (col(Person.login),)}
READ = (
    select(func.count())
    .select_from(FaqReceipt)
    .where(col(FaqReceipt.push_id) == col(FaqPush.id), col(FaqReceipt.read_at).is_not(None))
    .correlate(FaqPush)
    .scalar_subquery()
)


class PushShown(BaseModel):
    id: int
    article_id: int
    number: int = Field(description="Of the article's version then")
    title: str
    title_en: str
    trigger: str
    note: str
    groups: list[str]
    logins: list[str]
    category: str
    causes: list[str]
    words: list[str]
    told: int
    read: int
    reminders: int
    pushed_by: str
    pushed_at: datetime
    due_at: datetime
    ends_at: datetime
    ended_at: datetime | None


class PushFilter(Asked):
    article: int | None = None
    is_active: bool | None = Field(None, alias="active")
    mine: bool | None = Field(None, description="Pushed to me, and I have not said that I read it")


class NewPush(Given):
    article: int = Field(ge=1, le=2**63 - 1)
    trigger: str = Field(max_length=100, examples=["hot_issue"])
    note: str = Field("", max_length=2_000)
    groups: list[str] = Field([], max_length=100, examples=[["crc"]])
    logins: list[str] = Field([], max_length=100)
    category: str | None = Field(None, max_length=100, description="Else the article's")
    causes: list[str] | None = Field(None, max_length=100, description="Else the article's")
    words: list[str] = Field([], max_length=100, description="Any of them on a case opens it")
    ack_minutes: int | None = Field(None, ge=5, le=43_200)
    ends_at: AwareDatetime | None = None


class Ending(Given):
    reason: str = Field(min_length=1, max_length=2_000)


class ReceiptFilter(Asked):
    is_read: bool | None = Field(None, alias="read")


class ReceiptShown(BaseModel):
    login: str
    name: str
    read_at: datetime | None


@router.get("")
def index(
    asked: Annotated[PushFilter, Query()], turn: Turn = allow("faq-pushes:read")
) -> Page[PushShown]:
    rows = narrow(_rows(), asked, {"article": col(FaqPush.article_id)})
    ended = col(FaqPush.ended_at)
    if asked.is_active is not None:
        rows = rows.where(ended.is_(None) if asked.is_active else ended.is_not(None))
    if asked.mine is not None:
        unread = col(FaqReceipt.read_at).is_(None) & ended.is_(None)
        mine = select(FaqReceipt.push_id).where(FaqReceipt.person_id == turn.person.id, unread)
        own = col(FaqPush.id).in_(mine.correlate(FaqPush))
        rows = rows.where(own if asked.mine else ~own)
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=_show)


@router.post("", status_code=201)
def push(given: NewPush, turn: Turn = allow("faq-pushes:send")) -> PushShown:
    """Everybody of the groups is told, once."""

    def make() -> PushShown:
        article = articles.find(turn.session, given.article)
        told: dict[str, Any] = given.model_dump(exclude={"article"})
        row = faq_pushes.push(turn.session, article, **told, by=turn.person, now=turn.now)
        return _find(turn, row.id)

    return once(turn, make)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("faq-pushes:read")) -> PushShown:
    return _find(turn, id)


@router.put("/{id}/receipt")
def read(id: Id, turn: Turn = allow("faq-pushes:read")) -> PushShown:
    """已阅: I have read it. The first time counts."""
    faq_pushes.read(turn.session, faq_pushes.find(turn.session, id), by=turn.person, now=turn.now)
    return _find(turn, id)


@router.get("/{id}/receipts")
def list_receipts(
    id: Id, asked: Annotated[ReceiptFilter, Query()], turn: Turn = allow("faq-pushes:read")
) -> Page[ReceiptShown]:
    rows = select(Person.login, Person.name, FaqReceipt.read_at).join(
        FaqReceipt, col(FaqReceipt.person_id) == col(Person.id)
    )
    rows = rows.where(FaqReceipt.push_id == faq_pushes.find(turn.session, id).id)
    at = col(FaqReceipt.read_at)
    if asked.is_read is not None:
        rows = rows.where(at.is_not(None) if asked.is_read else at.is_(None))

    def shown(login: str, name: str, read_at: datetime | None) -> ReceiptShown:
        return ReceiptShown(login=login, name=name, read_at=read_at)

    return page(turn.session, rows, asked, sorts=RECEIPT_SORTS, default="login", show=shown)


@router.post("/{id}/ending")
def end(id: Id, given: Ending, turn: Turn = allow("faq-pushes:send")) -> PushShown:
    turn.about(f"faq push:{id}")
    row = faq_pushes.find(turn.session, id)
    faq_pushes.end(turn.session, row, reason=given.reason, by=turn.person, now=turn.now)
    return _find(turn, id)


def _rows() -> Any:
    joined = select(FaqPush, Article.title, Article.title_en, READ)
    return joined.join(Article, col(Article.id) == col(FaqPush.article_id))


def _find(turn: Turn, id: int) -> PushShown:
    turn.session.flush()
    row = turn.session.execute(_rows().where(FaqPush.id == id)).first()
    return _show(*row) if row else _show(faq_pushes.find(turn.session, id), "", "", 0)


def _show(row: FaqPush, title: str, title_en: str, read: int) -> PushShown:
    told = row.model_dump() | {"title": title, "title_en": title_en, "read": read}
    return PushShown.model_validate(told)
