"""Expressions of other engines: those that mean the same in Python are rewritten, no others."""

import pytest

from bpmn.imports import convert
from bpmn.imports.expressions import to_python
from tests.diagram_maker import boundary, bundle, duration, gate

SHARED = {
    "x > 3": "x > 3",
    "fault.grade = 'AA' and not(x)": "fault.grade == 'AA' and (not (x))",
    'grade == "AA" && x != null || !done': 'grade == "AA" and x != None or (not done)',
    "a eq true or b lt 0.5": "a == True or b < 0.5",
    "not a == b": "(not a) == b",
    "(a or b) and c >= -1": "(a or b) and c >= -1",
}


def drawn(nodes, *flows) -> bytes:
    return bundle(nodes, *flows)["p.bpmn"]


@pytest.mark.parametrize("text, python", SHARED.items())
def test_an_expression_that_the_engines_share_is_translated(text: str, python: str) -> None:
    assert to_python(text) == python


BEYOND = [
    "",
    "x >",
    "x in [1, 2]",
    "some r in risks satisfies r = 'red'",
    "date(x) < now()",
    "a + b > 3",
    "Service Level == 'Premium'",
    "01",
    "x.y()",
    "items[0] > 1",
    "x = 1 = 2",
    "a ? b : c",
    "a and",
    "'a' || 'b' +",
    "x; y",
    "class > 3",
    "_x > 1",
    "__import__('os')",
    "(" * 5_000,
    "x" * 3_000,
    "-" * 1_500 + "1",
]


@pytest.mark.parametrize("text", BEYOND, ids=range(len(BEYOND)))
def test_what_goes_beyond_is_left_alone(text: str) -> None:
    assert to_python(text) is None


@pytest.mark.parametrize("text", ["${x > 3}", "#{x > 3}", "= x > 3", "=x > 3"])
def test_a_condition_is_rewritten_in_its_place(text: str) -> None:
    before = drawn([gate("g", default="A")], "s g A e", ("g", "e", text))
    after, findings = convert(before)
    assert b">x &gt; 3</bpmn:conditionExpression>" in after
    assert [(f.code, f.element) for f in findings] == [("conversion", "g__e")]


TIMES = {
    "PT2H": None,
    "P1D": None,
    "${wait}": "wait",
    '=duration("PT1H")': "PT1H",
    '="PT1H"': '"PT1H"',
}


@pytest.mark.parametrize("text, wanted", TIMES.items())
def test_bare_times_stay_and_wrapped_ones_are_unwrapped(text: str, wanted: str | None) -> None:
    before = drawn([boundary("b", "A", duration(text))], "s A e", "b e")
    after, findings = convert(before)
    if wanted is None:
        assert (after, findings) == (before, [])
    else:
        shown = wanted.encode()
        assert b">%s</bpmn:timeDuration>" % shown in after.replace(b"&quot;", b'"')
