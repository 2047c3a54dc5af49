"""Splits and joins: loop passes are not mixed, nothing is predicted, no update is lost."""

from typing import Any

import pytest

from bpmn import wall
from tests.diagram_maker import CALLS, NOW, Walk, boundary, cycle, gate, node, on, read, script

AND = [gate("m"), gate("g", "parallel"), gate("j", "parallel"), gate("x", default="m")]
OR = [
    gate("m"),
    gate("g", "inclusive", default="D"),
    gate("j", "inclusive"),
    gate("x", default="m"),
]


def looped(nodes: list[str]) -> wall.Blueprint:
    """Two branches and a join in a loop that goes on until `again` is false."""
    return read(nodes, "s m g A j C x", "g B j", "x m", ("x", "e", "not again"))


def inclusive() -> wall.Blueprint:
    flows = [("g", "A", "a"), ("g", "B", "b"), ("x", "e", "not again")]
    return read(OR, "s m g D j C x m", "A j", "B j", *flows)


def test_a_parallel_join_in_a_loop_waits_for_both_branches_of_each_pass() -> None:
    walk = Walk(looped(AND))
    walk.do("A", "B")
    walk.do("C", again=True)
    walk.do("B")
    assert walk.open == ["A"]  # SpiffWorkflow fires here with the token of the first pass
    walk.do("A")
    assert walk.open == ["C"]


def test_an_inclusive_join_in_a_loop_waits_for_the_branches_of_its_pass() -> None:
    walk = Walk(inclusive(), {"a": True, "b": True})
    walk.do("A", "B")
    walk.do("C", again=True)
    walk.do("B")
    assert walk.open == ["A"]
    walk.do("A")
    walk.do("C", again=True, a=False, b=False)
    assert walk.open == ["D"]
    walk.do("D")
    walk.do("C", again=False)
    assert walk.live.finished


def test_an_inclusive_join_does_not_wait_for_a_branch_that_was_not_taken() -> None:
    walk = Walk(inclusive(), {"a": True, "b": False})
    walk.do("A")
    assert walk.open == ["C"]


def test_an_inclusive_join_does_not_wait_for_a_branch_that_went_elsewhere() -> None:
    nodes = [gate("g", "inclusive", default="B"), gate("j", "inclusive"), gate("x", default="e2")]
    flows = ["s g B x e2", "A j C e", ("g", "A", "True"), ("g", "B2", "True"), "B2 x"]
    walk = Walk(read(nodes, *flows, ("x", "j", "back")), {"back": False})
    walk.do("A")
    assert walk.open == ["B2"]
    walk.do("B2")
    assert walk.open == ["C"]


def test_an_inclusive_join_waits_for_a_branch_in_trouble() -> None:
    nodes = [gate("g", "inclusive", default="A"), gate("j", "inclusive"), script("X", "y = z")]
    walk = Walk(read(nodes, "s g A j C e", ("g", "X", "True"), ("g", "B", "True"), "X j", "B j"))
    walk.do("B")
    assert (walk.open, walk.troubled) == ([], [("X", "script")])
    walk.skip("X")
    assert walk.open == ["C"]


def test_an_inclusive_join_waits_while_a_boundary_event_may_still_lead_to_it() -> None:
    nodes = [gate("g", "parallel"), gate("j", "inclusive")]
    late = boundary("T", "A", cycle("R/PT1H"), interrupting=False)
    walk = Walk(read([*nodes, late], "s g A e2", "g B j C e", "T j"))
    walk.do("B")
    assert walk.open == ["A"]
    walk.do("A")
    assert walk.open == ["C"]


def test_a_parallel_join_takes_one_token_of_each_flow() -> None:
    nodes = [gate("g", "parallel"), gate("x"), gate("j", "parallel")]
    walk = Walk(read(nodes, "s g A x", "g B x", "x j", "g C j", "g D j", "j E e"))
    walk.do("A", "B", "C")
    assert walk.open == ["D"]
    walk.do("D")
    assert walk.open == ["E"]  # the second token of x waits for the next round
    assert [w.element_id for w in walk.live.why() if w.for_ == "branches"] == ["j"]


def test_blocks_in_a_row_are_not_predicted() -> None:
    nodes, flows = [], ["s P0"]
    for i in range(5):
        nodes += [gate(f"P{i}", "parallel"), gate(f"J{i}", "parallel")]
        flows += [f"P{i} T{i}{k} J{i}" for k in range(4)]
        flows += [f"J{i} P{i + 1}"] if i < 4 else [f"J{i} e"]
    walk = Walk(read(nodes, *flows))
    assert len(walk.live.run.tasks) < 10  # SpiffWorkflow makes 6,143
    for i in range(5):
        walk.do(*[f"T{i}{k}" for k in range(4)])
    assert walk.live.finished


def test_a_branch_that_did_not_touch_a_fact_does_not_undo_the_other() -> None:
    nodes = [gate("g", "parallel"), gate("j", "parallel"), script("X", "n = n + 1")]
    walk = Walk(read(nodes, "s g A X j", "g B j C e"), {"n": 1})
    walk.do("A", "B")  # B arrives last, with its old n
    assert walk.facts("C")["n"] == 2


def test_branches_that_write_into_one_object_keep_each_others_members() -> None:
    nodes = [gate("g", "parallel"), gate("j", "parallel")]
    nodes += [script("X", "t['a'] = 5"), script("Y", "t['b'] = {'c': 6}")]
    walk = Walk(read(nodes, "s g A X j", "g B Y j C e"), {"t": {"a": 1, "b": 2, "l": [1]}})
    walk.do("B", "A")
    assert walk.facts("C")["t"] == {"a": 5, "b": {"c": 6}, "l": [1]}


@pytest.mark.parametrize("saved", [True, False])
def test_a_script_in_one_branch_changes_neither_the_other_nor_the_past(saved: bool) -> None:
    nodes = [gate("g", "parallel"), script("X", "x['k'].append(5)\nx['d']['v'] = 99")]
    data = {"x": {"k": [1], "d": {"v": 0}}}
    live = wall.begin(read(nodes, "s g A X C e", "g B e2"), data, now=NOW, services=dict)
    live.advance()
    if saved:
        live = wall.restore(live.blueprint, live.save(), now=NOW, services=dict)
    live.complete(live.orders()[0].step_id, {})
    facts: dict[str, Any] = {order.element_id: order.data["x"] for order in live.orders()}
    assert facts == {"C": {"k": [1, 5], "d": {"v": 99}}, "B": {"k": [1], "d": {"v": 0}}}
    assert live.run.task_tree.data == ({} if saved else data)  # what steps knew that are over


def test_a_reminder_with_old_facts_does_not_undo_newer_ones_at_the_end() -> None:
    late = boundary("T", "A", cycle("R1/PT1H"), interrupting=False)
    walk = Walk(read([late, script("X", "n = n + 1")], "s A X e", "T R e2"), {"n": 1})
    walk.wait(hours=1)
    walk.do("A")
    walk.do("R", told=True)
    assert walk.live.data == {"n": 2, "told": True}


def test_both_joins_let_a_message_branch_through() -> None:
    nodes = [gate("g", "parallel"), gate("j", "parallel")]
    nodes += [node("receiveTask", "M", messageRef="m")]
    walk = Walk(read(nodes, "s g M j", "g A j C e"))
    walk.do("A")
    assert walk.hear(CALLS, said="yes")
    assert walk.facts("C") == {"said": "yes"}


def test_several_flows_out_of_a_step_go_side_by_side() -> None:
    walk = Walk(read([gate("j", "parallel")], "s A B j D e", "A C j"))
    walk.do("A")
    assert walk.open == ["B", "C"]
    walk.do("C", "B")
    assert walk.open == ["D"]


def test_several_flows_into_a_step_each_begin_it() -> None:
    walk = Walk(read([gate("g", "parallel")], "s g A C e", "g B C"))
    walk.do("A", "B")
    assert walk.open == ["C", "C"]


def test_the_end_waits_for_every_branch() -> None:
    walk = Walk(read([gate("g", "parallel")], "s g A e", "g B e2"))
    walk.do("A")
    assert (walk.live.finished, walk.live.ends) == (False, ["e"])
    walk.do("B")
    assert (walk.live.finished, walk.live.ends) == (True, ["e", "e2"])


def test_a_terminate_end_stops_the_other_branches() -> None:
    walk = Walk(
        read([gate("g", "parallel"), node("endEvent", "e", on("terminate"))], "s g A e", "g B e2")
    )
    walk.do("A", why="done")
    assert (walk.live.finished, walk.live.ends, walk.live.data) == (True, ["e"], {"why": "done"})
