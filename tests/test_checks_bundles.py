"""The gate: whose steps they are, and what a bundle holds and calls."""

import json

import pytest

from bpmn.checks import Known, check
from tests.checked import found
from tests.diagram_maker import bundle, node, process, properties, service, several


@pytest.mark.parametrize("lane", ["noc", "监控中心", "NOC", "监控中心 / NOC"])
def test_a_lane_names_a_group_by_its_key_or_names(lane) -> None:
    assert found([], "s A e", lane=lane) == []


@pytest.mark.parametrize("lane, code", [("Sales", "unknown-group"), ("", "nobody")])
def test_a_step_of_nobody_is_refused(lane, code) -> None:
    assert [(f.code, f.element) for f in found([], "s A e", lane=lane)] == [(code, "A")]


def test_a_bundle_is_one_diagram_and_what_it_calls() -> None:
    call = node("callActivity", "X", calledElement="q")
    q = process("q", [], "s_q B e_q")
    assert found([call], "s X e", more=q) == []
    assert [(f.code, f.element) for f in found([], "s A e", more=q)] == [("several-processes", "q")]


def test_calls_in_a_circle_are_refused() -> None:
    call = node("callActivity", "X", calledElement="q")
    back = process("q", [node("callActivity", "Y", calledElement="p")], "s_q Y e_q")
    codes = [(f.code, f.element) for f in found([call], "s X e", more=back)]
    assert ("calls-itself", "X") in codes and ("calls-itself", "Y") in codes


def test_ids_are_one_of_a_kind_across_the_files_of_a_bundle() -> None:
    other = bundle([], "s A e")["p.bpmn"].replace(b'"p"', b'"q"')
    findings = found(
        [node("callActivity", "X", calledElement="q")], "s X e", files={"q.bpmn": other}
    )
    assert {"s", "e"} <= {f.element for f in findings if f.code == "duplicate-id"}


def test_an_element_is_not_called_like_a_parameter_or_an_item() -> None:
    named = node("userTask", "item", properties(group="noc"))
    for step in (service("X", item="1"), node("userTask", "X", several("sites"))):
        findings = found([step, named], "s X item e")
        assert [(f.code, f.element) for f in findings] == [("duplicate-id", "item")]


def test_a_pool_that_is_only_drawn_is_left_alone() -> None:
    drawn = process("q", [], "s_q B").replace('isExecutable="true"', 'isExecutable="false"')
    assert found([], "s A e", more=drawn) == []


def test_a_diagram_that_nobody_may_execute_is_refused() -> None:
    text = bundle([], "s A e")["p.bpmn"].replace(b'Executable="true"', b'Executable="false"')
    assert [f.code for f in check({"p.bpmn": text}, Known())] == ["not-executable"]


TWICE = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n - 1}"}] * 2} for n in range(1, 30)}
DOUBLING = json.dumps({"type": "object", "$defs": {"d0": {}} | TWICE}).encode()
FORMS = {
    "no JSON": b"{",
    "a list": b"[]",
    "no object": b'{"type": "string"}',
    "no schema": b'{"type": "object", "properties": {"a": {"type": "wish"}}}',
    "a schema from elsewhere": b'{"type": "object", "$ref": "http://example.com/schema"}',
    "a reference to nothing": b'{"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}}',
    "a reference to itself": b'{"type": "object", "allOf": [{"$ref": "#"}]}',
    "references in a circle": b'{"type": "object", "$defs": {"x": {"$ref": "#/$defs/y"},'
    b' "y": {"items": {"$ref": "#/$defs/x"}}}}',
    "another place to refer from": b'{"type": "object", "$id": "http://example.com/x"}',
    "more than can be checked": DOUBLING,
    "a pattern that looks around": b'{"type": "object", "properties": {"a": {"pattern": "(?=a)"}}}',
    "too many patterns": json.dumps(
        {"type": "object", "allOf": [{"pattern": f"^{n}"} for n in range(100)]}
    ).encode(),
    "too deep": b'{"type": "object", "a": ' + b"[" * 100 + b"]" * 100 + b"}",
    "too large": b'{"type": "object", "a": "' + b"x" * 300_000 + b'"}',
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS.keys())
def test_a_form_is_a_json_schema_of_an_object(content) -> None:
    findings = found([], "s A e", files={"a.json": content})
    assert [(f.name, f.severity) for f in findings] == [("a.json", "error")]


def test_a_form_may_refer_to_its_own_parts() -> None:
    part = {"type": "string", "maxLength": 20}
    fields = {name: {"$ref": "#/$defs/a~1b"} for name in ("x", "y")}
    form = {"type": "object", "$defs": {"a/b": part}, "properties": fields}
    used = [node("userTask", "A", properties(form="a.json"))]
    assert found(used, "s A e", files={"a.json": json.dumps(form).encode()}) == []


def test_a_form_in_the_bundle_can_be_used() -> None:
    form = b'{"type": "object", "properties": {"cause": {"type": "string"}}}'
    used = [node("userTask", "A", properties(form="a.json"))]
    assert found(used, "s A e", files={"a.json": form}) == []


def test_the_findings_of_a_decision_table_are_findings_of_the_bundle() -> None:
    findings = found([], "s A e", files={"a.dmn": b"<definitions/>"})
    assert [(f.code, f.name) for f in findings] == [("bad-decisions", "a.dmn")]
