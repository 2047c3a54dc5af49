"""Event subprocesses: they stop their scope or run beside it, and know what it knows."""

import pytest

from tests.diagram_maker import (
    CALLS,
    Walk,
    duration,
    gate,
    on,
    on_event,
    read,
    script,
    subprocess,
)


def test_an_interrupting_event_subprocess_stops_its_scope_once() -> None:
    stop = on_event("ES", on("signal", "sg"), [], "s_ES H e2")
    walk = Walk(read([gate("g", "parallel"), stop], "s g A e", "g B e3"))
    assert walk.hear("emergency", "signal", why="flood")
    assert (walk.open, walk.facts("H")) == (["H"], {"why": "flood"})
    assert not walk.hear("emergency", "signal")
    walk.do("H")
    assert walk.live.finished


def test_an_event_subprocess_beside_fires_every_time_and_knows_what_is_known() -> None:
    beside = on_event(
        "ES", on("message", "m"), [script("N", "calls = calls + 1")], "s_ES N H e2", stops=False
    )
    walk = Walk(read([beside], "s A B e"), {"calls": 0})
    walk.do("A", level="gold")
    for _ in range(3):
        walk.hear(CALLS)
    assert walk.open == ["B", "H", "H", "H"]
    assert walk.facts("H") == {"calls": 1, "level": "gold"}
    assert sorted(o.data.get("calls", 0) for o in walk.live.orders()) == [0, 1, 2, 3]
    walk.do("B", "H", "H", "H")
    assert walk.live.finished


def test_a_finished_process_does_not_wait_for_its_event_subprocesses() -> None:
    nodes = [on_event("ES", on("message", "m"), [], "s_ES H e2")]
    nodes += [on_event("ET", duration("PT9H"), [], "s_ET I e3", stops=False)]
    walk = Walk(read(nodes, "s A e"))
    assert len(walk.live.timers()) == 1
    walk.do("A")
    assert (walk.live.finished, walk.live.timers(), walk.live.subscriptions()) == (True, [], [])


@pytest.mark.parametrize("stops", [True, False])
def test_an_event_subprocess_may_wait_for_time(stops: bool) -> None:
    walk = Walk(read([on_event("ET", duration("PT9H"), [], "s_ET I e3", stops=stops)], "s A e"))
    walk.wait(hours=9)
    assert walk.open == (["I"] if stops else ["A", "I"])
    walk.wait(hours=99)
    walk.do(*walk.open)
    assert walk.live.finished


def test_an_event_subprocess_inside_a_subprocess_stops_only_that() -> None:
    stop = on_event("ES", on("message", "m"), [], "s_ES H e4")
    walk = Walk(
        read([gate("g", "parallel"), subprocess("SP", [stop], "s2 A e2")], "s g SP C e", "g B e3")
    )
    walk.hear(CALLS)
    assert walk.open == ["B", "H"]
    walk.do("H", x=1)
    assert (walk.open, walk.facts("C")) == (["B", "C"], {"x": 1})


def test_what_an_event_subprocess_found_out_is_known_to_its_scope_when_it_is_over() -> None:
    beside = on_event("ES", on("message", "m"), [], "s_ES H e2", stops=False)
    inner = subprocess("SP", [gate("x", default="B")], "s2 A x B e3", ("x", "C", "level == 'gold'"))
    walk = Walk(read([beside, inner], "s SP e"), {"level": "iron"})
    walk.hear(CALLS)
    walk.do("H", level="gold")
    assert walk.facts("A")["level"] == "gold"
    walk.do("A", level="iron")  # what is written later counts
    assert walk.open == ["B"]


def test_runs_share_a_diagram_with_event_subprocesses() -> None:
    diagram = read([on_event("ES", on("signal", "sg"), [], "s_ES H e2", stops=False)], "s A e")
    first, second = Walk(diagram), Walk(diagram)
    first.hear("emergency", "signal")
    second.do("A")
    assert (second.live.finished, first.open) == (True, ["A", "H"])
