"""Files of other modelers: what is clear is converted and named, the rest stays as it was."""

import random

import pytest
from lxml import etree

from bpmn.checks import Known, check, is_publishable
from bpmn.imports import convert
from tests.checked import spoil
from tests.diagram_maker import boundary, bundle, duration, node, several

SPACES = (
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:flowable="http://flowable.org/bpmn" '
)
KNOWN = Known(services={"mail"}, groups={"noc": ("监控中心", "NOC")})


def foreign(nodes, *flows, extra="") -> bytes:
    text = bundle(nodes, *flows, extra=extra)["p.bpmn"].decode()
    return text.replace("<bpmn:definitions ", f"<bpmn:definitions {SPACES}", 1).encode()


def extended(inside: str) -> str:
    return f"<bpmn:extensionElements>{inside}</bpmn:extensionElements>"


def user(inside: str = "", **attributes: str) -> str:
    """A step for a person as another modeler writes it; `__` in a name is a colon."""
    given = {name.replace("__", ":"): value for name, value in attributes.items()}
    return node("userTask", "A", extended(inside) if inside else "", **given)


GROUP = '<spiffworkflow:property name="group" value="noc"/>'
FORM = '<spiffworkflow:property name="form" value="judge.json"/>'
STEPS = {
    "camunda group": (user(camunda__candidateGroups="noc"), GROUP),
    "flowable group": (user(flowable__candidateGroups="noc"), GROUP),
    "zeebe group": (user('<zeebe:assignmentDefinition candidateGroups="noc"/>'), GROUP),
    "camunda form": (user(camunda__formKey="embedded/judge"), FORM),
    "camunda form by reference": (user(camunda__formRef="judge"), FORM),
    "zeebe form": (user('<zeebe:formDefinition formId="judge"/>'), FORM),
    "zeebe call": (
        node("callActivity", "A", extended('<zeebe:calledElement processId="q"/>')),
        'calledElement="q"',
    ),
    "zeebe decision": (
        node(
            "businessRuleTask",
            "A",
            extended('<zeebe:calledDecision decisionId="d" resultVariable="r"/>'),
        ),
        "<spiffworkflow:calledDecisionId>d<",
    ),
    "camunda decision": (
        node("businessRuleTask", "A", **{"camunda:decisionRef": "d"}),
        "<spiffworkflow:calledDecisionId>d<",
    ),
    "zeebe job": (
        node("serviceTask", "A", extended('<zeebe:taskDefinition type="mail"/>')),
        '<spiffworkflow:serviceTaskOperator id="mail" resultVariable="result">',
    ),
    "a job that sends": (
        node("sendTask", "A", extended('<zeebe:taskDefinition type="mail"/>')),
        '<bpmn:serviceTask id="A"',
    ),
    "zeebe input": (
        node(
            "serviceTask",
            "A",
            extended(
                '<zeebe:taskDefinition type="mail"/><zeebe:ioMapping>'
                '<zeebe:input source="=fault.id" target="id"/>'
                '<zeebe:input source="hello" target="text"/>'
                "</zeebe:ioMapping>"
            ),
        ),
        'id="id" type="any" value="fault.id"/>',
    ),
    "camunda topic": (
        node("serviceTask", "A", **{"camunda:type": "external", "camunda:topic": "mail"}),
        '<spiffworkflow:serviceTaskOperator id="mail" resultVariable="result">',
    ),
    "camunda bean": (
        node(
            "serviceTask",
            "A",
            **{"camunda:delegateExpression": "${mail}", "camunda:resultVariable": "r"},
        ),
        '<spiffworkflow:serviceTaskOperator id="mail" resultVariable="r">',
    ),
    "camunda class": (
        node("serviceTask", "A", **{"camunda:class": "com.example.Mail"}),
        '<spiffworkflow:serviceTaskOperator id="Mail"',
    ),
    "zeebe script": (
        node(
            "scriptTask", "A", extended('<zeebe:script expression="=x > 3" resultVariable="big"/>')
        ),
        "<bpmn:script>big = x &gt; 3<",
    ),
    "zeebe instances": (
        node(
            "userTask",
            "A",
            several(times="").replace(
                '<bpmn:inputDataItem id="item" name="item"/>',
                extended(
                    '<zeebe:loopCharacteristics inputCollection="=sites" inputElement="site" '
                    'outputCollection="results" outputElement="=result"/>'
                ),
            ),
        ),
        "<bpmn:loopDataInputRef>sites</bpmn:loopDataInputRef>"
        "<bpmn:loopDataOutputRef>results</bpmn:loopDataOutputRef>"
        '<bpmn:inputDataItem id="site" name="site"/>'
        '<bpmn:outputDataItem id="result" name="result"/>',
    ),
    "camunda instances": (
        node(
            "userTask",
            "A",
            '<bpmn:multiInstanceLoopCharacteristics camunda:collection="${sites}" '
            'camunda:elementVariable="site"/>',
        ),
        "<bpmn:loopDataInputRef>sites</bpmn:loopDataInputRef>"
        '<bpmn:inputDataItem id="site" name="site"/>',
    ),
}


@pytest.mark.parametrize("step, wanted", STEPS.values(), ids=STEPS.keys())
def test_what_is_clear_is_converted_and_named(step: str, wanted: str) -> None:
    after, findings = convert(foreign([step], "s A e"))
    assert wanted in after.decode()
    assert {(f.code, f.severity, f.element) for f in findings} == {("conversion", "note", "A")}
    assert "not-converted" not in {f.code for f in check({"p.bpmn": after}, KNOWN)}
    assert "schema" not in {f.code for f in check({"p.bpmn": after}, KNOWN)}
    assert convert(after) == (after, [])


UNCLEAR = {
    "several groups": user(camunda__candidateGroups="noc,field"),
    "a group by expression": user(camunda__candidateGroups="${group}"),
    "a person": user(camunda__assignee="demo"),
    "people": user(flowable__candidateUsers="demo,liu"),
    "a zeebe person": user('<zeebe:assignmentDefinition assignee="=boss"/>'),
    "a form of fields": user('<camunda:formData><camunda:formField id="x"/></camunda:formData>'),
    "a form inside the file": user('<zeebe:formDefinition formKey="camunda-forms:bpmn:f"/>'),
    "a listener": user('<camunda:taskListener event="create" class="com.example.X"/>'),
    "an output": node(
        "serviceTask",
        "A",
        extended(
            '<zeebe:taskDefinition type="mail"/><zeebe:ioMapping>'
            '<zeebe:output source="=x" target="y"/></zeebe:ioMapping>'
        ),
    ),
    "a computed diagram": node(
        "callActivity", "A", extended('<zeebe:calledElement processId="=x"/>')
    ),
    "a computed collection": node(
        "userTask",
        "A",
        "<bpmn:multiInstanceLoopCharacteristics>"
        + extended('<zeebe:loopCharacteristics inputCollection="=sites[id &gt; 3]"/>')
        + "</bpmn:multiInstanceLoopCharacteristics>",
    ),
}


@pytest.mark.parametrize("step", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_what_is_not_clear_stays_and_the_gate_names_it(step: str) -> None:
    after, _ = convert(foreign([step], "s A e"))
    findings = check({"p.bpmn": after}, KNOWN)
    assert ("not-converted", "A") in {(f.code, f.element) for f in findings}


def test_the_only_process_becomes_executable() -> None:
    before = foreign([], "s A e").replace(b'isExecutable="true"', b'isExecutable="false"')
    after, findings = convert(before)
    assert b'isExecutable="true"' in after
    assert [(f.code, f.element) for f in findings] == [("conversion", "p")]


def test_of_several_processes_none_is_chosen() -> None:
    before = foreign([], "s A e").replace(b'isExecutable="true"', b'isExecutable="false"')
    other = before[before.index(b"<bpmn:process") : before.index(b"</bpmn:definitions>")]
    for name in (b"p", b"s", b"A", b"e", b"s__A", b"A__e"):
        other = other.replace(b'"%s"' % name, b'"q%s"' % name)
    both = before.replace(b"</bpmn:definitions>", other + b"</bpmn:definitions>")
    assert convert(both) == (both, [])
    assert [f.code for f in check({"p.bpmn": both}, KNOWN)] == ["not-executable"]


def test_yes_and_no_and_prefixes_are_written_as_the_engine_reads_them() -> None:
    before = foreign([boundary("b", "A", duration("PT1H"))], "s A e", "b e")
    odd = before.replace(b'cancelActivity="true"', b'cancelActivity="0"')
    odd = odd.replace(b'attachedToRef="A"', b'attachedToRef="bpmn:A"')
    after, findings = convert(odd)
    assert b'cancelActivity="false"' in after and b'attachedToRef="A"' in after
    assert len(findings) == 2


def test_a_correlation_key_moves_to_who_waits_for_the_message() -> None:
    key = extended('<zeebe:subscription correlationKey="=fault.id"/>')
    message = node("message", "m", key)
    after, _ = convert(foreign([node("receiveTask", "A", messageRef="m")], "s A e", extra=message))
    assert b'name="correlationKey" value="fault.id"' in after
    assert is_publishable(check({"p.bpmn": after}, KNOWN))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gbk", "gb18030", "iso-8859-1"])
def test_a_file_in_another_encoding_becomes_utf_8(encoding: str) -> None:
    name = "Prüfen" if encoding == "iso-8859-1" else "判断"
    declared = encoding if "utf" not in encoding else "UTF-8"
    text = foreign([], "s A e").decode().replace('name="A"', f'name="{name}"')
    text = f'<?xml version="1.0" encoding="{declared}"?>\n{text}'
    after, findings = convert(text.encode(encoding))
    assert after == text.replace(declared, "UTF-8", 1).encode() and findings == []
    assert etree.fromstring(after) is not None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"<a/>",
        b"\xff\xfe\x00",
        b"<!DOCTYPE a><a/>",
        b"<a>" * 300,
        b"\0",
        b" " * 3_000_000,
        b'<?xml version="1.0" encoding="rot13"?><a/>',
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
    ],
    ids=range(10),
)
def test_what_cannot_be_read_comes_back_as_it_is(content: bytes) -> None:
    assert convert(content) == (content, [])


def test_what_is_not_converted_stays_byte_for_byte() -> None:
    remark = "<!-- a remark -->\n  <other:thing xmlns:other='urn:other' a='1'>text</other:thing>"
    step = user(f'{remark}<zeebe:formDefinition formId="judge"/>')
    before = foreign([step], "s A e", extra=node("error", "err") + node("signal", "sig"))
    after, _ = convert(before.replace(b"</bpmn:definitions>", b"<!-- end --></bpmn:definitions>"))
    for kept in (b"<!-- a remark -->\n", b"xmlns:other=", b">text</other:thing>", b"<!-- end -->"):
        assert kept in after


def test_whatever_is_spoilt_in_a_foreign_file_is_never_an_exception() -> None:
    for seed, (step, _) in enumerate(list(STEPS.values()) * 20):
        spoilt = spoil(foreign([step], "s A e"), random.Random(seed))
        check({"a.bpmn": convert(spoilt)[0]}, KNOWN)
