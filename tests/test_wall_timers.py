"""Timers: when they are due, that they fire then, once after an outage, and end with their step."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.diagram_maker import (
    NOW,
    Walk,
    boundary,
    catch,
    cycle,
    date,
    duration,
    read,
    subprocess,
)


@pytest.mark.parametrize(
    ("definition", "due"),
    [
        (duration("PT2H"), NOW + timedelta(hours=2)),
        (duration('"PT1.5H"'), NOW + timedelta(minutes=90)),
        (duration("P1M"), datetime(2026, 9, 1, 2, tzinfo=UTC)),
        (duration("span"), NOW + timedelta(days=1, hours=2)),
        (date("2026-08-02"), datetime(2026, 8, 1, 16, tzinfo=UTC)),  # midnight in Shanghai
        (date("2026-08-02T12:00:00+09:00"), datetime(2026, 8, 2, 3, tzinfo=UTC)),
        (date("when"), datetime(2026, 8, 5, tzinfo=UTC)),
        (cycle("R3/PT30M"), NOW + timedelta(minutes=30)),
        (cycle("R/2026-08-01T12:00/P1D"), datetime(2026, 8, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_timer_is_due_at_an_absolute_instant(definition: str, due: datetime) -> None:
    data = {"span": "P1DT2H", "when": "2026-08-05T00:00:00Z"}
    walk = Walk(read([catch("T", definition)], "s T A e"), data)
    (timer,) = walk.live.timers()
    assert (timer.element_id, timer.due, timer.due.tzinfo) == ("T", due, UTC)


@pytest.mark.parametrize("text", ['"-PT5M"', '"tomorrow"', "5", '"P"', '"PT"', '"R/PT0S"'])
def test_a_time_that_cannot_be_waited_for_is_a_trouble(text: str) -> None:
    kind = cycle if "R" in text else duration
    walk = Walk(read([catch("T", kind(text))], "s T A e"))
    assert walk.troubled == [("T", "timer")]
    walk.skip("T")
    assert walk.open == ["A"]


def test_a_timer_fires_at_the_very_instant_and_not_before() -> None:
    walk = Walk(read([catch("T", duration("PT2H"))], "s T A e"))
    walk.wait(hours=2, seconds=-1)
    assert walk.open == []
    walk.wait(seconds=1)
    assert walk.open == ["A"]


def test_a_timer_of_no_length_lets_go_at_once() -> None:
    assert Walk(read([catch("T", duration("PT0S"))], "s T A e")).open == ["A"]


def test_waking_fires_what_falls_due_because_of_it() -> None:
    nodes = [catch("T", duration("PT1H")), catch("T2", date("2026-08-01T11:00"))]
    walk = Walk(read(nodes, "s T T2 A e"))
    walk.wait(hours=5)
    assert walk.open == ["A"]


def test_a_reminder_beside_a_step_fires_in_rhythm_and_ends_with_the_step() -> None:
    walk = Walk(
        read([boundary("T", "A", cycle("R3/PT30M"), interrupting=False)], "s A e", "T R e2")
    )
    for minutes in (30, 30, 30, 30):
        walk.wait(minutes=minutes)
    assert walk.open == ["A", "R", "R", "R"]
    assert walk.live.timers() == []
    walk.do("A", "R", "R", "R")
    assert walk.live.finished


def test_an_overdue_reminder_fires_once_and_keeps_its_rhythm() -> None:
    walk = Walk(read([boundary("T", "A", cycle("R/PT30M"), interrupting=False)], "s A e", "T R e2"))
    walk.wait(hours=3, minutes=10)
    assert walk.open == ["A", "R"]
    assert walk.live.timers()[0].due == NOW + timedelta(hours=3, minutes=30)


def test_a_long_outage_of_a_short_rhythm_costs_nothing() -> None:
    walk = Walk(read([boundary("T", "A", cycle("R/PT1S"), interrupting=False)], "s A e", "T R e2"))
    walk.wait(days=3650)
    assert walk.open == ["A", "R"]


def test_a_time_limit_takes_the_step_away() -> None:
    walk = Walk(read([boundary("T", "A", duration("PT1H"))], "s A e", "T L e2"))
    walk.wait(hours=1)
    assert (walk.open, walk.live.timers()) == (["L"], [])
    walk.do("L")
    assert walk.live.ends == ["e2"]


def test_a_step_that_is_done_in_time_takes_its_timers_along() -> None:
    walk = Walk(read([boundary("T", "A", duration("PT1H"))], "s A B e", "T L e2"))
    walk.do("A")
    assert walk.live.timers() == []


def test_overdue_timers_fire_in_the_order_of_their_times() -> None:
    warn = boundary("W", "A", duration("PT1H"), interrupting=False)
    walk = Walk(read([boundary("T", "A", duration("PT2H")), warn], "s A e", "T L e2", "W R e3"))
    walk.wait(hours=9)
    assert walk.open == ["L", "R"]


def test_timers_run_inside_subprocesses_and_end_with_them() -> None:
    inner = subprocess("SP", [catch("T", duration("PT1H"))], "s2 T A e2")
    walk = Walk(read([inner, boundary("L", "SP", duration("PT3H"))], "s SP B e", "L C e3"))
    walk.wait(hours=1)
    assert walk.open == ["A"]
    walk.wait(hours=2)
    assert (walk.open, len(walk.live.run.subprocesses)) == (["C"], 0)


def test_a_timer_beside_a_step_that_cannot_be_armed_may_be_called_off() -> None:
    late = boundary("T", "A", duration("gone"))
    walk = Walk(read([late], "s A e", "T L e2"))
    assert (walk.open, walk.troubled) == (["A"], [("T", "timer")])
    walk.skip("T")
    assert (walk.open, walk.troubled) == (["A"], [])
    walk = Walk(walk.blueprint)
    walk.retry("T", gone="PT1H")
    walk.wait(hours=1)
    assert walk.open == ["L"]
