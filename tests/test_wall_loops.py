"""Loops: multi-instance side by side and in turn, standard loops, and loops that run for ever."""

from typing import Any

import pytest

from bpmn import wall
from tests.diagram_maker import (
    CALLS,
    NOW,
    Walk,
    boundary,
    contents,
    cycle,
    duration,
    extended,
    gate,
    node,
    on,
    process,
    read,
    script,
    service,
    several,
)

SITES = {"sites": ["a", "b", "c"]}
KINDS = ["userTask", "callActivity", "subProcess"]


def looped(kind: str, loop: str, *more: str) -> wall.Blueprint:
    """M several times, then U; within each instance one step waits for a person."""
    inside = loop + (contents("M", [], "s2 I e2") if kind == "subProcess" else "")
    called = {"calledElement": "sub"} if kind == "callActivity" else {}
    flows = ["s M U e", "B L e4"] if more else ["s M U e"]
    return read(
        [node(kind, "M", inside, **called), *more], *flows, more=process("sub", [], "s3 I3 e3")
    )


def again(loop: str) -> str:
    tag = "standardLoopCharacteristics"
    return f"<bpmn:{tag} {loop}</bpmn:{tag}>"


@pytest.mark.parametrize("in_turn", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_each_item_of_a_list_gets_its_instance(kind: str, in_turn: bool) -> None:
    walk = Walk(looped(kind, several("sites", into="results", in_turn=in_turn)), SITES)
    assert len(walk.open) == (1 if in_turn else 3)
    while walk.open != ["U"]:
        last = walk.live.orders()[-1]  # the results stand in the order of the items all the same
        walk.live.complete(last.step_id, {"out": last.data["item"] * 2})
        walk.reload()
    assert walk.facts("U") == {**SITES, "results": ["aa", "bb", "cc"]}
    walk.do("U")
    assert (walk.live.finished, walk.live.run.subprocesses) == (True, {})


@pytest.mark.parametrize("in_turn", [True, False])
def test_an_object_gives_an_object(in_turn: bool) -> None:
    walk = Walk(
        looped("userTask", several("sites", into="results", in_turn=in_turn)),
        {"sites": {"x": 1, "y": None}},
    )
    while "M" in walk.open:
        walk.do("M", out=walk.facts("M")["item"])
    assert walk.facts("U")["results"] == {"x": 1, "y": None}


def test_a_list_may_be_changed_in_place() -> None:
    walk = Walk(looped("userTask", several("sites", into="sites")), SITES)
    for _ in range(3):
        walk.do("M", out=walk.facts("M")["item"] + "!")
    assert walk.facts("U") == {"sites": ["a!", "b!", "c!"]}


@pytest.mark.parametrize("in_turn", [True, False])
def test_a_number_of_instances_collects_again_in_a_second_pass(in_turn: bool) -> None:
    loop = several(times="n", into="results", in_turn=in_turn)
    nodes = [gate("m"), node("userTask", "M", loop), gate("x", default="m")]
    walk = Walk(read(nodes, "s m M U x m", ("x", "e", "not again")), {"n": 2})
    for passed in (1, 2):
        while "M" in walk.open:
            walk.do("M", out=passed * 10 + walk.facts("M")["item"])
        assert walk.facts("U")["results"] == [passed * 10, passed * 10 + 1]
        walk.do("U", again=passed == 1)
    assert walk.live.finished


@pytest.mark.parametrize("in_turn", [True, False])
def test_enough_is_enough(in_turn: bool) -> None:
    until = "nrOfCompletedInstances == 2 and out == 'ok' and len(results) == 2"
    walk = Walk(
        looped("userTask", several(times="5", into="results", until=until, in_turn=in_turn))
    )
    walk.do("M", out="no")
    walk.do("M", out="ok")
    assert (walk.open, walk.facts("U")["results"]) == (["U"], ["no", "ok"])


def test_without_an_output_the_instances_facts_come_together() -> None:
    walk = Walk(looped("userTask", several("sites")), SITES)
    for name in ("x", "y", "z"):
        walk.do("M", **{name: 1})
    assert walk.facts("U") == {**SITES, "x": 1, "y": 1, "z": 1}


@pytest.mark.parametrize("in_turn", [True, False])
def test_no_items_no_instances(in_turn: bool) -> None:
    walk = Walk(
        looped("subProcess", several("sites", into="results", in_turn=in_turn)), {"sites": []}
    )
    assert walk.facts("U") == {"sites": [], "results": []}


@pytest.mark.parametrize("data", [{}, {"sites": 5}])
def test_what_cannot_be_gone_through_is_a_trouble(data: dict[str, Any]) -> None:
    walk = Walk(looped("userTask", several("sites")), data)
    assert walk.troubled == [("M", "loop")]
    walk.retry("M", sites=["a"])
    assert walk.open == ["M"]


@pytest.mark.parametrize("times", ["-1", "'x'", "1001", "missing"])
def test_a_wrong_number_of_instances_is_a_trouble(times: str) -> None:
    walk = Walk(looped("userTask", several(times=times)))
    assert [element for element, _ in walk.troubled] == ["M"]
    walk.skip("M")
    assert walk.open == ["U"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_time_limit_takes_all_instances_away(kind: str) -> None:
    walk = Walk(looped(kind, several("sites"), boundary("B", "M", duration("PT1H"))), SITES)
    walk.wait(hours=1)
    assert (walk.open, walk.live.run.subprocesses) == (["L"], {})
    walk.do("L")
    assert walk.live.finished


def test_one_instance_in_trouble_holds_nobody_up() -> None:
    loop = several("sites", into="results")
    step = script("M", "out = 6 / item").replace("</bpmn:scriptTask>", loop + "</bpmn:scriptTask>")
    walk = Walk(read([step], "s M U e"), {"sites": [1, 0, 3]})
    assert walk.troubled == [("M", "script")]
    walk.retry("M", item=2)
    assert walk.facts("U")["results"] == [6, 3, 2]


def test_an_instance_in_trouble_may_be_skipped() -> None:
    step = script("M", "out = 6 / item").replace(
        "</bpmn:scriptTask>", several("sites", into="results") + "</bpmn:scriptTask>"
    )
    walk = Walk(read([step], "s M U e"), {"sites": [0, 2]})
    walk.skip("M")
    assert walk.facts("U")["results"] == [None, 3]


def test_a_failing_completion_condition_does_not_repeat_what_is_done() -> None:
    post = extended("<spiffworkflow:postScript>n = n + 1</spiffworkflow:postScript>")
    loop = several("sites", until="enough").replace(
        "Characteristics ", 'Characteristics spiffworkflow:scriptsOnInstances="true" ', 1
    )
    walk = Walk(read([node("userTask", "M", post + loop)], "s M U e"), {**SITES, "n": 0})
    walk.do("M")
    walk.retry("M", enough=True)
    assert walk.facts("U")["n"] == 1


def test_an_error_in_one_instance_stops_all() -> None:
    inside = several("sites") + contents(
        "M", [node("endEvent", "e2", on("error", "er"))], "s2 I e2"
    )
    nodes = [node("subProcess", "M", inside), boundary("B", "M", on("error", "er"))]
    walk = Walk(read(nodes, "s M U e", "B L e4"), SITES)
    walk.do("I")
    assert walk.open == ["L"]


def test_services_and_messages_run_several_times() -> None:
    call = service("M").replace("</bpmn:serviceTask>", several("sites") + "</bpmn:serviceTask>")
    receive = node("receiveTask", "R", several("sites"), messageRef="m")
    walk = Walk(read([call, receive], "s M R U e"), SITES, lambda request: wall.LATER)
    for waiting in walk.live.calls():
        assert walk.live.finish_call(waiting.step_id, {})
    assert len(walk.live.subscriptions()) == 3
    walk.hear(CALLS)
    assert walk.open == ["U"]


def test_a_hundred_sites_do_not_multiply_the_facts() -> None:
    sites = [{"site": i, "address": "x" * 40} for i in range(100)]
    walk = Walk(looped("callActivity", several("sites", into="results")), {"sites": sites})
    assert len(walk.state) < 40_000  # SpiffWorkflow's state has 899 KB


@pytest.mark.parametrize(
    ("loop", "passes"),
    [
        ('testBefore="false" loopMaximum="10"><bpmn:loopCondition>more</bpmn:loopCondition>', 3),
        ('testBefore="true"><bpmn:loopCondition>more</bpmn:loopCondition>', 3),
        ('loopMaximum="2">', 2),
    ],
)
def test_a_standard_loop_goes_on_while_its_condition_holds(loop: str, passes: int) -> None:
    walk = Walk(looped("userTask", again(loop)), {"more": True, "n": 0})
    while walk.open == ["M"]:
        n = walk.facts("M")["n"] + 1
        walk.do("M", n=n, more=n < 3)
    assert walk.facts("U")["n"] == passes


def test_a_standard_loop_may_not_begin_at_all() -> None:
    loop = again('testBefore="true"><bpmn:loopCondition>more</bpmn:loopCondition>')
    assert Walk(looped("subProcess", loop), {"more": False}).open == ["U"]


# Loops by sequence flow


def fault() -> wall.Blueprint:
    """Two specialties side by side, reminders, a called process, until it is mended."""
    nodes = [gate("m"), gate("g", "parallel"), gate("j", "parallel"), gate("x", default="m")]
    nodes += [boundary("T", "B", cycle("R/PT30M"), interrupting=False)]
    nodes += [service("W", "warn", "warned"), service("N", "ask", "answer")]
    nodes += [script("K", "n = n + 1")]
    nodes += [node("callActivity", "C", calledElement="sub")]
    flows = ["s m g N B j K x m", "g C j", "T W e2", ("x", "e", "mended")]
    return read(nodes, *flows, more=process("sub", [], "s3 D e3"))


def test_a_thousand_passes_leave_the_state_as_it_was() -> None:
    walk = Walk(fault(), {"n": 0, "case": {"text": "x" * 1500}, "mended": False})
    sizes, counts, traces = [], [], []
    for _ in range(1000):
        walk.wait(minutes=31)
        walk.do("B", "D")
        sizes.append(len(walk.state))
        counts.append(len(walk.live.run.tasks))
        traces.append(len(walk.journal))
        walk.journal.clear()
    assert walk.facts("B")["n"] == 1000
    assert max(sizes) < 4096 and max(sizes) - min(sizes) < 120  # longer numbers, nothing else
    assert len(set(counts)) == 1 and len(set(traces)) <= 2
    walk.do("B", mended=True)
    walk.do("D")
    assert walk.live.finished


def test_a_long_run_that_is_never_saved_has_no_depth_to_reach() -> None:
    nodes = [gate("m"), script("N", "n = n + 1"), gate("x", default="m")]
    diagram = read(nodes, "s m U N x m", ("x", "e", "n == 1500"))
    live = wall.begin(diagram, {"n": 0}, now=NOW, services=dict)
    live.advance()
    for _ in range(1500):
        live.complete(live.orders()[0].step_id, {})
    assert live.finished and live.ends == ["e"]
