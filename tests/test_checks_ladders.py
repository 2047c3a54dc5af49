"""The gate: a ladder whose rung reaches nobody is refused, with the row and what to write."""

import pytest

from bpmn.checks import Known
from bpmn.checks.files import read_tables
from bpmn.checks.ladders import rungs
from tasks import policies, recipients

KNOWN = Known(**recipients.names(policies.shipped("recipients")))
OUTPUTS = ("clock", "at", "to", "action")


def table(*cells, outputs=OUTPUTS):
    columns = "".join(f'<output id="o_{name}" name="{name}"/>' for name in outputs)
    entries = "".join(
        f'<outputEntry id="c_{name}"><text>{cell}</text></outputEntry>'
        for name, cell in zip(outputs, cells, strict=True)
    )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d">'
        '<decision id="ladder" name="升级 / Ladder"><decisionTable id="t" hitPolicy="COLLECT">'
        '<input id="i"><inputExpression id="e"><text>level</text></inputExpression></input>'
        f'{columns}<rule id="r"><inputEntry id="x"><text>-</text></inputEntry>{entries}</rule>'
        "</decisionTable></decision></definitions>"
    ).encode()


def found(*cells, known=KNOWN, **given):
    read = read_tables("ladder.dmn", table(*cells, **given))
    assert read.findings == []
    return [(each.severity, each.code, each.element) for each in rungs(read.tables, known)]


def test_a_rung_that_reaches_somebody_is_right():
    assert found('"restore"', '"50%"', '"duty_lead"', '"notify"') == []
    assert found('"restore"', '"50%"', '"duty_lead"', '""') == []


@pytest.mark.parametrize("to", ['"the_moon"', '""', "null"])
def test_a_rung_to_nobody_is_refused(to):
    assert found('"restore"', '"50%"', to, '"notify"') == [("error", "unknown-recipient", "r")]


def test_a_rung_that_asks_for_something_unknown_is_refused():
    wrong = '"restore"', '"50%"', '"duty_lead"', '"dance"'
    assert found(*wrong) == [("error", "unknown-action", "r")]


def test_a_computed_rung_is_said_to_be_unchecked():
    assert found('"restore"', '"50%"', "level", '"notify"') == [("warning", "computed-rung", "r")]
    assert found('"restore"', '["5%"]', '"duty_lead"', '""') == [("warning", "computed-rung", "r")]


def test_other_tables_may_say_to_whatever_they_like():
    assert found('"x"', outputs=("to",)) == []
    assert found('"restore"', '"50%"', '"the_moon"', '"notify"', known=Known()) == []


def test_a_refusal_names_the_row_and_what_can_be_reached():
    read = read_tables("ladder.dmn", table('"restore"', '"50%"', '"the_moon"', '"notify"'))
    (refused,) = rungs(read.tables, KNOWN)
    assert '第 1 行的 to 为 "the_moon"' in refused.zh and '"duty_lead"(值班长)' in refused.zh
    assert 'Row 1: "the_moon"' in refused.en
