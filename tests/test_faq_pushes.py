"""FAQ pushes: read receipts, reminders, and scripts that open on cases that match."""

from datetime import timedelta

import pytest
from sqlmodel import select

from records import Entry, FaqReceipt, Notice
from tasks.learning import articles, case_scripts, faq_pushes
from tasks.refusals import Forbidden, Invalid, NotAllowed
from tests.asking import post, refused, wrong_fields
from tests.test_articles import WIFI
from workflows.faq_pushes import remind

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def article(session, cast, now):
    row = articles.write(session, WIFI, by=cast["dora"], now=now)
    articles.publish(session, row, by=cast["mei"], now=now)
    session.commit()
    return row


@pytest.fixture
def push(session, cast, now, article):
    def make(**told):
        told = {"trigger": "hot_issue", "groups": ["crc"], "words": ["GPRS", "流量"]} | told
        row = faq_pushes.push(session, article, **told, by=cast["mei"], now=now)
        session.commit()
        return row

    return make


def told(session, template="faq_pushed"):
    rows = session.exec(select(Notice).where(Notice.template == template).order_by(Notice.id))
    return [(notice.title, notice.person_id) for notice in rows]


def test_everybody_of_the_groups_is_told_once_and_says_so_once(session, cast, now, push):
    row = push(logins=["ada", "liu"])
    assert row.told == 3 and len(told(session)) == 3  # ada and dora are in crc
    for minutes in (5, 9):
        faq_pushes.read(session, row, by=cast["ada"], now=now + timedelta(minutes=minutes))
    session.commit()
    receipt = session.get_one(FaqReceipt, (row.id, cast["ada"].id))
    assert receipt.read_at == now + timedelta(minutes=5)
    assert [p.login for p in faq_pushes.unread(session, row)] == ["dora", "liu"]
    with pytest.raises(Forbidden):
        faq_pushes.read(session, row, by=cast["nora"], now=now)


def test_who_has_not_read_it_is_reminded_and_at_last_its_pusher_is_told(
    engine, session, cast, now, push
):
    row = push()
    faq_pushes.read(session, row, by=cast["ada"], now=now)
    session.commit()
    assert remind(engine, now + timedelta(minutes=239)) == 0
    for hours in (4, 6, 8, 10):
        assert remind(engine, now + timedelta(hours=hours)) == 1
    assert remind(engine, now + timedelta(hours=99)) == 0
    assert remind(engine, now + timedelta(days=14)) == 1
    titles = [title for title, person in told(session) if person == cast["dora"].id]
    assert [title[:4] for title in titles] == ["[FAQ", "[请阅]", "[请阅]", "[请阅]"]
    assert told(session, "faq_unread") == [(f"[未阅] {WIFI['title']}:1 人", cast["mei"].id)]
    session.refresh(row)
    assert row.ended_at == now + timedelta(days=14)
    verbs = session.exec(
        select(Entry.verb).where(Entry.subject == f"faq push:{row.id}").order_by(Entry.id)
    ).all()
    assert verbs.count("readers reminded") == 3 and verbs[-2:] == ["still unread", "ended"]


def test_its_script_opens_on_a_case_that_matches(session, now, push):
    push(causes=["LOS"])
    for case, matched in (
        (("用手机扣了gprs的钱",), ["GPRS"]),
        (("什么都没说",), []),
        (("流量", "wlan", "los"), ["流量", "LOS"]),
        (("流量", "billing"), []),
    ):
        text, category, cause = (*case, "", "")[:3]
        found = case_scripts.scripts_for(session, text, category=category, cause=cause, now=now)
        assert [script.matched for script in found] == ([matched] if matched else [])
    assert case_scripts.scripts_for(session, "流量", now=now + timedelta(days=15)) == []


@on_one
def test_by_its_category_alone_it_opens_too_and_by_nothing_never(session, now, push):
    push(words=[])
    push(words=[], category="")
    found = case_scripts.scripts_for(session, "随便", category="wlan", now=now)
    assert [script.steps for script in found] == [WIFI["script"]]
    assert case_scripts.scripts_for(session, "随便", now=now) == []


@on_one
def test_what_is_withdrawn_is_pushed_no_more(session, cast, now, article, push):
    row = push()
    articles.withdraw(session, article, reason="错", by=cast["mei"], now=now)
    assert row.ended_by == "mei"
    with pytest.raises(NotAllowed):
        push()


@on_one
@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"groups": ["nobody"]}, "groups"),
        ({"trigger": "moon"}, "trigger"),
        ({"category": "moon"}, "category"),
        ({"note": "<script>"}, "note"),
        ({"words": ["x"] * 101}, "words"),
        ({"ack_minutes": 4}, "ack_minutes"),
    ],
)
def test_a_push_that_would_not_work_is_refused(push, wrong, field):
    with pytest.raises(Invalid) as refusal:
        push(**wrong)
    assert refusal.value.facts["fields"][0]["field"] == field


@on_one
def test_pushes_over_http(as_, article):
    mei, ada, liu = as_("mei"), as_("ada"), as_("liu")
    given = {"article": article.id, "trigger": "hot_issue", "groups": ["crc"], "words": ["流量"]}
    refused(ada.post("/api/faq-pushes", json=given), 403)
    row = post(mei, "faq-pushes", **given)
    place = f"/api/faq-pushes/{row['id']}"
    assert (row["told"], row["read"], row["title"]) == (2, 0, WIFI["title"])
    assert [one["id"] for one in ada.get("/api/faq-pushes?mine=true").json()["items"]] == [1]
    assert ada.put(f"{place}/receipt").json()["read"] == 1
    assert ada.get("/api/faq-pushes?mine=true&active=true").json()["items"] == []
    refused(liu.put(f"{place}/receipt"), 403)
    [unread] = mei.get(f"{place}/receipts?read=false").json()["items"]
    assert unread["login"] == "dora"
    [script] = post(ada, "articles/suggestions", text="扣了流量")["scripts"]
    assert (script["steps"], script["matched"]) == (WIFI["script"], ["流量"])
    assert post(mei, f"faq-pushes/{row['id']}/ending", reason="平息")["ended_at"]
    refused(mei.post(f"{place}/ending", json={"reason": "again"}), 409)
    assert mei.get("/api/faq-pushes?active=true").json()["items"] == []
    assert wrong_fields(mei.post("/api/faq-pushes", json=given | {"groups": []})) == ["groups"]
