"""Hot issues: themes found among cases, amber at half, red proposes the plan; one answer to all."""

from datetime import timedelta
from itertools import chain, count

import pytest
from sqlmodel import select

from bpmn import cases, plan_offers
from bpmn import hot_issues as with_runs
from records import Case, FaqPush, HotIssue, Notice
from records.database import open_session
from records.region.cases import take_cases
from tasks.cases import hot_issues, themes
from tasks.cases.themes import Said
from tasks.learning import articles
from tasks.policies import shipped
from tasks.policy_checks import check_alone
from tasks.refusals import Invalid, NotAllowed
from tests.asking import post, publish, refused
from tests.case_walks import CONSULTATION, Way
from tests.plan_walks import publish_plans
from workflows.hot_issues import count_themes

RULES = shipped("hot_issues")
WIFI = "一直连着 Wi-Fi 上网,怎么还有 GPRS 流量费"
ESIM = [
    "新款手表的 eSIM 激活不了",
    "手表 eSIM 一直激活失败",
    "eSIM 手表激活提示失败",
    "手表激活 eSIM 报错",
]
OTHERS = ["发票抬头想改一下", "宽带想提速", "套餐到期怎么续", "营业厅几点关门"]

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def said(now, *texts, hours=1.0, is_press=False):
    numbers = count(1)
    return [Said(next(numbers), text, is_press, now - timedelta(hours=hours)) for text in texts]


def found(now, *rows):
    numbered = [Said(n, r.words, r.is_press, r.at) for n, r in enumerate(chain(*rows), 1)]
    told = themes.find(numbered, now, RULES)
    return {theme.key: (len(theme.cases), themes.heat_of(theme, RULES).state) for theme in told}


@pytest.mark.parametrize("number, state", [(3, ""), (4, "amber"), (8, "red"), (20, "red")])
def test_a_theme_without_a_past_grows_from_amber_to_red(now, number, state):
    assert found(now, said(now, *[WIFI] * number)) == {"wifi_gprs": (number, state)}


@pytest.mark.parametrize("number, state", [(13, ""), (14, "amber"), (20, "red")])
def test_a_theme_that_is_always_there_is_told_by_its_volume(now, number, state):
    before = [row for day in range(7) for row in said(now, *[WIFI] * 9, hours=30 + 20 * day)]
    assert found(now, before, said(now, *[WIFI] * number)) == {"wifi_gprs": (number, state)}


def test_the_five_named_issues_are_known_by_what_is_said(now):
    texts = {
        "wifi_gprs": WIFI,
        "bill_shock": "一夜之间流量费几千元,天价账单",
        "shanzhai": "手机自动发短信,扣了没有订购的信息费,像是吸金",
        "balance_theft": "10086 打来要验证码,话费被转走了",
        "split_records": "一次通话的话单被拆成三条",
    }
    assert found(now, said(now, *texts.values())).keys() == texts.keys()


def test_a_theme_that_nobody_has_named_is_found_by_its_words(now):
    told = found(now, said(now, *OTHERS, hours=50), said(now, *ESIM, *OTHERS))
    assert list(told.values()) == [(4, "amber")]


def test_one_call_from_the_media_is_red_at_once(now):
    asked = said(now, "记者问:为什么手表激活失败", is_press=True)
    assert list(found(now, asked, said(now, *OTHERS)).values()) == [(1, "red")]


def test_nothing_is_made_of_what_is_said_every_day(now):
    days = [row for day in range(7) for row in said(now, *OTHERS * 3, hours=30 + 20 * day)]
    assert found(now, days, said(now, *OTHERS)) == {}


@pytest.fixture
def take(session, cast, now):
    """Ada takes down what many say."""
    publish(session, now, CONSULTATION)

    def make(number, text=WIFI, channel="hotline"):
        told = {"words": text, "channel": channel}
        rows = [cases.open_case(session, told, by=cast["ada"], now=now) for _ in range(number)]
        session.commit()
        return rows

    return make


def issue_of(session):
    session.expire_all()
    issue = session.exec(select(HotIssue)).one()
    session.commit()  # the timed work writes, too
    return issue


def test_half_is_amber_and_all_of_it_proposes_the_plan(engine, session, now, take):
    take(4), count_themes(engine, now)
    issue = issue_of(session)
    assert (issue.state, issue.volume, issue.plan_state) == ("amber", 4, "")
    take(4), count_themes(engine, now), count_themes(engine, now)
    issue = issue_of(session)
    assert (issue.state, issue.volume, issue.why["rule"]) == ("red", 8, "growth")
    assert [row.id for row in hot_issues.proposed(session)] == [issue.id]
    assert set(session.exec(select(Case.hot_issue_id))) == {issue.id}
    told = session.exec(select(Notice.key).where(Notice.template == "hot_issue")).all()
    assert len(told) == 2  # Mei, of both groups, once for each


@on_one
def test_the_media_are_seen_at_once_and_the_plan_is_decided_on_once(session, cast, now, take):
    take(1, channel="media")
    issue = issue_of(session)
    assert (issue.state, issue.press) == ("red", 1)
    decide = {"by": "mei", "now": now}
    with pytest.raises(Invalid):
        hot_issues.note_plan(session, issue, "declined", **decide)
    hot_issues.note_plan(session, issue, "activated", ref="plan run:7", **decide)
    with pytest.raises(NotAllowed):
        hot_issues.note_plan(session, issue, "declined", reason="误报", **decide)


@on_one
def test_a_plan_that_waits_for_its_commander_is_not_decided_on_elsewhere(session, cast, now, take):
    publish_plans(session, now, "hot_issue")
    take(1, channel="media")
    issue = issue_of(session)
    assert plan_offers.look_at_issue(session, issue.id, now=now)
    told = {"reason": "误报", "by": cast["mei"], "now": now}
    with pytest.raises(NotAllowed, match="waits for its commander"):
        hot_issues.decide_plan(session, issue, "declined", **told)


@on_one
def test_one_answer_ends_the_asking_of_all_its_cases(session, cast, now, take):
    rows = take(8)
    one = Way(session, cast, now)
    one.case = rows[0]
    one.do("triage")
    issue = take_now(session, now)
    told = with_runs.settle(session, issue, "终端升级后恢复", by=cast["mei"], now=now)
    assert (told, rows[0].state, rows[1].state) == (1, "answering", "new")
    with pytest.raises(NotAllowed):
        with_runs.settle(session, issue, "又一个", by=cast["mei"], now=now)


@on_one
def test_what_is_quiet_is_over_and_does_not_come_back_by_its_old_cases(engine, session, now, take):
    take(8), count_themes(engine, now)
    assert count_themes(engine, now + timedelta(hours=47)) == 0
    assert count_themes(engine, now + timedelta(hours=48)) == 1
    assert (issue_of(session).state, issue_of(session).open_key) == ("over", None)
    count_themes(engine, now)
    take(4), count_themes(engine, now)
    states = session.exec(select(HotIssue.state).order_by(HotIssue.id)).all()
    assert states == ["over", "amber"]


@on_one
def test_hot_issues_over_http(as_, engine, session, cast, now, take):
    take(8), count_themes(engine, now)
    told = {"kind": "terminal", "title": "Wi-Fi 与流量", "body": "自动切换", "script": ["记录原话"]}
    article = articles.write(session, told, by=cast["mei"], now=now)
    articles.publish(session, article, by=cast["mei"], now=now)
    session.commit()
    mei = as_("mei")
    [shown] = mei.get("/api/hot-issues?state=red").json()["items"]
    place = f"hot-issues/{shown['id']}"
    assert mei.get(f"/api/{place}").json()["why"]["rule"] == "growth"
    post(mei, f"{place}/pushes", article=article.id, note="今早增多")
    assert session.exec(select(FaqPush.trigger)).all() == ["hot_issue"]
    session.commit()
    first = mei.get(f"/api/cases?hot_issue={shown['id']}").json()["items"][0]["id"]
    assert mei.get(f"/api/cases/{first}/help").json()["scripts"][0]["steps"] == ["记录原话"]
    assert mei.put(f"/api/{place}/plan", json={"state": "declined", "reason": "误报"}).is_success
    assert post(mei, f"{place}/settlement", words="终端升级后恢复")["state"] == "settled"
    late = post(as_("ada"), "cases", words=WIFI, channel="hotline")["id"]
    assert mei.get(f"/api/cases/{late}/help").json()["hot_answer"] == "终端升级后恢复"
    assert post(mei, f"{place}/closure", reason="已平息")["state"] == "over"
    refused(mei.post(f"/api/{place}/closure", json={"reason": "x"}), 409)
    refused(as_("ada").post(f"/api/{place}/closure", json={"reason": "x"}), 403)


def test_the_policy_of_hot_issues_says_what_would_not_work():
    wrong = {
        **RULES,
        "amber_percent": 0,
        "told": [],
        "themes": {"x": {"zh": "某", "en": "X", "all": [[]]}},
    }
    paths = [finding.path for finding in check_alone("hot_issues", wrong)]
    assert paths == ["amber_percent", "told", "themes.x.all.0"]
    assert check_alone("hot_issues", RULES) == []


def take_now(session, now):
    for theme, heat in hot_issues.look(session, now=now):
        hot_issues.take(session, theme, heat, now=now)
    session.commit()
    return issue_of(session)


@on_one
def test_the_five_named_cases_are_in_the_demo_region_and_stay_what_they_are(
    engine, session, cast, now
):
    take_cases(session, now)
    session.commit()
    named = [
        key
        for words in session.exec(select(Case.words).where(Case.answer != ""))
        for key, theme in RULES["themes"].items()
        if themes.fits(words, theme["all"])
    ]
    assert sorted(named) == sorted(RULES["themes"])
    session.commit()  # the timed work writes, too
    count_themes(engine, now)
    rows = select(HotIssue.theme, HotIssue.state, HotIssue.volume).order_by(HotIssue.theme)
    assert session.exec(rows).all() == [("bill_shock", "amber", 4), ("wifi_gprs", "settled", 8)]


def test_of_two_who_see_a_theme_at_once_one_begins_it(engine, session, now, take):
    take(8)
    [(theme, heat)] = hot_issues.look(session, now=now)
    session.commit()
    with open_session(engine) as other:
        hot_issues.take(other, theme, heat, now=now)
    issue = hot_issues._begin(session, theme, heat, now)
    session.commit()
    assert issue.id == issue_of(session).id
