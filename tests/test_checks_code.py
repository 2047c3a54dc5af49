"""The gate: author code compiles wherever it stands, and times are times."""

import pytest

from bpmn.checks import is_publishable
from tests.checked import found
from tests.diagram_maker import (
    catch,
    date,
    duration,
    extended,
    gate,
    node,
    properties,
    script,
    service,
    several,
)

LOOP = "standardLoopCharacteristics"
PAYLOAD = extended("<spiffworkflow:messagePayload>x +</spiffworkflow:messagePayload>")
BEFORE = extended("<spiffworkflow:preScript>x +</spiffworkflow:preScript>")
ELSEWHERE = {  # where else author code stands
    "condition": ([gate("g", default="A")], "s g A e", ("g", "e", "x >")),
    "timer": ([catch("c", duration("x +"))], "s c e"),
    "parameter": ([service("X", a="x +")], "s X e"),
    "pre-script": ([node("userTask", "A", BEFORE)], "s A e"),
    "number of instances": ([node("userTask", "A", several(times="x +"))], "s A e"),
    "completion condition": ([node("userTask", "A", several("sites", until="x +"))], "s A e"),
    "loop condition": (
        [
            node(
                "userTask",
                "A",
                f"<bpmn:{LOOP}><bpmn:loopCondition>x +</bpmn:loopCondition></bpmn:{LOOP}>",
            )
        ],
        "s A e",
    ),
    "correlation key": (
        [node("receiveTask", "X", properties(correlationKey="x +"), messageRef="msg")],
        "s X e",
    ),
    "payload": (
        [node("sendTask", "X", PAYLOAD, messageRef="msg")],
        "s X e",
    ),
}


@pytest.mark.parametrize("diagram", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_author_code_compiles_wherever_it_stands(diagram) -> None:
    assert "does-not-compile" in {f.code for f in found(*diagram)}


@pytest.mark.parametrize("text", ["${x > 3}", "#{x}", "= x > 3", "=x"])
def test_an_expression_of_another_engine_is_named_as_such(text) -> None:
    findings = found([gate("g", default="A")], "s g A e", ("g", "e", text))
    assert {f.code for f in findings} == {"other-language"}


TIMES = [
    (duration, "PT2H", True),
    (duration, '"PT2H"', True),
    (duration, "hours(2)", True),
    (duration, "limit.hours", True),
    (duration, "2 hours", False),
    (duration, "2026-08-01", False),
    (date, "2026-08-01T08:00+08:00", True),
    (date, "PT2H", False),
]


@pytest.mark.parametrize("clock, text, is_right", TIMES)
def test_a_time_is_read_as_the_clock_needs_it(clock, text, is_right) -> None:
    assert is_publishable(found([catch("c", clock(text))], "s c e")) == is_right


def test_a_name_that_looks_misspelt_is_pointed_out() -> None:
    flows = ("s X g A e", ("g", "e", "attemps > 3"))
    findings = found([script("X", "attempts = 1"), gate("g", default="A")], *flows)
    assert [(f.code, f.severity, f.element) for f in findings] == [("misspelt", "warning", "g__e")]
    assert "attempts" in findings[0].en


def test_a_name_that_comes_with_the_run_is_not() -> None:
    flows = ("s X g A e", ("g", "e", "ticket.grade == 'AA'"))
    assert found([script("X", "attempts = 1"), gate("g", default="A")], *flows) == []


def test_what_an_event_writes_has_the_name_of_a_fact() -> None:
    named = extended("<spiffworkflow:variableName>my answer</spiffworkflow:variableName>")
    findings = found([node("userTask", "A", named)], "s A e")
    assert [(f.code, f.element) for f in findings] == [("no-fact-name", "A")]
