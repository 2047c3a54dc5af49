"""Which crew should go: near, able, free, equipped; and why."""

from datetime import datetime

import pytest
from sqlalchemy import event

from records import Site
from tasks import policies
from tasks.field import crews, distances
from tasks.field.visit_jobs import Job
from tasks.refusals import Invalid
from tests.crews import hire
from tests.field import CPE, DAY, TEST, Field

ROADS = policies.shipped("distances")
PLACES = [Site(code="A", latitude=28.0, longitude=123.5), Site(code="B", latitude=28.5)]
PLACES[1].longitude = 123.5

# What is SQL of its own is asked of both databases; rules need but one.
on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def field(session, cast, now):
    return Field(session, cast, now)


def told(suggestion):
    return [reason.en for reason in suggestion.reasons]


@pytest.mark.parametrize(
    "rules, at, minutes",
    [
        ({}, "2026-03-11T10:00", 80),  # 55.6 km through the air, 75 by road, 65 km/h, 10 minutes
        ({}, "2026-03-11T23:00", 97),  # at four fifths of that speed
        ({"known": {"B|A": 30}}, "2026-03-11T23:00", 40),
        ({"detour": 1.0}, "2026-03-11T10:00", 62),
    ],
)
def test_how_long_people_travel_is_a_model_as_data(rules, at, minutes):
    at = datetime.fromisoformat(f"{at}+08:00")
    assert distances.travel({**ROADS, **rules}, *PLACES, at).minutes == minutes


def test_from_a_place_that_nobody_knows_it_takes_the_usual_time(now):
    for start in (None, Site(code="C")):
        way = distances.travel(ROADS, start, PLACES[0], now)
        assert (way.kilometres, way.minutes) == (None, 70)


def test_near_able_and_equipped_comes_first_with_its_reasons(session, field, now):
    far = hire(session, "far", "field", now=now, city="泉州", skills=["router"])
    visit = field.plan(CPE, TEST)
    best, *others = crews.suggest_for(session, visit)
    assert (best.people, best.vehicle, best.instruments, best.team) == (
        ["kai"], "V1", ["T1"], "east"
    )  # fmt: skip
    assert told(best) == [
        "23 min to get there (7.5 km)",
        "kai is able to do: Routers and CPE",
        "kai is free all day",
        "The team's own vehicle V1",
    ]
    assert (best.travel_minutes, best.lacks, best.score) == (23, [], -1.5)
    assert [each.people for each in others] == [["liu"]] and far.login not in others


@on_one
def test_who_is_taken_far_or_cannot_do_it_is_left_out(session, field, now):
    busy = Job("order:8", "cpe"), Job("order:8", "test")
    field.crewed(*busy, customer_id=None)  # liu, the van and the tester
    visit = field.plan(CPE, TEST)
    [one] = crews.suggest_for(session, visit)
    assert one.people == ["kai"] and [why.en for why in one.lacks] == [
        "No vehicle is free",
        "No Ethernet tester is free and calibrated",
    ]
    field.base.latitude = 20.0
    session.flush()
    assert crews.suggest_for(session, visit) == []


@on_one
def test_people_who_together_can_do_it_all_go_together(session, field, now):
    visit = field.plan(Job("order:5", "splicing", skills=("climbing",), tools=()), days=3)
    field.asset("S1", "instrument", "splicer")
    field.asset("O1", "instrument", "otdr", calibration_due_at=now + 99 * DAY)
    best, *_ = crews.suggest_for(session, visit)
    assert set(best.people) == {"kai", "liu"} and not best.lacks
    assert "One team" in told(best)
    late = field.plan(Job("order:6", "cpe", skills=("climbing",)), customer_id=None, days=20)
    best, *_ = crews.suggest_for(session, late)
    assert best.lacks[0].en == "Nobody for Work at height"  # the certificate runs out before


def test_who_was_there_before_and_comes_from_nearby_is_preferred(session, field, now):
    field.made()
    visit = field.plan(Job("order:6", "cpe"), days=5)
    best, second = crews.suggest_for(session, visit)
    assert (best.people, second.people) == (["liu"], ["kai"])
    assert "liu was here on 2026-03-12" in told(best)


@on_one
def test_the_more_people_the_same_queries(session, field, now):
    visit, counts, asked = field.plan(CPE, TEST), [], []
    event.listen(session.bind, "before_cursor_execute", lambda *_: asked.append(1))
    crews.suggest_for(session, visit)  # what the session knows from now on
    for size in (1, 20):
        for n in range(size):
            hire(session, f"p{size}-{n}", "field", now=now, skills=["router"])
        asked.clear()
        assert len(crews.suggest_for(session, visit)) == 3
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 10


@on_one
def test_a_skill_or_tool_that_nobody_knows_is_refused(session, field):
    for wrong in ({"skills": ["juggling"]}, {"tools": ["hammer"]}):
        with pytest.raises(Invalid):
            crews.suggest(session, field.site, field.window(), **wrong)
    found = crews.suggest(session, field.site, field.window(), people=2)
    assert len(found[0].people) == 2
