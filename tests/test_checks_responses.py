"""The gate: a table of responses that would lose alarms is refused. Computed nonsense:
test_alarm_groups.py.
"""

import pytest

from bpmn.checks import check, is_publishable
from bpmn.checks.files import read_tables
from bpmn.checks.responses import responses
from tasks.network.alarm_responses import CHECKS, mend
from tests.fault_walks import RESPONSE
from tests.test_checks_ladders import table
from tests.test_checks_limits import KNOWN

TABLE = "alarm_priority.dmn"
RIGHT = {"action": '"ticket"', "priority": '"P1"', "hold": "60", "notice": '"all"'}
RIGHT |= {"notice_minutes": "5"}


def found(**changed):
    cells = RIGHT | changed
    read = read_tables("x.dmn", table(*cells.values(), outputs=tuple(cells)))
    assert read.findings == []
    return [each.code for each in responses(read.tables)]


def changed(cell, text):
    """The table as it came, with one cell changed."""
    before, _, after = RESPONSE[TABLE].decode().partition(f'id="alarm_priority_{cell}"><text>')
    rest = after.partition("</text>")[2]
    return RESPONSE | {
        TABLE: f'{before}id="alarm_priority_{cell}"><text>{text}</text>{rest}'.encode()
    }


@pytest.mark.parametrize(
    "cells",
    [
        {"action": '"none"', "priority": '""', "hold": "0", "notice": '"none"'},
        {"notice": '"AAA, AA"', "notice_minutes": "0", "hold": "3600"},
    ],
)
def test_what_means_something_is_right(cells):
    assert found(**cells) == []


@pytest.mark.parametrize(
    "name, cells",
    {
        "action": ['"tickte"', "null", '""', "1"],
        "priority": ['"P9"', "null", '"p1"'],
        "hold": ['"soon"', "null", "-5", "86400", "true"],
        "notice": ['"gold"', '""', '"all, AAA"', "null", "5"],
        "notice_minutes": ["-1", "null", '"soon"', "20000", "true", "1.5"],
    }.items(),
)
def test_a_word_that_means_nothing_is_refused(name, cells):
    for cell in cells:
        assert found(**{name: cell}) == ["bad-response"], cell


def test_a_computed_cell_and_a_table_of_something_else_are_not_looked_at():
    assert found(hold="60 * 2") == []
    read = read_tables("x.dmn", table('"x"', outputs=("action",)))
    assert list(responses(read.tables)) == []


def test_the_gate_says_which_row_and_what_there_may_be():
    [error] = check(changed("row_2_out_1", '"tickte"'), KNOWN)
    assert (error.code, error.element) == ("bad-response", "alarm_priority_row_2")
    assert "Row 2: action" in error.en and "discrepancy" in error.zh


def test_a_column_that_is_missing_is_refused():
    bundle = RESPONSE | {TABLE: RESPONSE[TABLE].replace(b'name="hold"', b'name="held"')}
    errors = check(bundle, KNOWN)
    assert [one.code for one in errors] == ["missing-response"] and not is_publishable(errors)


def test_what_says_nothing_that_counts_is_a_ticket():
    safe, wrong = mend({"action": "tickte", "priority": "P1", "hold": None})
    assert wrong == ["action", "hold", "notice", "notice_minutes"]
    assert (safe["action"], safe["priority"], safe["notice"]) == ("ticket", "P1", "all")
    assert mend([])[1] == mend(None)[1] == list(CHECKS)
