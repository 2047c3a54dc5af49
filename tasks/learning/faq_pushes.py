"""FAQ pushes (FAQ 推送): what agents will be asked next, told before they are, and read receipts.

    active ──end, or its time is over──▶ ended

Who has not said in time that they have read it is reminded, and at last whoever pushed it is told.
While it is active, its article's script (预处理方案) opens on cases that match: case_scripts.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from notifications import notices
from notifications.notices import News
from records import Article, FaqPush, FaqReceipt, Person, history
from tasks.access.people import may, require
from tasks.faults.tickets import require_reason
from tasks.learning import knowledge
from tasks.refusals import Forbidden, NotAllowed, NotFound, wrong
from tasks.texts import check_texts

BY = "knowledge"  # whose doing it is, in history
LONGEST = {"note": 2_000, "words": 100, "causes": 100, "groups": 100, "logins": 100}
MOST = 100  # entries of a list
SOON = timedelta(minutes=5)


def push(
    session: Session,
    article: Article,
    *,
    trigger: str,
    note: str = "",
    groups: Sequence[str] = (),
    logins: Sequence[str] = (),
    category: str | None = None,
    causes: Sequence[str] | None = None,
    words: Sequence[str] = (),
    ack_minutes: int | None = None,
    ends_at: datetime | None = None,
    by: Person,
    now: datetime,
) -> FaqPush:
    """Tell everybody of the groups, and those named. The article's own category and causes say
    which cases match, where none are given."""
    require(by, "faq-pushes:send")
    rules = knowledge.content(session)["push"]
    told: dict[str, Any] = {
        "trigger": trigger,
        "note": note,
        "groups": list(groups),
        "logins": list(logins),
        "category": article.category if category is None else category,
        "causes": list(article.causes if causes is None else causes),
        "words": [word for word in words if word.strip()],
    }
    _check(session, article, told)
    people = knowledge.members(session, groups, logins)
    if not people:
        raise wrong("groups", "没有人会收到,请选有人的班组", "Nobody would hear of it: name groups")
    minutes = rules["ack_minutes"] if ack_minutes is None else ack_minutes
    ends = ends_at or now + timedelta(days=rules["lasts_days"])
    due = _due(now, minutes, ends)
    row = FaqPush(
        **told, article_id=article.id, number=article.number, told=len(people),
        pushed_by=by.login, pushed_at=now, due_at=due, remind_at=due, ends_at=ends,
    )  # fmt: skip
    session.add(row)
    session.flush()
    receipts = [{"push_id": row.id, "person_id": person.id} for person in people]
    session.execute(insert(FaqReceipt), receipts)
    about = {"article": article.id, "version": article.number, "told": len(people)}
    _record(session, "pushed", row, by.login, now, **told, **about)
    _tell(session, row, article, people, now)
    return row


def read(session: Session, row: FaqPush, *, by: Person, now: datetime) -> FaqReceipt:
    """已阅: the first time counts."""
    receipt = session.get(FaqReceipt, (row.id, by.id))
    if receipt is None:
        raise Forbidden("这条推送不是发给您的", "This was not pushed to you")
    if receipt.read_at is None:
        receipt.read_at = now
        _record(session, "read", row, by.login, now)
    return receipt


def end(session: Session, row: FaqPush, *, reason: str, by: Person, now: datetime) -> None:
    if row.pushed_by != by.login and not may(by, "faq-pushes:send"):
        require(by, "faq-pushes:send")
    require_reason(reason)
    if row.ended_at:
        raise NotAllowed("这条推送已经结束", "This push has ended already")
    _end(session, row, by.login, reason, now)


def due(session: Session, now: datetime, limit: int = 200) -> list[int]:
    """Pushes whose readers are to be reminded, or whose time is over."""
    remind, ends, active = (
        col(FaqPush.remind_at),
        col(FaqPush.ends_at),
        col(FaqPush.ended_at).is_(None),
    )
    late = select(FaqPush.id).where(active, remind <= now).order_by(remind).limit(limit)
    over = select(FaqPush.id).where(active, ends <= now).order_by(ends).limit(limit)
    return list(dict.fromkeys([*session.exec(over), *session.exec(late)]))


def remind(session: Session, id: int, *, now: datetime) -> bool:
    """End it, remind who has not read it, or tell who pushed it how many have not."""
    row = session.get(FaqPush, id, with_for_update=True)
    if row is None or row.ended_at:
        return False
    if row.ends_at <= now:
        _end(session, row, BY, "its time is over", now)
    elif row.remind_at and row.remind_at <= now:
        _remind(session, row, now)
    else:
        return False
    return True


def put_off(session: Session, id: int, *, now: datetime) -> None:
    """One that fails must not keep the others waiting."""
    row = session.get_one(FaqPush, id)
    row.remind_at = now + timedelta(minutes=10)
    row.ends_at = max(row.ends_at, row.remind_at)


def unread(session: Session, row: FaqPush) -> list[Person]:
    """Who was told, is still here, and has not said that they read it."""
    joined = select(Person).join(FaqReceipt, col(FaqReceipt.person_id) == col(Person.id))
    mine = joined.where(FaqReceipt.push_id == row.id, col(FaqReceipt.read_at).is_(None))
    return list(session.exec(mine.where(col(Person.active)).order_by(col(Person.login))))


def find(session: Session, id: int) -> FaqPush:
    row = session.get(FaqPush, id)
    if row is None:
        raise NotFound(f"没有编号为 {id} 的推送", f"There is no push {id}")
    return row


def _check(session: Session, article: Article, told: Mapping[str, Any]) -> None:
    if article.state != "published":
        raise NotAllowed("只能推送已发布且未过期的知识", "Only a published article can be pushed")
    check_texts(told, LONGEST)
    for field in ("groups", "logins", "causes", "words"):
        if len(told[field]) > MOST:
            raise wrong(field, f"最多 {MOST} 项", f"has {MOST} entries at most")
    knowledge.require_known(session, "triggers", "trigger", told["trigger"])
    knowledge.require_category(session, told["category"])


def _due(now: datetime, minutes: int, ends: datetime) -> datetime:
    due = now + timedelta(minutes=minutes)
    if not now + SOON <= due <= ends:
        raise wrong(
            "ack_minutes", "应至少 5 分钟,并在推送结束之前", "5 or more, before the push ends"
        )
    if ends > now + timedelta(days=366):
        raise wrong("ends_at", "最长一年", "is a year ahead at most")
    return due


def _remind(session: Session, row: FaqPush, now: datetime) -> None:
    rules, people = knowledge.content(session)["push"], unread(session, row)
    article = session.get_one(Article, row.article_id)
    row.remind_at = None
    if people and row.reminders < rules["reminders"]:
        row.reminders += 1
        row.remind_at = now + timedelta(minutes=rules["remind_minutes"])
        _record(session, "readers reminded", row, BY, now, unread=len(people))
        _tell(session, row, article, people, now)
    elif people:
        _record(session, "still unread", row, BY, now, unread=len(people))
        _tell_pusher(session, row, article, len(people), now)


def _end(session: Session, row: FaqPush, by: str, reason: str, now: datetime) -> None:
    row.ended_at, row.ended_by, row.remind_at = now, by, None
    _record(session, "ended", row, by, now, reason=reason)


def _tell(
    session: Session, row: FaqPush, article: Article, people: Sequence[Person], now: datetime
) -> None:
    trigger = knowledge.content(session)["triggers"].get(row.trigger, {"zh": "", "en": ""})
    facts = {
        "title": {"zh": article.title, "en": article.title_en or article.title},
        "trigger": {"zh": trigger["zh"], "en": trigger["en"]},
        "note": row.note,
        "is_reminder": row.reminders > 0,
        "link": f"/faq-pushes/{row.id}",
    }
    key = f"faq:{row.id}:{row.reminders}"
    news = News(people, "faq_pushed", facts, key, f"faq push:{row.id}")
    notices.tell_all(session, [news], is_urgent=False, now=now)


def _tell_pusher(
    session: Session, row: FaqPush, article: Article, unread: int, now: datetime
) -> None:
    person = session.exec(select(Person).where(Person.login == row.pushed_by)).one()
    facts = {"title": article.title, "unread": unread, "told": row.told}
    notices.tell(
        session,
        to=person,
        template="faq_unread",
        facts=facts | {"link": f"/faq-pushes/{row.id}"},
        key=f"faq:{row.id}:unread",
        subject=f"faq push:{row.id}",
        now=now,
    )


def _record(session: Session, verb: str, row: FaqPush, by: str, now: datetime, **told: Any) -> None:
    history.record(session, verb, subject=f"faq push:{row.id}", by=by, at=now, also=told)
