"""Messages, signals, event gateways, links, start events; and what is not read at all."""

from datetime import timedelta
from typing import Any

import pytest

from bpmn import wall
from tests.diagram_maker import (
    CALLS,
    EXTRA,
    NOW,
    Walk,
    boundary,
    catch,
    duration,
    extended,
    gate,
    node,
    on,
    on_event,
    properties,
    read,
    subprocess,
    throw,
)

LINK = '<bpmn:linkEventDefinition name="away"/>'


@pytest.mark.parametrize("place", ["catch", "receive", "boundary", "event subprocess"])
def test_a_message_is_caught_everywhere_with_its_payload(place: str) -> None:
    message = on("message", "m")
    nodes, flows = {
        "catch": ([catch("M", message)], ["s M H e"]),
        "receive": ([node("receiveTask", "M", messageRef="m")], ["s M H e"]),
        "boundary": ([boundary("M", "A", message)], ["s A e", "M H e2"]),
        "event subprocess": ([on_event("M", message, [], "s_M H e2")], ["s A e"]),
    }[place]
    walk = Walk(read(nodes, *flows))
    (wanted,) = walk.live.subscriptions()
    assert (wanted.kind, wanted.name, wanted.key) == ("message", CALLS, None)
    assert not walk.hear("other")
    assert walk.hear(CALLS, phone="139", key="any key will do")
    assert (walk.open, walk.facts("H"), walk.live.subscriptions()) == (["H"], {"phone": "139"}, [])
    walk.do("H")
    assert walk.live.finished


def test_a_message_with_a_key_reaches_only_who_waits_with_it() -> None:
    keyed = properties(correlationKey="site['id']") + on("message", "m")
    loop = node(
        "subProcess",
        "SP",
        MANY + f'<bpmn:startEvent id="s2"/>{catch("M", keyed)}'
        '<bpmn:userTask id="H" name="H"/><bpmn:endEvent id="e2"/>' + FLOWS,
    )
    walk = Walk(read([loop], "s SP e"), {"sites": [{"id": 7}, {"id": 8}]})
    assert [want.key for want in walk.live.subscriptions()] == ["7", "8"]
    assert not walk.hear(CALLS, key="9")
    assert not walk.hear(CALLS)
    assert walk.hear(CALLS, key="8", ok=True)
    assert walk.facts("H")["site"] == {"id": 8}


MANY = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>sites</bpmn:loopDataInputRef>"
    '<bpmn:inputDataItem id="site"/></bpmn:multiInstanceLoopCharacteristics>'
)
FLOWS = "".join(
    f'<bpmn:sequenceFlow id="f{a}{b}" sourceRef="{a}" targetRef="{b}"/>'
    for a, b in (("s2", "M"), ("M", "H"), ("H", "e2"))
)


def test_a_message_variable_holds_the_payload_as_well() -> None:
    variable = extended("<spiffworkflow:messageVariable>reply</spiffworkflow:messageVariable>")
    event = f'<bpmn:messageEventDefinition messageRef="m">{variable}</bpmn:messageEventDefinition>'
    walk = Walk(read([catch("M", event)], "s M A e"))
    walk.hear(CALLS, a=1)
    assert walk.facts("A") == {"a": 1, "reply": {"a": 1}}


@pytest.mark.parametrize("kind", ["message", "signal"])
def test_an_event_beside_a_step_fires_every_time(kind: str) -> None:
    event = on(kind, {"message": "m", "signal": "sg"}[kind])
    name = {"message": CALLS, "signal": "emergency"}[kind]
    walk = Walk(read([boundary("B", "A", event, interrupting=False)], "s A e", "B H e2"))
    for number in range(3):
        assert walk.hear(name, kind, number=number)
    assert walk.open == ["A", "H", "H", "H"]
    assert sorted(o.data["number"] for o in walk.live.orders() if o.data) == [0, 1, 2]
    walk.do("A")
    assert not walk.hear(name, kind)
    walk.do("H", "H", "H")
    assert walk.live.finished


def test_a_signal_from_inside_reaches_all_who_wait_and_is_told_outside() -> None:
    payload = extended(
        "<spiffworkflow:payloadExpression>{'n': 5}</spiffworkflow:payloadExpression>"
    )
    loud = EXTRA.replace('name="emergency"/>', f'name="emergency">{payload}</bpmn:signal>')
    inner = subprocess("SP", [catch("C2", on("signal", "sg"))], "s2 C2 B e2")
    nodes = [
        gate("g", "parallel"),
        catch("C", on("signal", "sg")),
        inner,
        throw("T", on("signal", "sg")),
    ]
    walk = Walk(read(nodes, "s g C A e", "g SP e3", "g D T e4", extra=loud))
    walk.do("D")
    assert (walk.open, walk.facts("A"), walk.facts("B")) == (["A", "B"], {"n": 5}, {"n": 5})
    assert walk.thrown == [wall.Thrown("signal", "emergency", {"n": 5})]


def test_a_signal_end_event_throws() -> None:
    nodes = [
        gate("g", "parallel"),
        catch("C", on("signal", "sg")),
        node("endEvent", "e", on("signal", "sg")),
    ]
    walk = Walk(read(nodes, "s g C A e2", "g B e"))
    walk.do("B")
    assert (walk.open, [t.name for t in walk.thrown]) == (["A"], ["emergency"])


@pytest.mark.parametrize("place", ["throw", "end", "send"])
def test_a_thrown_message_is_told_outside_with_payload_and_key(place: str) -> None:
    payload = "<spiffworkflow:messagePayload>{'id': x}</spiffworkflow:messagePayload>"
    keyed = properties(payload, correlationKey="x")
    nodes = {
        "throw": throw("T", keyed + on("message", "m")),
        "end": node("endEvent", "T", keyed + on("message", "m")),
        "send": node("sendTask", "T", keyed, messageRef="m"),
    }
    walk = Walk(read([nodes[place]], "s T" if place == "end" else "s T e"), {"x": 7})
    assert walk.thrown == [wall.Thrown("message", CALLS, {"id": 7}, "7")]
    assert walk.live.finished


def test_nobody_waiting_is_said() -> None:
    walk = Walk(read([], "s A e"))
    assert not walk.hear(CALLS)
    assert not walk.hear("emergency", "signal")


def test_a_payload_that_makes_the_facts_too_big_is_a_trouble_of_the_event() -> None:
    walk = Walk(read([catch("M", on("message", "m"))], "s M A e"), {"old": "x" * 200_000})
    assert walk.hear(CALLS, new="x" * 100_000)
    assert walk.troubled == [("M", "data")]


def test_an_event_that_could_not_take_its_payload_may_be_skipped_and_goes_on() -> None:
    event = boundary("B", "A", on("message", "m"))
    walk = Walk(read([event], "s A e", "B H e2"), {"old": "x" * 200_000})
    walk.hear(CALLS, new="x" * 100_000)
    assert (walk.open, walk.troubled) == ([], [("B", "data")])
    walk.skip("B")
    assert walk.open == ["H"]


def test_the_first_event_behind_an_event_gateway_calls_off_the_others() -> None:
    nodes = [
        gate("g", "eventBased"),
        catch("M", on("message", "m")),
        node("receiveTask", "R", messageRef="m2"),
    ]
    nodes += [catch("T1", duration("PT2H")), catch("T2", duration("PT1H"))]
    diagram = read(nodes, "s g M A e", "g T1 B e2", "g T2 C e3", "g R D e4")
    timed = Walk(diagram)
    assert [t.due - NOW for t in timed.live.timers()] == [timedelta(hours=2), timedelta(hours=1)]
    timed.wait(hours=1)
    assert (timed.open, timed.live.timers(), timed.live.subscriptions()) == (["C"], [], [])
    told = Walk(diagram)
    told.hear("other", x=1)
    assert (told.open, told.facts("D")) == (["D"], {"x": 1})


def test_an_event_behind_an_event_gateway_that_is_due_at_once_wins() -> None:
    nodes = [gate("g", "eventBased"), catch("M", on("message", "m")), catch("T", duration("PT0S"))]
    walk = Walk(read(nodes, "s g T B e2", "g M A e"))
    assert (walk.open, walk.live.subscriptions()) == (["B"], [])


def test_links_lead_on_within_their_process() -> None:
    nodes = [gate("x", default="L1"), throw("L1", LINK), throw("L2", LINK), catch("L3", LINK)]
    walk = Walk(read(nodes, "s A x L1", ("x", "L2", "False"), "L3 B e"))
    walk.do("A", n=1)
    assert (walk.open, walk.facts("B")) == (["B"], {"n": 1})


@pytest.mark.parametrize(
    ("place", "definition"),
    [
        ("startEvent", "<bpmn:conditionalEventDefinition/>"),
        ("intermediateThrowEvent", "<bpmn:compensateEventDefinition/>"),
        ("intermediateCatchEvent", "<bpmn:conditionalEventDefinition/>"),
        ("endEvent", "<bpmn:compensateEventDefinition/>"),
        ("intermediateCatchEvent", duration("PT1H") + on("message", "m")),
        ("intermediateCatchEvent", ""),
        ("receiveTask", ""),
        ("sendTask", ""),
    ],
)
def test_what_would_run_wrong_is_not_read(place: str, definition: str) -> None:
    flow = {"startEvent": "X A e", "endEvent": "s X"}.get(place, "s X e")
    with pytest.raises(wall.BadDiagram) as refused:
        read([node(place, "X", definition)], flow)
    assert refused.value.element == "X" and refused.value.zh


@pytest.mark.parametrize("tag", ["complexGateway", "adHocSubProcess"])
def test_an_unsupported_element_is_not_read(tag: str) -> None:
    with pytest.raises(wall.BadDiagram):
        read([node(tag, "X")], "s X e")


def test_a_run_begins_at_the_start_event_that_is_asked_for() -> None:
    nodes: list[Any] = [node("startEvent", "s2", on("message", "m"))]
    diagram = read(nodes, "s A e", "s2 B e2")
    assert [(s.element_id, s.kind, s.name) for s in diagram.starts] == [
        ("s", "none", ""),
        ("s2", "message", CALLS),
    ]
    assert Walk(diagram).open == ["A"]
    assert Walk(diagram, start="s2").open == ["B"]
