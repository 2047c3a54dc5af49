"""The life of a run at the wall: begin, complete, troubles, repair, data rules."""

from typing import Any

import pytest

from bpmn import wall
from tests.diagram_maker import (
    NOW,
    Walk,
    boundary,
    duration,
    gate,
    node,
    properties,
    read,
    script,
    service,
)

DEEP: list[Any] = []
for _ in range(5000):
    DEEP = [DEEP]
UNFIT = [{1, 2}, {1: "a"}, NOW, float("nan"), 2**70, "x" * 300_000, DEEP, "\ud800"]


def test_a_run_waits_for_people_and_ends() -> None:
    walk = Walk(read([], "s A B e"))
    assert walk.open == ["A"]
    walk.do("A", word="是")
    assert walk.open == ["B"]
    assert walk.facts("B") == {"word": "是"}
    walk.do("B")
    assert (walk.live.finished, walk.live.ends, walk.live.data) == (True, ["e"], {"word": "是"})


def test_names_lanes_and_properties_reach_the_order() -> None:
    named = node("userTask", "A", properties(assignee="liu", form="a.json"))
    inner = node("lane", "NOC", "<bpmn:flowNodeRef> A </bpmn:flowNodeRef>")
    outer = "<bpmn:flowNodeRef>A</bpmn:flowNodeRef>" + node("childLaneSet", "c", inner)
    lanes = node("laneSet", "l", node("lane", "Outer", outer)).replace("NOC", "监控 / NOC")
    order = Walk(
        read([lanes, named.replace('name="A"', 'name="诊断 / Diagnose"')], "s A e")
    ).live.orders()[0]
    assert (order.name, order.lane) == ("诊断 / Diagnose", "监控 / NOC")
    assert order.properties == {"assignee": "liu", "form": "a.json"}


def test_completing_twice_is_refused() -> None:
    walk = Walk(read([], "s A B e"))
    step = walk.live.orders()[0].step_id
    walk.live.complete(step, {})
    with pytest.raises(wall.NoSuchStep) as refused:
        walk.live.complete(step, {})
    assert "不在等待" in refused.value.zh


def test_answers_are_assigned_name_by_name_and_lists_are_kept() -> None:
    walk = Walk(read([], "s A B e"), {"sites": ["a", "b", "b"], "x": {"y": 1, "z": 2}})
    walk.do("A", sites=["b", "b", "c", "c"], x={"y": 5})
    assert walk.facts("B") == {"sites": ["b", "b", "c", "c"], "x": {"y": 5}}


def test_answers_are_copied() -> None:
    answers: dict[str, Any] = {"sites": [{"n": 1}]}
    live = wall.begin(read([], "s A B e"), {}, now=NOW, services=lambda request: {})
    live.advance()
    live.complete(live.orders()[0].step_id, answers)
    answers["sites"][0]["n"] = 99
    assert live.orders()[0].data == {"sites": [{"n": 1}]}


@pytest.mark.parametrize("value", UNFIT)
def test_what_json_cannot_say_or_is_too_big_is_refused_and_the_order_stays(value: Any) -> None:
    walk = Walk(read([], "s A B e"))
    with pytest.raises(wall.FactsRefused) as refused:
        walk.do("A", value=value)
    assert refused.value.zh and refused.value.en
    assert walk.open == ["A"]


def test_data_without_names_is_refused_at_every_door() -> None:
    walk, nameless = Walk(read([], "s A B e")), ["x"]
    step = walk.live.orders()[0].step_id
    doors: list[Any] = [
        lambda: walk.live.complete(step, nameless),
        lambda: walk.live.signal("message", "m", nameless),
        lambda: Walk(walk.blueprint, nameless),
    ]
    for door in doors:
        with pytest.raises(wall.FactsRefused):
            door()


def test_ids_in_a_diagram_may_be_the_names_that_the_engine_uses() -> None:
    names = ("Start", "End", "p.EndJoin", "Root")
    diagram = read([node("userTask", name) for name in names], " ".join(["s", *names, "e"]))
    walk = Walk(diagram)
    walk.do(*names)
    assert walk.live.finished


def test_a_field_named_typename_is_harmless() -> None:
    walk = Walk(read([], "s A B e"))
    walk.do("A", typename="x", nested={"typename": {"typename": None}})
    assert walk.facts("B")["nested"] == {"typename": {"typename": None}}


def test_a_failing_script_is_a_trouble_and_the_other_branch_goes_on() -> None:
    walk = Walk(
        read(
            [gate("g", "parallel"), gate("j", "parallel"), script("X", "y = missing + 1")],
            "s g X j",
            "g A j C e",
        )
    )
    assert walk.troubled == [("X", "script")]
    walk.do("A")
    assert walk.open == []
    walk.retry("X", missing=4)
    assert walk.facts("C") == {"missing": 4, "y": 5}


def test_a_trouble_names_the_line_in_both_languages() -> None:
    trouble = Walk(read([script("X", "a = 1\nb = nobody")], "s X e")).trouble("X")
    assert trouble.line == 2
    assert "nobody" in trouble.zh and "nobody" in trouble.en


def test_a_retry_that_fails_again_is_a_trouble_again() -> None:
    walk = Walk(read([script("X", "y = 1 / x")], "s X A e"), {"x": 0})
    walk.retry("X")
    assert walk.troubled == [("X", "script")]
    walk.retry("X", x=2)
    assert (walk.troubled, walk.facts("A")["y"]) == ([], 0.5)


def test_a_skipped_step_is_done_without_running() -> None:
    walk = Walk(read([script("X", "y = missing")], "s X A e"))
    walk.skip("X")
    assert (walk.open, walk.facts("A")) == (["A"], {})


def test_what_is_not_in_trouble_can_be_neither_retried_nor_skipped() -> None:
    walk = Walk(read([], "s A e"))
    step = walk.live.orders()[0].step_id
    for repair in (walk.live.retry, walk.live.skip):
        with pytest.raises(wall.NoSuchStep):
            repair(step)


def test_a_gateway_where_nothing_holds_waits_for_repair() -> None:
    walk = Walk(
        read([gate("g")], "s g", ("g", "A", "x == 1"), ("g", "B", "x == 2"), "A e", "B e"), {"x": 3}
    )
    assert walk.troubled == [("g", "gateway")]
    with pytest.raises(wall.CannotSkip):
        walk.skip("g")
    walk.retry("g", x=2)
    assert walk.open == ["B"]


def test_a_failing_condition_is_a_trouble_of_its_gateway() -> None:
    walk = Walk(read([gate("g", default="B")], "s g", ("g", "A", "x == 1"), "g B e", "A e"))
    assert walk.troubled == [("g", "condition")]
    walk.skip("g")
    assert walk.open == ["B"]


def test_conditions_count_in_the_order_of_the_document() -> None:
    flows = ("s g", ("g", "B", "x > 1"), ("g", "A", "x > 0"), "A e", "B e")
    assert Walk(read([gate("g")], *flows), {"x": 5}).open == ["B"]


def test_too_big_a_result_of_a_script_is_a_trouble_and_changes_nothing() -> None:
    walk = Walk(read([script("X", "big = [text] * 40")], "s X A e"), {"text": "x" * 9000})
    assert walk.troubled[0][0] == "X"
    assert len(walk.state) < 20_000


def test_a_trouble_before_a_step_begins_is_retried_from_there() -> None:
    pre = "<spiffworkflow:preScript>y = x + 1</spiffworkflow:preScript>"
    walk = Walk(
        read(
            [node("userTask", "A", f"<bpmn:extensionElements>{pre}</bpmn:extensionElements>")],
            "s A B e",
        )
    )
    assert (walk.open, walk.troubled) == ([], [("A", "script")])
    walk.retry("A", x=1)
    assert walk.facts("A") == {"x": 1, "y": 2}


def test_a_trouble_after_a_step_does_not_do_the_step_again() -> None:
    post = "<spiffworkflow:postScript>y = r['n'] / x</spiffworkflow:postScript>"
    asked = []
    walk = Walk(
        read([service("S", inside=post)], "s S A e"),
        {"x": 0},
        lambda r: asked.append(r) or {"n": 6},
    )
    assert walk.troubled == [("S", "script")]
    walk.retry("S", x=2)
    assert (walk.facts("A")["y"], len(asked)) == (3, 1)


def test_a_runaway_is_stopped_and_nothing_is_lost() -> None:
    diagram = read(
        [gate("m"), script("N", "n = n + 1"), gate("g", default="m")],
        "s m N g",
        ("g", "A", "n >= limit"),
        "g m",
        "A e",
    )
    walk = Walk(diagram, {"n": 0, "limit": 1200})
    (trouble,) = walk.live.troubles()
    assert (trouble.kind, walk.live.data["n"]) == ("runaway", 333)
    walk.live.retry(trouble.step_id)
    walk.reload()
    walk.live.retry(walk.live.troubles()[0].step_id)
    walk.live.retry(walk.live.troubles()[0].step_id)
    assert walk.open == ["A"] and walk.facts("A")["n"] == 1200


def test_a_boundary_timer_cancels_a_step_in_trouble() -> None:
    late = boundary("B", "X", duration("PT1H"))
    walk = Walk(read([script("X", "y = missing"), late], "s X e", "B L e2"))
    walk.wait(hours=1)
    assert (walk.open, walk.troubled) == (["L"], [])


def test_a_cancelled_run_waits_for_nothing() -> None:
    nodes = [gate("g", "parallel"), boundary("T", "A", duration("PT1H"))]
    walk = Walk(read(nodes, "s g A e", "g C B e", "T e3"))
    walk.do("C", x=1)
    walk.live.cancel()
    walk.reload()
    assert (walk.live.finished, walk.live.why(), walk.live.timers()) == (True, [], [])
    assert {t.element_id for t in walk.journal if t.state == "cancelled"} == {"A", "B"}
    assert walk.live.data == {"x": 1}


def test_a_step_without_a_way_on_ends_its_branch() -> None:
    walk = Walk(read([gate("g", "parallel")], "s g A", "g B e"))
    walk.do("A", "B")
    assert walk.live.finished


def test_every_step_leaves_a_trace_with_what_it_wrote() -> None:
    walk = Walk(read([script("X", "y = x + 1")], "s X A e"), {"x": 1})
    walk.do("A", note="ok", x=1)
    assert [(t.element_id, t.kind, t.state, t.changes) for t in walk.journal] == [
        ("s", "startEvent", "done", {}),
        ("X", "scriptTask", "done", {"y": 2}),
        ("A", "userTask", "started", {}),
        ("A", "userTask", "done", {"note": "ok"}),
        ("e", "endEvent", "done", {}),
    ]


def test_every_token_says_why_it_waits() -> None:
    diagram = read(
        [
            gate("g", "parallel"),
            gate("j", "parallel"),
            script("X", "missing"),
            service("S"),
            boundary("T", "A", duration("PT1H")),
        ],
        "s g A j e",
        "g X j",
        "g S j",
        "g C j",
        "T e2",
    )
    walk = Walk(diagram, services=lambda request: wall.LATER)
    walk.do("C")
    said = {w.element_id: w for w in walk.live.why()}
    assert {name: w.for_ for name, w in said.items()} == {
        "A": "person",
        "T": "timer",
        "X": "repair",
        "S": "service",
        "j": "branches",
    }
    assert said["T"].detail["beside"] == "A"
    assert said["j"].detail == {"missing": ["A", "S", "X"]}
