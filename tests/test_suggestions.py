"""Who should take an order next: near, skilled, free, and no stranger to the place."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import event

from tasks import suggestions
from tests import crews
from tests.crews import open_order, open_ticket


@pytest.fixture
def hire(session, cast, now):
    return partial(crews.hire, session, now=now)


@pytest.fixture
def order(session, cast, now):
    return open_order(session, open_ticket(session, now), "line", now)


def suggested(session, order, now):
    return {found.login: found for found in suggestions.for_order(session, order, now)}


def told(suggestion):
    return [reason.en for reason in suggestion.reasons]


def test_near_and_skilled_come_before_far_and_new(session, order, now, hire):
    hire("far", "line", city="泉州", skills=["splicing", "otdr"])
    hire("near", "line", skills=["splicing", "otdr"])
    hire("novice", "line")
    hire("stranger", "data", skills=["splicing"])

    found = suggested(session, order, now)
    assert list(found) == ["near", "liu", "novice"]
    assert told(found["near"]) == [
        "Is in 海州",
        "Is skilled in splicing, otdr",
        "Holds no open order",
    ]


def test_who_has_many_orders_comes_later(session, order, now, hire):
    hire("abe", "line")
    for _ in range(2):
        open_order(session, open_ticket(session, now), "line", now, holder="abe")

    found = suggested(session, order, now)
    assert list(found) == ["liu", "abe"]
    assert (found["abe"].holds, told(found["abe"])[-1]) == (2, "Holds 2 open orders")


def test_who_knows_the_place_and_is_on_shift_comes_first(session, order, now, hire):
    hire("zed", "line")
    done = {"finished_at": now - timedelta(hours=1), "finished_by": "zed", "state": "closed"}
    open_order(session, open_ticket(session, now), "line", now, **done)

    best, *_ = suggested(session, order, now).values()
    assert (best.login, best.score) == ("zed", 60)
    assert [reason.zh for reason in best.reasons] == [
        "就在海州",
        "2026-03-11 办结过这里的工单",
        "手上没有工单",
        "当班,09:14 办结上一单",
    ]


def test_who_holds_it_already_or_has_left_is_not_suggested(session, order, now, hire):
    hire("gone", "line", active=False)
    order.holder = "liu"
    assert suggested(session, order, now) == {}


def test_the_larger_the_group_the_same_queries(session, order, now, hire):
    asked = []
    event.listen(session.bind, "before_cursor_execute", lambda *_: asked.append(1))
    counts = []
    suggestions.for_order(session, order, now)  # what the session knows from now on
    for size in (1, 20):
        for n in range(size):
            hire(f"p{size}-{n}", "line")
        asked.clear()
        assert suggestions.for_order(session, order, now)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 8


def test_dispatch_asks_over_the_api(session, order, as_):
    session.commit()
    found = as_("dora").get(f"/api/work-orders/{order.id}/suggestions").json()
    assert [(each["login"], each["score"]) for each in found] == [("liu", 40)]
    assert found[0]["reasons"][0] == {"zh": "就在海州", "en": "Is in 海州", "weight": 40}
