"""Articles: plain texts in versions, reviewed in time, drafted from what was solved, put to use."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func
from sqlmodel import select

from records import Article, ArticleTerm, Entry, Notice, Person, PointsEntry, Ticket
from records.article_terms import last_beginning, terms_of
from records.database import open_session
from tasks.learning import article_drafts, article_reviews, articles, uses
from tasks.learning.article_drafts import Solved
from tasks.refusals import Conflict, Invalid, NotAllowed
from tasks.texts import check_texts
from tests.asking import post, refused, wrong_fields

WIFI = {
    "kind": "terminal",
    "category": "wlan",
    "title": "Wi-Fi 上网为何产生 GPRS 流量",
    "title_en": "Why a phone on Wi-Fi is charged for GPRS",
    "body": "信号弱时终端自动切到移动数据。信号 <-80 dBm 时请关闭“自动切换”。",
    "script": ["核对话单时间", "核对终端设置"],
}

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def write(session, cast, now):
    def make(by="dora", is_published=True, **told):
        row = articles.write(session, WIFI | told, by=cast[by], now=now)
        if is_published:
            articles.publish(session, row, by=cast["mei"], now=now)
        return row

    return make


def verbs(session, subject):
    session.commit()
    rows = select(Entry.verb).where(Entry.subject == subject).order_by(Entry.seq)
    return session.exec(rows).all()


def count_terms(session):
    return session.scalar(select(func.count()).select_from(ArticleTerm))


def test_chinese_is_found_by_pairs_and_english_by_words():
    assert list(terms_of("光缆中断 Cables,OTDR")) == ["光缆", "缆中", "中断", "cable", "otdr"]
    assert list(terms_of("ＷＬＡＮ switches 电")) == ["wlan", "switch", "电"]
    assert [last_beginning(text) for text in ("光缆", "the swi", "swi ", "sw")] == [
        *("", "swi*", "", "")
    ]


def test_a_change_of_a_published_article_waits_to_be_published(session, cast, now, write):
    row = write()
    articles.change(session, row, {"title": "新标题"}, by=cast["dora"], now=now)
    assert (row.title, row.draft) == (WIFI["title"], {"title": "新标题"})
    articles.publish(session, row, by=cast["mei"], now=now)
    assert (row.title, row.draft, row.number) == ("新标题", None, 2)
    assert verbs(session, f"article:{row.id}") == ["written", "published", "changed", "published"]
    with pytest.raises(NotAllowed):
        articles.publish(session, row, by=cast["mei"], now=now)


def test_what_is_withdrawn_leaves_no_term_behind(session, cast, now, write):
    row = write()
    articles.change(session, row, {"body": "别的", "category": ""}, by=cast["dora"], now=now)
    articles.publish(session, row, by=cast["mei"], now=now)
    assert count_terms(session) > 0
    articles.withdraw(session, row, reason="过时", by=cast["mei"], now=now)
    assert (row.state, count_terms(session)) == ("withdrawn", 0)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "< IMG src=x onerror=alert(1)>",
        "<b onclick = 'x'>",
        "[x](javascript:alert(1))",
        "＜script＞",
        "data:text/html;base64,x",
        "<svg/onload=x>",
        "a\u202egpj.exe",
        "a\x07b",
        "x" * 20_001,
    ],
)
def test_what_a_browser_could_run_is_refused(text):
    for field, given in (("body", text), ("script", ["ok", text])):
        with pytest.raises(Invalid) as refusal:
            check_texts({field: given}, articles.LONGEST)
        assert [each["field"] for each in refusal.value.facts["fields"]] == [field]


@pytest.mark.parametrize(
    "text",
    [
        "收光 <-28 dBm 时换模块",
        "<HUAWEI> display interface brief",
        "a < b && c > d",
        "在线 = online",
        "第一步\n\t第二步",
        "<" + " " * 19_000,
        "<" * 19_000,
        "javascript" * 1_900,
    ],
)
def test_what_only_looks_like_it_is_welcome(text):
    check_texts({"body": text}, articles.LONGEST)


@on_one
def test_an_article_names_no_customer(session, cast, now, write):
    row = write(is_published=False, body="海东银行报障,重启光猫后恢复")
    with pytest.raises(Invalid) as refusal:
        articles.publish(session, row, by=cast["mei"], now=now)
    assert refusal.value.facts["fields"][0]["field"] == "body"


@on_one
def test_only_its_owner_or_who_publishes_changes_it(session, cast, now, write):
    row = write(by="liu")
    with pytest.raises(NotAllowed):
        articles.change(session, row, {"title": "x"}, by=cast["ada"], now=now)
    articles.change(session, row, {"owner": "ada"}, by=cast["mei"], now=now)
    articles.change(session, row, {"title": "x"}, by=cast["ada"], now=now)
    cast["liu"].active = False
    with pytest.raises(Invalid):
        articles.change(session, row, {"owner": "liu"}, by=cast["mei"], now=now)


def test_who_owns_it_is_told_of_a_review_and_at_last_it_is_out_of_date(session, now, write):
    row = write()
    session.commit()
    assert article_reviews.due(session, now) == []
    for days, state in ((180 - 14, "published"), (180, "published"), (210, "expired")):
        at = now + timedelta(days=days)
        assert article_reviews.due(session, at) == [row.id]
        assert article_reviews.watch(session, row.id, now=at)
        session.commit()
        assert row.state == state
    told = session.exec(select(Notice).where(Notice.template == "article_review")).all()
    assert len(told) == 3 and "已过期" in told[-1].title
    assert article_reviews.due(session, now + timedelta(days=999)) == []


@on_one
def test_where_the_owner_has_left_those_who_look_after_knowledge_are_told(
    session, cast, now, write
):
    row = write(by="liu")
    cast["liu"].active = False
    article_reviews.watch(session, row.id, now=now + timedelta(days=170))
    session.commit()
    [notice] = session.exec(select(Notice).where(Notice.template == "article_review"))
    assert notice.person_id == cast["mei"].id and "liu" in notice.text


@on_one
def test_a_review_renews_what_was_out_of_date(session, cast, now, write):
    row, later = write(), now + timedelta(days=300)
    article_reviews.watch(session, row.id, now=later)
    assert row.state == "expired"
    articles.review(session, row, note="仍适用", by=cast["mei"], now=later)
    assert (row.state, row.review_at) == ("published", later + timedelta(days=180))


@pytest.fixture
def solved(session, now):
    ticket = Ticket(
        source="customer", state="closed", title="海东银行 HD-DIA-1 中断", opened_at=now,
        symptom="王敏(13800001111)说柜台全停了", customer_id=1, circuit_id=1, reporter="王敏",
        started_at=now, closing={"cause": "尾纤松动", "action": "重插,wang@bank.example 已确认"},
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    return ticket


def test_a_draft_of_a_ticket_names_nobody(session, cast, now, solved):
    draft = partial(article_drafts.draft_from, session, f"ticket:{solved.id}", now=now)
    row = draft(by=cast["liu"])
    text = f"{row.title}{row.symptoms}{row.body}"
    for name in ("海东", "王敏", "13800001111", "HD-DIA-1", "wang@"):
        assert name not in text
    assert "尾纤松动" in row.body and row.owner == "liu"
    assert draft(by=cast["ada"]).id == row.id
    assert verbs(session, f"article:{row.id}") == ["written", "drafted again"]
    articles.publish(session, row, by=cast["mei"], now=now)


@on_one
def test_a_draft_of_any_other_case_is_of_what_it_tells(session, cast, now):
    told = Solved("话单重复", "阿强说多扣了", "", "已退费", hidden={"阿强": "用户"})
    row = article_drafts.draft_from(session, "case:3", by=cast["ada"], now=now, told=told)
    assert (row.symptoms, row.source) == ("用户说多扣了", "case:3")
    with pytest.raises(Conflict):
        articles.write(session, WIFI, by=cast["ada"], now=now, source="case:3")
    for subject in ("case:4", "ticket:x", "ticket:99999999999999999999"):
        with pytest.raises(Invalid):
            article_drafts.draft_from(session, subject, by=cast["ada"], now=now)


@on_one
def test_what_is_not_solved_makes_no_article(session, cast, now, solved):
    solved.state = "accepted"
    with pytest.raises(NotAllowed):
        article_drafts.draft_from(session, f"ticket:{solved.id}", by=cast["liu"], now=now)


def test_whether_it_helped_counts_once_and_the_last_word_holds(session, cast, now, write):
    row = write(by="liu")
    use = partial(uses.note_article, session, row, "ticket:9", now=now)
    for outcome, by, tallies in (
        ("solved", "ada", (1, 0)),
        ("solved", "ada", (1, 0)),
        ("solved", "dora", (2, 0)),
        ("failed", "ada", (1, 1)),
        ("solved", "liu", (2, 1)),
    ):
        use(outcome, by=cast[by])
        assert (row.solved, row.failed) == tallies
    points = session.exec(select(PointsEntry).order_by(PointsEntry.id)).all()
    assert [(each.points, each.by) for each in points] == [(3, "ada"), (-3, "ada")]


def test_many_who_say_at_once_that_it_helped_are_all_counted(engine, session, cast, now, write):
    row = write(by="liu")
    session.commit()
    for login in ("ada", "dora"):  # each has read it before the other wrote
        with open_session(engine) as other:
            by = other.exec(select(Person).where(Person.login == login)).one()
            stale = other.get_one(Article, row.id)
            uses.note_article(other, stale, f"ticket:{login}", "solved", by=by, now=now)
    session.refresh(row)
    assert row.solved == 2


def test_articles_over_http(as_, session):
    ada, mei = as_("ada"), as_("mei")
    made = post(ada, "articles", **WIFI)
    place = f"articles/{made['id']}"
    refused(ada.post(f"/api/{place}/publication", json={}), 403)
    assert post(mei, f"{place}/publication", reason="新")["number"] == 1
    changed = ada.patch(f"/api/{place}", json={"title_en": "New"}).json()
    assert (changed["has_draft"], changed["title_en"]) == (True, WIFI["title_en"])
    assert post(mei, f"{place}/publication")["title_en"] == "New"
    assert post(mei, f"{place}/review", note="对")["state"] == "published"
    numbers = [one["number"] for one in ada.get(f"/api/{place}/versions").json()["items"]]
    old = ada.get(f"/api/{place}/versions/1").json()["content"]
    assert (numbers, old["title_en"]) == ([2, 1], WIFI["title_en"])
    assert post(ada, f"{place}/uses", subject="ticket:1", outcome="solved")["outcome"] == "solved"
    assert post(mei, f"{place}/withdrawal", reason="旧")["state"] == "withdrawn"
    refused(ada.patch(f"/api/{place}", json={"title": "x"}), 409)
    refused(ada.get(f"/api/{place}/versions/7"), 404)
    refused(ada.get("/api/articles/99"), 404)


@on_one
def test_articles_are_refused_over_http(as_):
    ada = as_("ada")
    assert wrong_fields(ada.post("/api/articles", json=WIFI | {"body": "<script>"})) == ["body"]
    assert wrong_fields(ada.post("/api/articles", json=WIFI | {"title": ""})) == ["title"]
    assert wrong_fields(ada.post("/api/articles", json=WIFI | {"category": "x"})) == ["category"]
    assert wrong_fields(ada.post("/api/articles/drafts", json={"subject": "x"})) == ["subject"]
    refused(as_("root").post("/api/articles", json=WIFI), 403)
