"""The gate: a diagram for each rule, the code of its finding and the element that it points at."""

import time

import pytest

from bpmn.checks import Known, check, is_publishable
from tests.checked import found
from tests.diagram_maker import (
    boundary,
    bundle,
    catch,
    cycle,
    duration,
    extended,
    gate,
    node,
    on,
    on_event,
    properties,
    script,
    service,
    several,
    subprocess,
    throw,
)


def beside(host: str, definition: str, **more) -> str:
    return boundary("b", host, definition, **more)


MULTI = on("message", "msg") + on("signal", "sig")
COMPENSATE = "<bpmn:compensateEventDefinition/>"
CONDITIONAL = node("conditionalEventDefinition", "cd", "<bpmn:condition>x</bpmn:condition>")
CONDITIONAL = CONDITIONAL.replace(' name="cd"', "")
LOOP = "standardLoopCharacteristics"
LINK = '<bpmn:linkEventDefinition name="x"/>'
DATA = (
    '<bpmn:dataInputAssociation id="da"><bpmn:sourceRef>dr</bpmn:sourceRef>'
    "<bpmn:targetRef>dr</bpmn:targetRef></bpmn:dataInputAssociation>"
)
REFERENCE = "<bpmn:eventDefinitionRef>x</bpmn:eventDefinitionRef>"
CARDINALITY = "multiInstanceLoopCharacteristics"

BEFORE = extended("<spiffworkflow:preScript>x = 1</spiffworkflow:preScript>")
REPEATED = on_event("E", on("message", "msg"), [], "s_E H e_E").replace(
    '"true">', f'"true">{several("sites")}', 1
)

WRONG = {  # code: (element, nodes, flows)
    # the drawing holds together
    "no-start": ("p", [node("userTask", "A")], "A e"),
    "several-starts": ("s2", [node("startEvent", "s"), node("startEvent", "s2")], "s A e", "s2 A"),
    "no-end": ("p", [node("startEvent", "s"), node("userTask", "A")], "s A"),
    "unreachable": ("B", [node("userTask", "B")], "s A e", "B e"),
    "dead-end": ("B", [gate("g", "parallel")], "s g A e", "g B"),
    "loose-flow": ("A__Z", ['<bpmn:sequenceFlow id="A__Z" sourceRef="A" targetRef="Z"/>'], "s A e"),
    "flow-into": ("s", [gate("g", default="e")], "s A g e", ("g", "s", "x")),
    "flow-out-of": ("e", [], "s A e B e2"),
    "hidden-split": ("A", [], "s A e", "A B e"),
    "loose-boundary": ("b", [gate("g"), beside("g", duration("PT1H"))], "s g A e", "b e"),
    "reserved-id": (
        "A.EndJoin",
        [node("userTask", "A.EndJoin", properties(group="noc"))],
        "s A.EndJoin e",
    ),
    # what can be run
    "unsupported-element": ("g", [gate("g", "complex")], "s g A e"),
    "unsupported-attribute": ("A", [node("userTask", "A", startQuantity="2")], "s A e"),
    "several-events": ("c", [catch("c", MULTI)], "s c e"),
    "unsupported-event": ("c", [catch("c", CONDITIONAL)], "s c e"),
    "data-association": (
        "A",
        [
            '<bpmn:dataObject id="do"/><bpmn:dataObjectReference id="dr" dataObjectRef="do"/>',
            node("userTask", "A", DATA),
        ],
        "s A e",
    ),
    # loops and joins
    "endless-loop": ("m", [gate("m"), gate("g", "parallel")], "s m A g m", "g e"),
    "join-fed-by-itself": (
        "j",
        [gate("j", "parallel"), gate("g", default="e")],
        "s j A g e",
        ("g", "j", "x"),
    ),
    "join-after-choice": (
        "j",
        [gate("g", default="A"), gate("j", "parallel")],
        "s g A j e",
        ("g", "B", "x"),
        "B j",
    ),
    # choices
    "needs-default": ("g", [gate("g")], "s g", ("g", "A", "x > 3"), ("g", "e", "x < 3"), "A e"),
    "missing-condition": ("g__B", [gate("g", default="A")], "s g A e", "g B e"),
    "loose-default": (
        "g",
        [gate("g", default="Z")],
        "s g",
        ("g", "A", "x"),
        ("g", "e", "y"),
        "A e",
    ),
    "condition-on-default": (
        "g__A",
        [gate("g", default="A")],
        "s g",
        ("g", "A", "x"),
        ("g", "e", "y"),
        "A e",
    ),
    "idle-condition": ("A__e", [], "s A", ("A", "e", "x > 3")),
    "one-event": ("g", [gate("g", "eventBased"), catch("c", duration("PT1H"))], "s g c e"),
    "no-event-behind": (
        "A",
        [gate("g", "eventBased"), catch("c", duration("PT1H"))],
        "s g c e",
        "g A e",
    ),
    # events
    "no-message": ("c", [catch("c", on("message"))], "s c e"),
    "unknown-message": ("c", [catch("c", on("message", "nope"))], "s c e"),
    "no-signal": ("c", [catch("c", on("signal"))], "s c e"),
    "unknown-error": ("e", [node("endEvent", "e", on("error", "nope"))], "s A e"),
    "no-escalation": ("t", [throw("t", on("escalation"))], "s t e"),
    "link-without-catch": ("t", [throw("t", LINK), gate("g", "parallel")], "s g A e", "g t"),
    "link-without-throw": ("c", [catch("c", LINK)], "s A e", "c e"),
    "link-twice": (
        "c",
        [throw("t", LINK), catch("c", LINK), catch("d", LINK)],
        "s t",
        "c e",
        "d e",
    ),
    "error-not-interrupting": (
        "b",
        [service("X"), beside("X", on("error", "err"), interrupting=False)],
        "s X e",
        "b e",
    ),
    "cancel-without-transaction": (
        "b",
        [subprocess("S", [], "s_S B e_S"), beside("S", on("cancel"))],
        "s S e",
        "b e",
    ),
    # repeats
    "instances-of-nothing": ("A", [node("userTask", "A", f"<bpmn:{CARDINALITY}/>")], "s A e"),
    "no-fact-name": ("A", [node("userTask", "A", several("my-sites"))], "s A e"),
    "loop-without-end": ("A", [node("userTask", "A", f"<bpmn:{LOOP}/>")], "s A e"),
    # author code and times
    "does-not-compile": ("X", [script("X", "import os")], "s X e"),
    "empty-code": ("X", [script("X", " ")], "s X e"),
    "other-language": (
        "X",
        [node("scriptTask", "X", "<bpmn:script>x</bpmn:script>", scriptFormat="javascript")],
        "s X e",
    ),
    "no-time": ("c", [catch("c", "<bpmn:timerEventDefinition/>")], "s c e"),
    "bad-time": ("c", [catch("c", duration("-PT5M"))], "s c e"),
    "cycle-fires-once": ("b", [beside("A", cycle("R3/PT1H"))], "s A e", "b e"),
    # what it names
    "no-service": ("X", [node("serviceTask", "X")], "s X e"),
    "unknown-service": ("X", [service("X", "nope")], "s X e"),
    "no-result-name": ("X", [service("X", result="a b")], "s X e"),
    "parameter-without-name": ("X", [service("X", **{"a b": "1"})], "s X e"),
    "unknown-decision": ("X", [node("businessRuleTask", "X")], "s X e"),
    "unknown-form": ("A", [node("userTask", "A", properties(form="nope.json"))], "s A e"),
    "unknown-diagram": ("X", [node("callActivity", "X", calledElement="nope")], "s X e"),
    "called-not-bundled": ("X", [node("callActivity", "X", calledElement="published")], "s X e"),
    "calls-itself": ("X", [node("callActivity", "X", calledElement="p")], "s X e"),
    "unknown-group": ("A", [node("userTask", "A", properties(group="nope"))], "s A e"),
    "bad-setting": ("A", [node("userTask", "A", properties(priority="high"))], "s A e"),
    "idle-script": ("g", [node("exclusiveGateway", "g", BEFORE)], "s g A e"),
    "long-name": ("A", [node("userTask", "A").replace('name="A"', f'name="{"x" * 301}"')], "s A e"),
    "repeated-event-subprocess": ("E", [REPEATED], "s A e"),
    "unknown-role": ("A", [node("userTask", "A", properties(role="nope"))], "s A e"),
}


@pytest.mark.parametrize("code", WRONG)
def test_a_wrong_diagram_is_refused_and_the_element_named(code) -> None:
    element, nodes, *flows = WRONG[code]
    findings = found(nodes, *flows)
    assert not is_publishable(findings)
    assert (code, element, "error") in {(f.code, f.element, f.severity) for f in findings}


DOUBTFUL = {
    "spinning-loop": (
        "m",
        [gate("m"), script("X", "n = 1"), gate("g", default="m")],
        "s m X g m",
        ("g", "e", "x"),
    ),
    "token-taken-away": (
        "b",
        [gate("g", "parallel"), gate("j", "parallel"), beside("A", duration("PT1H"))],
        "s g A j e",
        "g B j",
        "b C e2",
    ),
    "never-happens": ("b", [script("X", "n = 1"), beside("X", duration("PT1H"))], "s X e", "b A e"),
    "uncaught": ("f", [node("endEvent", "f", on("error", "err"))], "s A f"),
    "hasty-cycle": ("b", [beside("A", cycle("R/PT5S"), interrupting=False)], "s A e", "b B e"),
    "runaway": (
        "X",
        [gate("m"), script("X", "x = 0"), gate("g", default="m")],
        "s m X g m",
        ("g", "e", "x"),
    ),
}


@pytest.mark.parametrize("code", DOUBTFUL)
def test_a_doubtful_diagram_is_published_with_a_warning(code) -> None:
    element, nodes, *flows = DOUBTFUL[code]
    findings = found(nodes, *flows)
    assert is_publishable(findings)
    assert (code, "warning") in {(f.code, f.severity) for f in findings}
    assert code == "runaway" or element in {f.element for f in findings if f.code == code}


YES_OR_NO = {"A": "isForCompensation", "S": "triggeredByEvent", "b": "cancelActivity"}


@pytest.mark.parametrize("element", YES_OR_NO)
@pytest.mark.parametrize("value", ["1", "0", " true "])
def test_yes_and_no_are_spelt_as_the_engine_reads_them(element, value) -> None:
    hosted = node("boundaryEvent", "b", duration("PT1H"), attachedToRef="A")
    nodes = [node("userTask", "A"), hosted, subprocess("S", [], "s_S C e_S")]
    text = bundle(nodes, "s A S e", "b e")["p.bpmn"].decode()
    spelt = text.replace(f' id="{element}"', f' id="{element}" {YES_OR_NO[element]}="{value}"')
    assert not is_publishable(check({"p.bpmn": spelt.encode()}, Known()))


@pytest.mark.parametrize(
    "kind, definition",
    [("compensate", COMPENSATE), ("conditional", CONDITIONAL), ("reference", REFERENCE)],
)
def test_what_the_engine_would_pass_over_is_refused_wherever_it_stands(kind, definition) -> None:
    stands = [
        [catch("c", definition), node("endEvent", "e")],
        [throw("c", definition), node("endEvent", "e")],
        [node("userTask", "c"), node("endEvent", "e", definition)],
        [node("userTask", "c"), beside("c", definition), node("endEvent", "e")],
    ]
    for nodes in stands:
        assert not is_publishable(found(nodes, "s c e"))


def test_correlations_by_property_are_refused() -> None:
    extra = (
        '<bpmn:collaboration id="col"><bpmn:correlationKey id="k" name="k">'
        "<bpmn:correlationPropertyRef>cp</bpmn:correlationPropertyRef></bpmn:correlationKey>"
        '</bpmn:collaboration><bpmn:correlationProperty id="cp">'
        '<bpmn:correlationPropertyRetrievalExpression messageRef="msg"><bpmn:formalExpression>x'
        "</bpmn:formalExpression></bpmn:correlationPropertyRetrievalExpression>"
        "</bpmn:correlationProperty>"
    )
    findings = found([node("receiveTask", "X", messageRef="msg")], "s X e", extra=extra)
    assert [(f.code, f.element) for f in findings] == [("correlation-property", "cp")]


def test_a_finding_is_a_sentence_in_both_languages_with_the_name() -> None:
    [one] = found(
        [node("userTask", "A").replace('name="A"', 'name="判断\nJudge"')], "s A e", lane=""
    )
    assert one.name == "判断 Judge"
    assert "“判断 Judge”" in one.zh and one.zh.endswith("。")
    assert "“判断 Judge”" in one.en and one.en.endswith(".")


@pytest.mark.slow
def test_the_largest_diagram_is_checked_within_seconds() -> None:
    flows = []
    for n in range(700):
        flows += [f"{'s' if not n else f'j{n - 1}'} g{n} A{n} j{n}", f"g{n} B{n} j{n}"]
    gates = [gate(f"{kind}{n}", "parallel") for n in range(700) for kind in "gj"]
    started = time.process_time()
    findings = found(gates, *flows, "j699 e")
    assert [f.code for f in findings] == ["too-many-elements"]
    flows, gates = [*flows[:800], "j399 e"], gates[:800]
    assert is_publishable(found(gates, *flows))
    assert time.process_time() - started < 15
