"""Service steps and rule tasks: called once, answered now or later, or failing."""

from typing import Any

import pytest

from bpmn import wall
from tests.diagram_maker import (
    HEAD,
    Walk,
    boundary,
    duration,
    extended,
    gate,
    node,
    on,
    process,
    read,
    service,
)

DECISION = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d"
 namespace="x"><decision id="limit" name="\xe6\x97\xb6\xe9\x99\x90 / Limit">
 <decisionTable id="t" hitPolicy="%s"><input id="i"><inputExpression id="ie" typeRef="string">
 <text>level</text></inputExpression></input><output id="o" name="hours" typeRef="number"/>
 <rule id="r1"><inputEntry id="c1"><text>"gold"</text></inputEntry>
 <outputEntry id="e1"><text>2</text></outputEntry></rule>
 <rule id="r2"><inputEntry id="c2"><text>"gold"</text></inputEntry>
 <outputEntry id="e2"><text>4</text></outputEntry></rule></decisionTable></decision>
</definitions>"""


def later(request: wall.ServiceRequest) -> wall.Later:
    return wall.LATER


def guarded() -> wall.Blueprint:
    """A service with an error event and a time limit."""
    nodes = [service("S", "nms/ask", "r", a="x + 1"), boundary("E", "S", on("error", "er"))]
    nodes += [boundary("T", "S", duration("PT5M"))]
    return read(nodes, "s S A e", "E H e2", "T L e3")


def call_of(walk: Walk) -> wall.Call:
    (call,) = walk.live.calls()
    return call


def test_a_service_that_answers_now_is_done_at_once() -> None:
    asked: list[wall.ServiceRequest] = []
    walk = Walk(guarded(), {"x": 1}, lambda request: asked.append(request) or {"v": 21})
    assert walk.facts("A") == {"x": 1, "r": {"v": 21}}
    assert [(r.service, r.params, r.element_id, r.attempt) for r in asked] == [
        ("nms/ask", {"a": 2}, "S", 1)
    ]


def test_a_service_that_answers_later_is_asked_once_and_waits() -> None:
    asked: list[wall.ServiceRequest] = []
    walk = Walk(guarded(), {"x": 1}, lambda request: asked.append(request) or wall.LATER)
    walk.live.advance()
    walk.wait(minutes=1)
    assert (len(asked), walk.open, call_of(walk).params) == (1, [], {"a": 2})
    assert walk.live.finish_call(call_of(walk).step_id, {"v": 1})
    assert (walk.open, walk.facts("A")["r"]) == (["A"], {"v": 1})


def test_other_branches_go_on_while_a_service_works() -> None:
    walk = Walk(read([gate("g", "parallel"), service("S")], "s g S e", "g A B e2"), {}, later)
    walk.do("A")
    assert walk.open == ["B"]


def test_a_result_after_the_time_limit_is_dropped() -> None:
    walk = Walk(guarded(), {"x": 1}, later)
    step = call_of(walk).step_id
    walk.wait(minutes=6)
    assert (walk.open, walk.live.calls()) == (["L"], [])
    assert not walk.live.finish_call(step, {"v": 1})
    assert not walk.live.fail_call(step, "E1", "")
    assert walk.open == ["L"]


def test_a_failure_goes_to_the_error_event_of_its_code() -> None:
    walk = Walk(guarded(), {"x": 1}, later)
    assert walk.live.fail_call(call_of(walk).step_id, "E1", "no answer")
    assert (walk.open, walk.live.calls()) == (["H"], [])


def test_a_failure_with_another_code_is_a_trouble_that_can_be_retried() -> None:
    walk = Walk(guarded(), {"x": 1}, later)
    walk.live.fail_call(call_of(walk).step_id, "OTHER", "odd")
    walk.reload()
    assert walk.troubled == [("S", "service")] and "odd" in walk.trouble("S").zh
    walk.retry("S", x=5)
    assert (call_of(walk).attempt, call_of(walk).params) == (2, {"a": 6})


def test_a_service_may_fail_at_once_with_a_code() -> None:
    def fail(request: wall.ServiceRequest) -> Any:
        raise wall.ServiceFailed("E1", "no answer")

    assert Walk(guarded(), {"x": 1}, fail).open == ["H"]


def test_an_exception_in_a_service_is_a_trouble_with_its_message() -> None:
    def fail(request: wall.ServiceRequest) -> Any:
        raise RuntimeError("NMS is down")

    walk = Walk(guarded(), {"x": 1}, fail)
    assert walk.troubled == [("S", "service")] and "NMS is down" in walk.trouble("S").en


def test_a_failing_parameter_is_a_trouble_and_nothing_is_called() -> None:
    asked: list[Any] = []
    walk = Walk(guarded(), {}, asked.append)
    assert (walk.troubled, asked) == ([("S", "parameter")], [])


def test_a_result_that_is_not_json_is_a_trouble() -> None:
    assert Walk(guarded(), {"x": 1}, lambda request: {"v": {1}}).troubled == [("S", "data")]


def test_scripts_before_and_after_a_service_see_its_facts() -> None:
    scripts = "<spiffworkflow:preScript>a = 2</spiffworkflow:preScript>"
    scripts += "<spiffworkflow:postScript>b = r['v'] + a</spiffworkflow:postScript>"
    walk = Walk(
        read([service("S", p="a", inside=scripts)], "s S A e"), {}, lambda r: {"v": r.params["p"]}
    )
    assert walk.facts("A") == {"a": 2, "r": {"v": 2}, "b": 4}


def test_a_skipped_service_leaves_no_result() -> None:
    walk = Walk(guarded(), {}, later)
    walk.skip("S")
    assert (walk.open, walk.facts("A")) == (["A"], {})


def test_the_diagram_says_how_often_to_try() -> None:
    step = service("S").replace(
        "</spiffworkflow:parameters>",
        '</spiffworkflow:parameters><spiffworkflow:retry retries="3" backoff_base="2"/>',
    )
    call = call_of(Walk(read([step], "s S e"), {}, later))
    assert (call.retries, call.backoff) == (3, 2)


def decided(policy: bytes, data: dict[str, Any]) -> Walk:
    ask = extended("<spiffworkflow:calledDecisionId>limit</spiffworkflow:calledDecisionId>")
    diagram = (
        HEAD + process("p", [node("businessRuleTask", "R", ask)], "s R A e") + "</bpmn:definitions>"
    )
    return Walk(wall.read_blueprint({"p.bpmn": diagram.encode(), "d.dmn": DECISION % policy}), data)


def test_a_decision_writes_its_outputs_and_says_which_row() -> None:
    walk = decided(b"FIRST", {"level": "gold"})
    assert walk.facts("A") == {"level": "gold", "hours": 2}
    (decision,) = [trace.decision for trace in walk.journal if trace.decision]
    assert (decision.table, decision.name, decision.rows) == ("limit", "时限 / Limit", (1,))


def test_a_decision_that_fails_is_a_trouble() -> None:
    assert decided(b"UNIQUE", {"level": "gold"}).troubled == [("R", "decision")]
    assert decided(b"FIRST", {}).troubled == [("R", "decision")]


def test_an_unknown_decision_is_a_bad_diagram() -> None:
    with pytest.raises(wall.BadDiagram) as refused:
        read([node("businessRuleTask", "R")], "s R e")
    assert refused.value.element == "R"
