"""Errors, escalations and cancelling: the nearest event that catches them has them."""

import pytest

from tests.diagram_maker import (
    Walk,
    boundary,
    duration,
    gate,
    node,
    on,
    on_event,
    process,
    read,
    subprocess,
    throw,
)


def failing(code: str = "er") -> str:
    return subprocess("SP", [node("endEvent", "e2", on("error", code))], "s2 A e2")


@pytest.mark.parametrize("caught", ["er", ""])
def test_an_error_is_caught_at_the_subprocess_by_its_code_or_by_any(caught: str) -> None:
    walk = Walk(read([failing(), boundary("E", "SP", on("error", caught))], "s SP B e", "E H e3"))
    walk.do("A", x=1)
    assert (walk.open, walk.facts("H"), walk.troubled) == (["H"], {"x": 1}, [])


def test_an_error_passes_handlers_of_other_codes_on_its_way_out() -> None:
    outer = subprocess(
        "O", [failing(), boundary("E2", "SP", on("error", "er2"))], "s3 SP B e4", "E2 C e5"
    )
    walk = Walk(read([outer, boundary("E", "O", on("error", "er"))], "s O e", "E H e3"))
    walk.do("A")
    assert walk.open == ["H"]


def test_an_error_is_not_caught_by_an_event_at_a_neighbour() -> None:
    nodes = [
        gate("g", "parallel"),
        boundary("E", "A", on("error", "er")),
        node("endEvent", "e2", on("error", "er")),
    ]
    walk = Walk(
        read(
            [*nodes, subprocess("N", [boundary("E2", "C", on("error", ""))], "s2 C e4", "E2 e6")],
            "s g A e",
            "g B e2",
            "g N e5",
            "E H e3",
        )
    )
    walk.do("B")
    assert (walk.open, walk.troubled) == (["A", "C"], [("e2", "error")])


def test_an_error_nobody_catches_is_a_trouble_that_can_be_skipped() -> None:
    walk = Walk(read([failing()], "s SP B e"))
    walk.do("A")
    assert walk.troubled == [("e2", "error")] and "E1" in walk.trouble("e2").zh
    walk.skip("e2")
    assert walk.open == ["B"]


def test_an_error_in_a_called_process_is_caught_at_the_call() -> None:
    called = process("sub", [node("endEvent", "e2", on("error", "er"))], "s2 A e2")
    call = node("callActivity", "C", calledElement="sub")
    walk = Walk(read([call, boundary("E", "C", on("error", "er"))], "s C e", "E H e3", more=called))
    walk.do("A")
    assert walk.open == ["H"]


def test_an_error_is_caught_by_an_event_subprocess_of_its_scope() -> None:
    rescue = on_event("ES", on("error", "er"), [], "s_ES H e4")
    end = node("endEvent", "e2", on("error", "er"))
    inner = subprocess("SP", [rescue, end, gate("g", "parallel")], "s2 g A e2", "g B e5")
    walk = Walk(read([inner], "s SP C e"))
    walk.do("A")
    assert walk.open == ["H"]
    walk.do("H")
    assert walk.open == ["C"]


@pytest.mark.parametrize("stops", [True, False])
def test_an_escalation_goes_up_and_stops_or_not(stops: bool) -> None:
    inner = subprocess("SP", [throw("T", on("escalation", "es"))], "s2 T A e2")
    walk = Walk(
        read(
            [inner, boundary("U", "SP", on("escalation", "es"), interrupting=stops)],
            "s SP B e",
            "U H e3",
        )
    )
    assert walk.open == (["H"] if stops else ["A", "H"])


def test_an_escalation_end_event_reaches_an_event_subprocess() -> None:
    beside = on_event("ES", on("escalation", "es"), [], "s_ES H e4", stops=False)
    end = node("endEvent", "e2", on("escalation", "es"))
    walk = Walk(read([beside, subprocess("SP", [end], "s2 A e2")], "s SP B e"))
    walk.do("A")
    assert walk.open == ["B", "H"]


def test_an_escalation_nobody_catches_is_no_trouble() -> None:
    walk = Walk(read([throw("T", on("escalation", "es"))], "s T A e"))
    assert (walk.open, walk.troubled) == (["A"], [])


def test_a_cancelled_transaction_goes_the_cancel_way() -> None:
    text = subprocess(
        "TX",
        [node("endEvent", "e2", on("cancel")), gate("x", default="e4")],
        "s2 A x e4",
        ("x", "e2", "bad"),
    )
    transaction = text.replace("bpmn:subProcess", "bpmn:transaction")
    nodes = [transaction, boundary("K", "TX", on("cancel"))]
    diagram = read(nodes, "s TX B e", "K H e3")
    for bad, then in ((True, ["H"]), (False, ["B"])):
        walk = Walk(diagram)
        walk.do("A", bad=bad)
        assert walk.open == then


def test_an_event_at_a_subprocess_knows_what_the_subprocess_found_out() -> None:
    walk = Walk(
        read(
            [subprocess("SP", [], "s2 A B e2"), boundary("T", "SP", duration("PT1H"))],
            "s SP e",
            "T H e3",
        )
    )
    walk.do("A", cause="fibre")
    walk.wait(hours=1)
    assert walk.facts("H") == {"cause": "fibre"}
