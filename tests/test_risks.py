"""Which tickets will miss their limit: the formula, the list with its reasons, how true it came."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from records import Clock, Forecast, Ticket
from tasks.timelines import forecasts, past_times, risks
from tasks.timelines.odds import ENOUGH, NOBODY, Passed, Peers, odds
from tests.asking import publish_fault, wrong_fields
from tests.fault_walks import Walk
from workflows.segments import keep

pytestmark = pytest.mark.one_database

HOUR = 3600.0
DAY = timedelta(days=1)


@pytest.fixture
def walk(session, cast, now):
    publish_fault(session, now)
    walk = Walk(session, cast, now)
    session.commit()
    return walk


def find(walk, **told):
    found = risks.find_risks(walk.session, walk.now, **{"within": DAY} | told)
    walk.session.commit()
    return found


def close(walk, minutes):
    """A whole ticket, with so many minutes of repair."""
    walk.call().do("accept_call", "judge", "line_remote").later(minutes=minutes).do("line_on_site")
    walk.do("restore_test", restored_at=walk.now.isoformat()).do("call_back", "close_ticket")
    walk.do(*walk.orders()).session.commit()


# The formula


def past(count, rest, **told):
    return [Passed(rest, rest, **told) for _ in range(count)]


def test_the_odds_are_the_share_of_those_who_were_still_there_and_took_longer():
    peers = past(60, 1 * HOUR) + past(30, 2 * HOUR) + past(30, 3 * HOUR)
    found = odds(Peers(peers), "repair", age=1.5 * HOUR, remaining=HOUR, limit=4 * HOUR)
    assert found.basis == 60 and 0.48 < found.probability < 0.52  # 30 of 60, and a little default
    assert (found.p50, found.p80) == (0.5 * HOUR, 1.5 * HOUR)


def test_the_nearest_kind_of_which_there_is_enough_is_asked():
    near = past(ENOUGH, HOUR, grade="AAA", domains=frozenset({"line"}))
    far = past(ENOUGH, 9 * HOUR, grade="A", domains=frozenset({"data"}))

    def asked(grade, *domains):
        return odds(Peers(near + far), "repair", 0, 2 * HOUR, 4 * HOUR, grade, domains)

    assert [asked("AAA", "line").kind, asked("AAA").kind, asked("AA").kind] == [
        "grade and domain",
        "grade",
        "all",
    ]
    assert asked("AAA", "line").probability < 0.1 < 0.8 < asked("A").probability


def test_without_history_the_budgets_of_the_stages_stand_in():
    fresh = odds(NOBODY, "accept", 0, 4 * HOUR, 4 * HOUR)
    assert 0.1 < fresh.probability < 0.2 and fresh.basis == 0  # four in five keep their budgets
    assert round(fresh.p80 / HOUR, 2) == 3.75
    assert odds(NOBODY, "repair", 3 * HOUR, 600, 4 * HOUR).probability > 0.7


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1e6), max_size=30),
    st.sampled_from(["accept", "repair", "restore_test", "of our own", ""]),
    *[st.floats(0, 1e7)] * 4,
)
def test_odds_lie_between_nothing_and_all_and_rise_as_time_runs_out(
    rests, stage, age, remaining, less, limit
):
    peers, less = Peers(Passed(rest, rest) for rest in rests), min(less, remaining)
    much, little = (odds(peers, stage, age, left, limit) for left in (remaining, less))
    assert 0 <= much.probability <= little.probability <= 1
    assert 0 <= much.p50 <= much.p80 or much.basis == 0


# The list


def test_a_ticket_at_risk_says_why(walk):
    walk.call().later(minutes=5).do("accept_call", "judge", "line_remote").later(minutes=80)
    (risk,) = find(walk)
    assert (risk.stage, risk.age, risk.remaining) == ("repair", 80 * 60, 35 * 60)
    assert 0.3 < risk.odds.probability < 0.9
    said = [(reason["zh"], reason["en"]) for reason in risk.reasons]
    assert (
        said[0][0].startswith("“修复”已 1 小时 20 分,通常还需 ") and "35 min remain" in said[0][1]
    )
    assert said[1] == (
        "外线班组:“线路现场”已派 1 小时 20 分,无人接单",
        "Field crew has not accepted “Line, on site” for 1 h 20 min",
    )
    assert "历史不足" in said[-1][0]


def test_what_is_late_over_or_due_only_later_is_no_risk(walk):
    walk.call()
    assert find(walk, within=timedelta(hours=1)) == []
    assert len(find(walk)) == 1 and find(walk, least=0.99) == []
    assert find(walk.later(hours=3)) == []


def test_the_time_of_a_suspension_is_no_ones(walk):
    stop = {"reason": "no_access", "evidence": "照片 3", "customer_told": True}
    walk.call().do("accept_call").later(minutes=10)
    walk.say("suspend", resume_at=walk.now + timedelta(hours=2), **stop).later(minutes=60)
    (risk,) = find(walk)
    assert (risk.age, risk.remaining, risk.due_at) == (600, 110 * 60, None)
    assert "03-11 12:24" in risk.reasons[1]["zh"] and "suspended" in risk.reasons[1]["en"]


def test_past_tickets_tell_what_a_stage_usually_takes(walk, engine, session):
    for minutes in (30, 60, 90):
        close(walk, minutes)
    assert keep(engine, walk.now) == 3
    told = past_times.read_past(session)
    session.commit()
    repairs = told["repair"].past
    assert [one.rest / 60 for one in repairs] == [30, 60, 90]
    assert repairs[0].domains == {"line"} and repairs[0].grade == "AAA"


# What came of it


def test_forecasts_are_noted_when_there_is_news_and_settled_once_known(walk, session):
    walk.call()
    noted = [forecasts.note_forecasts(session, walk.later(minutes=m).now) for m in (0, 10, 60)]
    assert noted == [1, 0, 1]
    assert forecasts.settle_forecasts(session, walk.now) == 0
    walk.do("accept_call", "judge", "line_remote", "line_on_site")
    walk.do("restore_test", restored_at=walk.now.isoformat()).do("call_back", "close_ticket")
    walk.do(*walk.orders())
    assert forecasts.settle_forecasts(session, walk.now) == 2
    assert {row.has_breached for row in session.exec(select(Forecast))} == {False}


@pytest.fixture
def foretold(session, now):
    """foretold(late?, (minutes before the end, probability), …): a ticket that is settled."""

    def foretold(is_late, *told):
        ticket = Ticket(source="alarm", title="t", started_at=now, opened_at=now, closed_at=now)
        session.add(ticket)
        session.flush()
        told_of = {
            "ticket_id": ticket.id,
            "started_at": now,
            "breached_at": now if is_late else None,
        }
        session.add(
            Clock(name="restore", kind="SLA", state="missed" if is_late else "met", **told_of)
        )
        for minutes, probability in told:
            at = now - timedelta(minutes=minutes)
            session.add(Forecast(ticket_id=ticket.id, at=at, probability=probability))
        session.flush()

    return foretold


def test_forecasts_are_held_against_what_happened(session, foretold, now):
    foretold(True, (90, 0.2), (60, 0.8))
    foretold(True, (30, 0.9))
    foretold(True, (10, 0.1))
    foretold(False, (60, 0.1), (10, 0.0))
    assert forecasts.settle_forecasts(session, now) == 6
    found = forecasts.calibrate(session, now - DAY, now)
    assert (found.count, found.tickets, found.breaches) == (6, 4, 3)
    assert (found.warned, found.early, found.lead_seconds) == (2, 1, 45 * 60)
    assert found.brier == round((0.64 + 0.04 + 0.01 + 0.81 + 0.01 + 0) / 6, 4)
    assert [(one.least, one.count, one.happened) for one in found.bins] == [
        (0.0, 1, 0.0),
        (0.1, 2, 0.5),
        (0.2, 1, 1.0),
        (0.8, 1, 1.0),
        (0.9, 1, 1.0),
    ]


def test_tickets_that_were_cancelled_prove_nothing(session, foretold, now):
    foretold(False, (60, 0.9))
    session.exec(select(Clock)).one().state = "cancelled"
    session.flush()
    assert forecasts.settle_forecasts(session, now) == 1
    assert forecasts.calibrate(session, now - DAY, now).brier is None


# Over HTTP


def test_the_door_lists_risks_and_tells_how_true_they_came(walk, as_, clock, session):
    mei, clock.now = as_("mei"), walk.call().later(minutes=90).now
    session.commit()
    (risk,) = mei.get("/api/reports/risks?within=2").json()
    assert risk["stage_zh"] == "受理" and risk["remaining"]["zh"] == "30 分钟"
    assert risk["reasons"][0]["en"].endswith("30 min remain")
    assert mei.get("/api/reports/calibration").json()["count"] == 0
    assert wrong_fields(mei.get("/api/reports/risks?within=0")) == ["within"]
    query = "from=2026-03-12T00:00:00Z&until=2026-03-11T00:00:00Z"
    assert wrong_fields(mei.get(f"/api/reports/calibration?{query}")) == ["from"]
