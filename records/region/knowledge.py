"""What Lanhai knows: articles, the five cases of the essay on 「門」 among them; experts; questions
with answers and points, a push that is being read.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Text, select, type_coerce
from sqlmodel import Session, col

from records import article_index
from records.articles import CONTENT, Article, ArticleVersion
from records.experts import Expert
from records.faq_pushes import FaqPush, FaqReceipt
from records.people import Person
from records.points import PointsEntry
from records.questions import Answer, Question

TEXTS = Path(__file__).with_name("knowledge.json")
OWNERS = {"network": "nora", "access": "liu"}  # by category; else mei
REVIEWED = {"offer": 90, "terminal": 180, "fault": 365}  # days; the policy has its own
SOLVED = {"wifi": (31, 2), "cut": (12, 0), "port": (58, 9), "split": (7, 3), "light": (9, 4)}
PLACES = "group", "province", "province", *("city",) * 7  # of each ten experts
TERM = timedelta(days=730)
CITY_MINUTES, PROVINCE_MINUTES, ACK_MINUTES = 120, 240, 240
ASKED = {
    "title": "专线客户问:为什么月租账单里有一条流量费",
    "text": "客户原话:“我们是固定月租,账单上怎么多出一笔按流量计的费用?”电路没有变更过。",
    "category": "billing",
    "skills": ["billing"],
}
RISEN = {
    "title": "老旧 DDN 电路换 MSTP 后传真失败,怎么配",
    "text": "时隙透传,语音正常,传真握手后中断。两端都试过关回声抑制。",
    "category": "access",
    "skills": ["terminals", "optics"],
}
ANSWERED = {
    "title": "同一客户两条专线走同一管道,系统没有提示",
    "text": "客户要求双路由,验收时发现两条在城北段同管道。资源里是两个段落。",
    "category": "network",
    "skills": ["otn"],
}


def share_knowledge(session: Session, now: datetime) -> None:
    """Once the people are there. Few rows at every size, but for the experts."""
    people = {p.login: p for p in session.execute(select(Person)).scalars() if _is_needed(p)}
    articles = [_write(session, told, now) for told in json.loads(TEXTS.read_bytes())]
    _appoint(session, now)
    _ask(session, people, now)
    _push(session, articles[0], people, now)


def _is_needed(person: Person) -> bool:
    return person.login in ("ada", "dora", "liu", "nora", "mei")


def _write(session: Session, told: dict[str, Any], now: datetime) -> Article:
    key, at = told.pop("key"), now - timedelta(days=40)
    solved, failed = SOLVED.get(key, (0, 0))
    review = at + timedelta(days=REVIEWED[told["kind"]])
    row = Article(
        **told, state="published", number=1, owner=OWNERS.get(told["category"], "mei"),
        solved=solved, failed=failed, created_by="mei", created_at=at, published_at=at,
        reviewed_at=at, review_at=review, watch_at=review - timedelta(days=14),
    )  # fmt: skip
    session.add(row)
    session.flush()
    article_index.put_in(session, row)
    content = {name: getattr(row, name) for name in CONTENT}
    version = ArticleVersion(article_id=row.id, number=1, content=content, published_at=at,
                             published_by="mei", reason="演示 / demo")  # fmt: skip
    session.add(version)
    return row


def _appoint(session: Session, now: datetime) -> None:
    """Everybody whose trade it is; and Liu, whom visitors know."""
    trade = type_coerce(col(Person.roles), Text) == '["expert"]'
    rows = select(Person).where(trade | (col(Person.login) == "liu")).order_by(col(Person.id))
    began = now - timedelta(days=200)
    for n, person in enumerate(session.execute(rows).scalars()):
        level = "city" if person.login == "liu" else PLACES[n % len(PLACES)]
        answered = 3 + 7 * n % 20
        session.add(
            Expert(
                person_id=person.id,
                state="active",
                level=level,
                skills=person.skills,
                term_from=began,
                term_until=began + TERM,
                asked=answered + n % 4,
                answered=answered,
                accepted=answered * (3 + n % 5) // 9,
                nominated_by="mei",
            )
        )


def _ask(session: Session, people: Mapping[str, Person], now: datetime) -> None:
    if not {"ada", "liu", "nora"} <= people.keys():
        return
    fresh, old, past = (now - timedelta(minutes=n) for n in (35, 200, 2_900))
    _add(session, ASKED, fresh, rise_at=fresh + timedelta(minutes=CITY_MINUTES))
    rises = old + timedelta(minutes=CITY_MINUTES + PROVINCE_MINUTES)
    _add(session, RISEN, old, level="province", rise_at=rises, rounds=2)
    done = _add(session, ANSWERED, past, state="answered", answers=2, closed_at=past)
    texts = {
        "nora": "按管道而不是段落比对:资源里两个段落挂在同一管道号上,用共管道检查即可看出。",
        "liu": "现场看井盖标识,两条都从城北 3 号井出。",
    }
    told: dict[str, Any] = {"question_id": done.id, "level": "city", "at": past}
    answers = {login: Answer(text=text, by=login, **told) for login, text in texts.items()}
    answers["nora"].state = "accepted"
    session.add_all(answers.values())
    session.flush()
    done.accepted_id = answers["nora"].id
    _earn(session, people["nora"], answers["nora"], past)


def _add(session: Session, told: Mapping[str, Any], at: datetime, **more: Any) -> Question:
    row = Question(**{"rounds": 1, **told, **more}, city="海州", asked_by="ada", asked_at=at)
    session.add(row)
    session.flush()
    return row


def _earn(session: Session, person: Person, answer: Answer, at: datetime) -> None:
    here = at + timedelta(hours=8)  # in Shanghai
    session.add(
        PointsEntry(
            key=f"answer:{answer.id}:accepted",
            person_id=person.id,
            kind="answer_accepted",
            subject=f"question:{answer.question_id}",
            points=10,
            full=10,
            by="ada",
            at=at,
            day=f"{here:%Y-%m-%d}",
            month=f"{here:%Y-%m}",
        )
    )


def _push(session: Session, article: Article, people: Mapping[str, Person], now: datetime) -> None:
    readers = [people[login] for login in ("ada", "dora") if login in people]
    at = now - timedelta(minutes=30)
    due = at + timedelta(minutes=ACK_MINUTES)
    push = FaqPush(
        article_id=article.id, number=1, trigger="hot_issue", note="今早起同类咨询增多",
        logins=[person.login for person in readers], category="wlan",
        words=["流量", "GPRS", "Wi-Fi"], told=len(readers), pushed_by="mei", pushed_at=at,
        due_at=due, remind_at=due, ends_at=at + timedelta(days=14),
    )  # fmt: skip
    session.add(push)
    session.flush()
    session.add_all(FaqReceipt(push_id=push.id, person_id=person.id) for person in readers)
