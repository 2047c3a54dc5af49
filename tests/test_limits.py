"""Limits and ladders: what they may be, and that a ticket gets no others."""

from datetime import timedelta

import pytest
from sqlmodel import select

from records import Clock
from tasks.faults import intake, urgency
from tasks.refusals import Invalid
from tasks.sla.limits import check_ladder, check_limit, offset_of

HOUR = timedelta(hours=1)
RUNG = {"clock": "restore", "at": "75%", "to": "duty_lead", "action": "notify"}
CLOCKS = {"restore": {}}


@pytest.mark.parametrize(
    "at, minutes",
    [("50%", 30), ("0%", 0), ("100%", 60), ("12.5%", 7.5), ("PT2H", 180), ("P1DT30M", 1530)],
)
def test_a_rung_is_a_share_of_the_limit_or_a_time_beyond_it(at, minutes):
    assert offset_of(at, HOUR) == timedelta(minutes=minutes)


@pytest.mark.parametrize("at", ["", "75", "%", "P", "PT", "2H", "-5%", "PT99999999999H", None, 75])
def test_what_says_no_time_is_no_rung(at):
    wrong = [each.path for each in check_ladder([RUNG | {"at": at}], CLOCKS)]
    assert wrong == ["ladder.0.at"]


@pytest.mark.parametrize(
    "change, path", [({"to": " "}, "to"), ({"to": None}, "to"), ({"clock": "cuckoo"}, "clock")]
)
def test_a_rung_names_its_clock_and_somebody(change, path):
    found = list(check_ladder([RUNG, RUNG | change], CLOCKS))
    assert [each.path for each in found] == [f"ladder.1.{path}"]
    assert list(check_ladder(["75%"], CLOCKS))


def test_a_limit_is_a_minute_or_more_or_empty_and_only_travel_may_be_none():
    good = {"accept": 5, "judge": None, "restore": 1.5, "travel": 0, "calendar": "office"}
    assert list(check_limit(good, {"office": {}})) == []
    for wrong in (0, 0.01, -1, "5", True, float("inf"), float("nan"), 10**9):
        assert [each.path for each in check_limit({"accept": wrong}, {})] == ["accept"]


WRONG = [
    ({"restore": 0}, ()),
    ({"restore": 240, "calendar": "lunar"}, ()),
    ({"restore": 240}, (RUNG | {"to": ""},)),
]


@pytest.mark.parametrize("limit, ladder", WRONG)
def test_a_ticket_gets_no_limit_that_no_clock_could_go_by(session, cast, now, limit, ladder):
    circuit = intake.find_circuit(session, code="HD-DIA-1")
    told = {"source": "inspection", "started_at": now, "by": "dora", "now": now}
    ticket = intake.open_ticket(session, circuit=circuit, **told)
    with pytest.raises(Invalid) as refusal:
        urgency.set_limit(session, ticket, limit, "F2", by="dora", now=now, ladder=ladder)
    assert "决策表" in refusal.value.zh and "decision table" in refusal.value.en
    session.commit()
    assert (ticket.state, session.exec(select(Clock)).all()) == ("new", [])
