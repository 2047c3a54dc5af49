"""What customers said of late: the five cases of the essay on 「門」, each consulted on and closed;
and the themes that two of them have become.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from records.articles import Article
from records.cases import Case, CaseAsked, CaseCause, CasePost
from records.faq_pushes import FaqPush
from records.hot_issues import HotIssue
from records.people import Person

TEXTS = Path(__file__).with_name("cases.json")
NEEDED = ("ada", "dora", "liu", "nora")
ANSWERED, REPLIED, CLOSED = (timedelta(minutes=n) for n in (75, 100, 110))
CALLS = {  # theme: what others said of it lately, each some minutes after the one before
    "wifi_gprs": [
        "连着无线上网,怎么还有流量费",
        "在家用 Wi-Fi,手机还是走了流量",
        "一直是 WiFi,账单上却有 GPRS 流量",
        "用无线局域网上网为什么收流量的钱",
        "手机显示 Wi-Fi 已连接,怎么流量还在涨",
        "wlan 下看视频,被扣了 2G 流量",
        "我是记者,有读者反映连着 Wi-Fi 却产生 GPRS 流量,请问计费准确吗?",
        "Wi-Fi 一直开着,还是收到流量提醒",
    ],
    "bill_shock": [
        "一夜之间流量费上万元,天价账单",
        "这个月话费几千元,太离谱了",
        "孩子玩手机,账单几千元",
        "出国三天话费巨额",
    ],
}
TITLES = {
    "wifi_gprs": ("Wi-Fi 上网产生 GPRS 流量", "Data charged while on Wi-Fi"),
    "bill_shock": ("天价话单", "Bill shock"),
}
PRESS = "记者"
APART = timedelta(minutes=35)
SINCE = timedelta(hours=6)


def take_cases(session: Session, now: datetime) -> None:
    """Once the people and what they know are there. The same few rows at every size."""
    people = set(session.execute(select(Person.login)).scalars())
    if not people.issuperset(NEEDED):
        return
    for told in json.loads(TEXTS.read_bytes()):
        _take(session, told, now)
    for theme, calls in CALLS.items():
        _grow(session, theme, calls, now)


def _take(session: Session, told: Mapping[str, Any], now: datetime) -> None:
    at = now - timedelta(hours=told["hours"])
    names = ("kind", "channel", "words", "category", "owner", "answer", "score")
    case = Case(
        **{name: told[name] for name in names}, city="海州", caller="客户", state="closed",
        level="city", rounds=1, has_agreed=True, opened_at=at, answered_at=at + ANSWERED,
        accepted_at=at + ANSWERED, replied_at=at + REPLIED, closed_at=at + CLOSED,
        triage={"category": told["category"], "parties": told["parties"]},
    )  # fmt: skip
    session.add(case)
    session.flush()
    for each in told["answers"]:
        _answer(session, case, each, at)
    _explain(session, case, told["causes"], at + CLOSED)


def _answer(session: Session, case: Case, each: Mapping[str, Any], at: datetime) -> None:
    about: dict[str, Any] = {"case_id": case.id, "level": "city"}
    row = CasePost(
        **about, kind="answer", state="accepted" if each.get("is_accepted") else "given",
        text=each["text"], evidence=each["evidence"], confidence=each["confidence"],
        by=each["by"], at=at + ANSWERED,
    )  # fmt: skip
    asked = {"login": each["by"], "round": 1, "state": "answered", "asked_by": case.owner}
    times: dict[str, Any] = {"asked_at": at, "answered_at": at + ANSWERED}
    session.add_all([row, CaseAsked(**about, **asked, **times)])
    session.flush()
    if each.get("is_accepted"):
        case.accepted_id = row.id


def _explain(session: Session, case: Case, causes: list[dict[str, Any]], at: datetime) -> None:
    rows: list[CaseCause] = []
    for each in causes:
        parent = rows[each["under"] - 1].id if "under" in each else None
        told = {name: each[name] for name in ("party", "text", "share")}
        row = CaseCause(**told, case_id=case.id, parent_id=parent, by=case.owner, at=at)
        session.add(row)
        session.flush()
        rows.append(row)


def _grow(session: Session, theme: str, calls: list[str], now: datetime) -> None:
    """Closed by the script that was pushed; the first theme has its answer, the second is amber."""
    title, title_en = TITLES[theme]
    times = [now - SINCE + n * APART for n in range(len(calls))]
    issue = HotIssue(
        open_key=theme, theme=theme, title=title, title_en=title_en, volume=len(calls),
        press=sum(PRESS in words for words in calls), seen_at=times[0], amber_at=times[3],
        counted_at=times[-1], why={"rule": "growth", "value": None, "volume": 4, "limit": 3.0},
    )  # fmt: skip
    session.add(issue)
    session.flush()
    rows = [_called(theme, words, at, issue.id) for words, at in zip(calls, times, strict=True)]
    session.add_all(rows)
    session.flush()
    issue.sample = [row.id for row in rows]
    if issue.press:
        _settle(session, issue, times[-1])


def _called(theme: str, words: str, at: datetime, issue: int) -> Case:
    category = {"wifi_gprs": "wlan", "bill_shock": "billing"}[theme]
    return Case(
        words=words, channel="media" if PRESS in words else "hotline", category=category,
        city="海州", owner="ada", state="closed", has_agreed=True, hot_issue_id=issue,
        opened_at=at, replied_at=at + timedelta(minutes=9), closed_at=at + timedelta(minutes=12),
    )  # fmt: skip


def _settle(session: Session, issue: HotIssue, at: datetime) -> None:
    push = session.exec(select(FaqPush).order_by(col(FaqPush.id))).first()
    article = session.get(Article, push.article_id) if push else None
    issue.state, issue.red_at, issue.settled_at = "settled", at, at
    issue.why = {"rule": "press", "value": 1, "limit": 1}
    issue.plan, issue.plan_state, issue.plan_by = "hot_issue", "declined", "mei"
    issue.push_id, issue.article_id = push.id if push else None, article.id if article else None
    issue.answer = "无线信号弱时手机会自动换成移动数据;教客户关闭自动切换,这部分流量减免。"
