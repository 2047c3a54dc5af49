"""Articles of knowledge (知识): written, published in versions, reviewed, withdrawn.

    draft ──publish──▶ published ──expire──▶ expired ──review, publish──▶ published
      └────────────────────┴─── withdraw ──────┴──▶ withdrawn

A change of a published one is a draft beside it until it is published. Found by
article_search.py; made of a solved case by article_drafts.py; review dates: article_reviews.py.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from notifications import guard
from records import Article, ArticleVersion, Customer, FaqPush, Person, article_index, history
from records.articles import CONTENT
from tasks.access.people import find_person, may, require
from tasks.faults.tickets import require_reason
from tasks.learning import knowledge
from tasks.refusals import Conflict, NotAllowed, NotFound, wrong
from tasks.texts import check_texts, require_words

LONGEST = {  # characters of each; of each of a list
    "title": 200,
    "title_en": 200,
    "body": 20_000,
    "body_en": 20_000,
    "symptoms": 2_000,
    "causes": 100,
    "script": 500,
    "source": 100,
}
MOST = {"causes": 50, "script": 30}  # entries
CURRENT = set(article_index.IN_INDEX)
STATES = {
    "draft": ("草稿", "a draft"),
    "published": ("已发布", "published"),
    "expired": ("已过期", "out of date"),
    "withdrawn": ("已撤回", "withdrawn"),
}
MAY_BE_GIVEN = {*CONTENT, "owner"}
Told = Mapping[str, Any]


def write(session: Session, told: Told, *, by: Person, now: datetime, source: str = "") -> Article:
    """A new draft. `told`: kind, title and whatever else of CONTENT; owner, else who writes it.

    `source`: the subject of the case that it is about. One case makes one article.
    """
    require(by, "articles:write")
    _check(session, told)
    require_words(told, "kind", "title")
    if source and (there := find_by_source(session, source)):
        raise Conflict(
            f"这一事项已有知识“{there.title}”(编号 {there.id}),请在那里补充",
            f"There is an article of this case already, number {there.id}: add to that one",
            first=there.id,
        )
    row = Article(**{"owner": by.login, **told}, created_by=by.login, created_at=now)
    row.source, row.source_key = source, source or None
    session.add(row)
    session.flush()
    record(session, "written", row, by.login, now, source=source, **told)
    return row


def change(session: Session, article: Article, told: Told, *, by: Person, now: datetime) -> None:
    """What its next version is to say. Its owner may, and whoever may publish."""
    require(by, "articles:write")
    _require_theirs(article, by)
    _require_state(article, {"draft", *CURRENT})
    _check(session, told)
    held = {**content_of(article), **(article.draft or {}), "owner": article.owner}
    is_now = {key: value for key, value in told.items() if held[key] != value}
    if not is_now:
        return
    record(session, "changed", article, by.login, now, was={key: held[key] for key in is_now},
           **{"is": is_now})  # fmt: skip
    article.owner = is_now.pop("owner", article.owner)
    if article.number:
        article.draft = {**(article.draft or {}), **is_now}
    else:
        _put(article, is_now)


def publish(
    session: Session, article: Article, *, reason: str = "", by: Person, now: datetime
) -> ArticleVersion:
    """Readers see it from now on, and find it. It may name no customer: anybody here reads it."""
    require(by, "articles:publish")
    _require_state(article, {"draft", *CURRENT})
    if article.state == "published" and article.draft is None:
        raise NotAllowed(
            "没有待发布的修改,请先改好再发布", "There is nothing to publish: change it first"
        )
    told = {**content_of(article), **(article.draft or {})}
    _check(session, told)
    require_words(told, "title", "body")
    _require_nobody_named(session, told, now)
    _take_out(session, article)
    _put(article, told)
    article.draft, article.number, article.published_at = None, article.number + 1, now
    article.state = "published"
    _set_review(session, article, now)
    session.flush()
    article_index.put_in(session, article)
    version = ArticleVersion(
        article_id=article.id, number=article.number, content=content_of(article),
        published_at=now, published_by=by.login, reason=reason,
    )  # fmt: skip
    session.add(version)
    record(session, "published", article, by.login, now, version=version.number, reason=reason)
    return version


def review(
    session: Session,
    article: Article,
    *,
    note: str,
    next_at: datetime | None = None,
    by: Person,
    now: datetime,
) -> None:
    """It is right as it stands: the next review is due at `next_at`, else when its kind says."""
    require(by, "articles:publish")
    _require_state(article, CURRENT)
    require_reason(note)
    check_texts({"note": note}, {"note": 2_000})
    if next_at and not now < next_at <= now + timedelta(days=3_650):
        raise wrong("next_at", "应在今后十年之内", "is to be within the next ten years")
    article.state = "published"
    _set_review(session, article, now, next_at)
    told = {"note": note, "review_at": _iso(article.review_at)}
    record(session, "reviewed", article, by.login, now, **told)


def withdraw(session: Session, article: Article, *, reason: str, by: Person, now: datetime) -> None:
    """Nobody finds it any more, and its pushes end. Its versions stay."""
    require(by, "articles:write" if not article.number else "articles:publish")
    _require_theirs(article, by)
    _require_state(article, {"draft", *CURRENT})
    require_reason(reason)
    _take_out(session, article)
    article.state, article.watch_at, article.source_key = "withdrawn", None, None
    for push in _active_pushes(session, article):
        push.ended_at, push.ended_by, push.remind_at = now, by.login, None
    record(session, "withdrawn", article, by.login, now, reason=reason)


def expire(session: Session, article: Article, *, by: str, now: datetime) -> None:
    """Its review is long overdue: it is still found, with a warning, and no more suggested."""
    _require_state(article, {"published"})
    article.state = "expired"
    record(session, "expired", article, by, now, review_at=_iso(article.review_at))


def find(session: Session, id: int) -> Article:
    article = session.get(Article, id)
    if article is None:
        raise NotFound(f"没有编号为 {id} 的知识", f"There is no article {id}")
    return article


def find_by_source(session: Session, source: str) -> Article | None:
    return session.exec(select(Article).where(Article.source_key == source)).first()


def content_of(article: Article) -> dict[str, Any]:
    return {key: getattr(article, key) for key in CONTENT}


def record(
    session: Session, verb: str, article: Article, by: str, now: datetime, **told: Any
) -> None:
    subject = f"article:{article.id}"
    history.record(session, verb, subject=subject, by=by, at=now, also=told)


def _take_out(session: Session, article: Article) -> None:
    if article.state in CURRENT:
        article_index.take_out(session, article)


def _put(article: Article, told: Told) -> None:
    for key, value in told.items():
        setattr(article, key, value)


def _set_review(
    session: Session, article: Article, now: datetime, at: datetime | None = None
) -> None:
    rules = knowledge.content(session)
    days = rules["kinds"][article.kind]["review_days"]
    article.reviewed_at, article.review_at = now, at or now + timedelta(days=days)
    article.watch_at = article.review_at - timedelta(days=rules["review"]["ahead_days"])


def _check(session: Session, told: Told) -> None:
    if unknown := set(told) - MAY_BE_GIVEN:
        raise wrong(min(unknown), "这一项不能这样改", "This cannot be changed in this way")
    check_texts(told, LONGEST)
    for field, most in MOST.items():
        if len(told.get(field, ())) > most:
            raise wrong(field, f"最多 {most} 项", f"has {most} entries at most")
    if "kind" in told:
        knowledge.require_known(session, "kinds", "kind", told["kind"])
    knowledge.require_category(session, told.get("category", ""))
    if "owner" in told and not find_person(session, told["owner"]).active:
        raise wrong("owner", "此人已离岗,请另选负责人", "has left: choose somebody else")


def _require_theirs(article: Article, by: Person) -> None:
    if by.login not in (article.owner, article.created_by) and not may(by, "articles:publish"):
        raise NotAllowed(
            f"这条知识由 {article.owner} 负责,请找其修改",
            f"This article is {article.owner}'s: ask them to change it",
        )


def _require_state(article: Article, allowed: set[str]) -> None:
    if article.state not in allowed:
        zh, en = STATES[article.state]
        raise NotAllowed(
            f"这条知识现在是“{zh}”,不能这样做,请刷新后再看",
            f"This article is {en}: this cannot be done now, reload to see",
            state=article.state,
        )


def _require_nobody_named(session: Session, told: Told, now: datetime) -> None:
    nobody = Customer(id=0, code="", name="")
    for field in ("title", "title_en", "symptoms", "body", "body_en", "script"):
        text = "\n".join(told[field]) if isinstance(told[field], list) else told[field]
        if named := guard.others_named(session, text, nobody, now):
            some = ", ".join(named)
            zh, en = f"含有客户名称:{some},请改为泛称", f"names customers: {some}; say “a customer”"
            raise wrong(field, zh, en)


def _active_pushes(session: Session, article: Article) -> list[FaqPush]:
    mine = select(FaqPush).where(FaqPush.article_id == article.id)
    return list(session.exec(mine.where(col(FaqPush.ended_at).is_(None))))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
