"""Search and suggestions: the same on both databases, in Chinese and in English."""

from datetime import timedelta

import pytest
from sqlmodel import select

from records import ArticleTerm, article_index
from tasks.learning import article_search, articles, uses
from tests.asking import post, refused, wrong_fields

pytestmark = pytest.mark.both_databases

ARTICLES = {
    "fibre": {
        "kind": "fault",
        "category": "network",
        "title": "光缆中断如何定位",
        "title_en": "Locating a cut fibre cable",
        "body": "用 OTDR 从两端测试,比较距离;查看告警。",
        "causes": ["LOS"],
    },
    "wifi": {
        "kind": "terminal",
        "category": "wlan",
        "title": "Wi-Fi 上网为何产生 GPRS 流量",
        "title_en": "Why a phone on Wi-Fi is charged for GPRS data",
        "symptoms": "我一直连着家里的无线,怎么还扣流量费",
        "body": "信号弱时终端自动切换到移动网络。",
    },
    "port": {
        "kind": "fault",
        "category": "access",
        "title": "交换机端口 down",
        "title_en": "A switch port is down",
        "body": "检查光缆与尾纤,查看告警。",
        "causes": ["linkDown"],
    },
}


@pytest.fixture
def found(session, cast, now):
    """What is found, best first, by the names of ARTICLES."""
    keys = {}
    for key, told in ARTICLES.items():
        row = articles.write(session, told, by=cast["dora"], now=now)
        articles.publish(session, row, by=cast["mei"], now=now)
        keys[row.id] = key
    session.commit()

    def find(text):
        rows = article_search.ranked(session, text)
        best = select(rows.c.article_id).order_by(rows.c.score.desc(), rows.c.article_id.desc())
        return [keys[id] for id in session.scalars(best)]

    find.keys, find.ids = keys, {key: id for id, key in keys.items()}
    return find


@pytest.mark.parametrize(
    "text, names",
    {
        "光缆": ["fibre", "port"],
        "光缆中断": ["fibre"],
        "查看告警": ["port", "fibre"],
        "流量": ["wifi"],
        "wi-fi 流量": ["wifi"],
        "ＧＰＲＳ": ["wifi"],
        "CABLES": ["fibre"],
        "swi": ["port"],
        "switches down": ["port"],
        "光": ["fibre"],
        "扣流量费": ["wifi"],
        "光缆 没有的词 xyzzy": ["fibre", "port"],
        "xyzzy": [],
        "' OR 1=1 -- * NEAR( \"": [],
        "\x00。,": [],
    }.items(),
)
def test_search_finds(found, text, names):
    assert found(text) == names


def suggested(session, found, text="", **case):
    some = article_search.suggest(session, text, **case)
    return [found.keys[each.article.id] for each in some]


def test_suggestions_follow_what_is_typed_the_alarm_and_the_category(session, found):
    words = "客户说连着无线还扣费,流量"
    assert suggested(session, found, words) == ["wifi"]
    assert suggested(session, found, words, cause="los") == ["wifi", "fibre"]
    assert suggested(session, found, cause="LOS") == ["fibre"]
    assert suggested(session, found, category="access") == ["port"]
    assert suggested(session, found, "查看告警", category="access")[0] == "port"
    assert suggested(session, found) == []
    assert len(article_search.suggest(session, "光缆", limit=1)) == 1


def test_what_solved_more_comes_first_and_what_failed_sinks(session, cast, now, found):
    assert suggested(session, found, "查看告警") == ["port", "fibre"]
    fibre = articles.find(session, found.ids["fibre"])
    for n in range(8):
        uses.note_article(session, fibre, f"ticket:{n}", "solved", by=cast["ada"], now=now)
    assert suggested(session, found, "查看告警") == ["fibre", "port"]
    best = article_search.suggest(session, "查看告警")[0]
    assert [reason.en for reason in best.reasons][-1] == "Has solved 8 cases"


def test_what_is_out_of_date_is_found_and_not_suggested(session, now, found):
    row = articles.find(session, found.ids["wifi"])
    articles.expire(session, row, by="knowledge", now=now + timedelta(days=400))
    session.commit()
    assert found("流量") == ["wifi"]
    assert suggested(session, found, "流量") == []


def test_a_long_text_is_bounded_and_its_end_counts(session, found):
    assert suggested(session, found, "说" * 9_000 + "流量") == ["wifi"]


def test_made_anew_the_terms_are_the_same(session, found):
    terms = select(ArticleTerm).order_by(*ArticleTerm.__table__.primary_key)
    before = [tuple(row.model_dump().values()) for row in session.exec(terms)]
    assert article_index.rebuild(session) == 3
    assert [tuple(row.model_dump().values()) for row in session.exec(terms)] == before


def test_search_over_http_pages_by_score(as_, found):
    ada = as_("ada")
    first = ada.get("/api/articles?q=光缆&limit=1").json()
    second = ada.get(f"/api/articles?q=光缆&limit=1&cursor={first['next']}").json()
    assert [one["id"] for one in (*first["items"], *second["items"])] == [
        found.ids["fibre"],
        found.ids["port"],
    ]
    assert first["items"][0]["score"] > second["items"][0]["score"] and second["next"] is None
    assert ada.get("/api/articles?q=光缆&kind=offer").json()["items"] == []
    assert wrong_fields(ada.get("/api/articles?q=光缆&sort=title")) == ["sort"]
    titles = [one["title"] for one in ada.get("/api/articles?sort=title").json()["items"]]
    assert titles == sorted(titles)


def test_suggestions_over_http(as_, found):
    told = post(as_("ada"), "articles/suggestions", text="流量", category="wlan", limit=2)
    assert [one["article"]["id"] for one in told["items"]] == [found.ids["wifi"]]
    assert told["items"][0]["reasons"] and told["scripts"] == []
    refused(as_("ada").post("/api/articles/suggestions", json={"limit": 99}), 422)
