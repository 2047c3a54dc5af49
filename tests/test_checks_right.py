"""The gate: diagrams that run right have no findings."""

import pytest

from bpmn.checks import Known, check
from tests.checked import found
from tests.diagram_maker import (
    boundary,
    catch,
    cycle,
    date,
    duration,
    gate,
    node,
    on,
    on_event,
    service,
    several,
    subprocess,
    throw,
)
from tests.random_diagrams import random_diagram

LINK = '<bpmn:linkEventDefinition name="x"/>'

CLEAN = {
    "a chain": ([], "s A e"),
    "a choice with a default": ([gate("g", default="A")], "s g A e", ("g", "B", "x > 3"), "B e"),
    "a choice of opposites": ([gate("g")], "s g", ("g", "A", "x"), ("g", "e", "not x"), "A e"),
    "an inclusive choice": (
        [gate("g", "inclusive", default="A"), gate("j", "inclusive")],
        "s g A j e",
        ("g", "B", "x"),
        "B j",
    ),
    "a loop with a way out": ([gate("m"), gate("g", default="m")], "s m A g m", ("g", "e", "x")),
    "side by side": ([gate("g", "parallel"), gate("j", "parallel")], "s g A j e", "g B j"),
    "a timer beside a step": (
        [boundary("b", "A", cycle("R3/PT30M"), interrupting=False)],
        "s A e",
        "b B e",
    ),
    "a service": ([service("X", param="x + 1")], "s X e"),
    "two timers to choose from": (
        [gate("g", "eventBased"), catch("T", duration("PT1H")), catch("U", date("2026-08-01"))],
        "s g T e",
        "g U e",
    ),
    "an event subprocess": (
        [on_event("ES", on("message", "msg"), [], "s_ES C e_ES", stops=False)],
        "s A e",
    ),
    "a caught error": (
        [
            subprocess("S", [node("endEvent", "f", on("error", "err"))], "s_S B f"),
            boundary("b", "S", on("error", "err")),
        ],
        "s S e",
        "b e",
    ),
    "a retry of the step by its own timer": (
        [boundary("b", "A", duration("PT1H"))],
        "s A e",
        "b B A",
    ),
    "links": ([throw("t", LINK), catch("c", LINK)], "s t", "c e"),
    "instances": ([node("userTask", "A", several("sites", into="done"))], "s A e"),
}


@pytest.mark.parametrize("diagram", CLEAN.values(), ids=CLEAN.keys())
def test_a_diagram_that_runs_right_has_no_findings(diagram) -> None:
    assert found(*diagram) == []


def test_two_steps_may_call_their_items_alike() -> None:
    nodes = [node("userTask", name, several("sites", into="done")) for name in "AB"]
    assert found(nodes, "s A B e") == []


@pytest.mark.parametrize("seed", range(60))
def test_random_diagrams_that_are_known_to_run_right_are_not_refused(seed: int) -> None:
    findings = check(random_diagram(seed)[0], Known())
    assert {f.code for f in findings if f.severity == "error"} <= {"nobody"}
