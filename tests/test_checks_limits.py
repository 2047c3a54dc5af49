"""The gate: limits and rungs that no clock could go by are refused, with the row."""

import pytest

from bpmn import bundles, library
from bpmn.checks import Known, check
from records.region.groups import GROUPS
from tasks import policies
from tasks.access.roles import ROLES
from tasks.services import SERVICES
from tests.fault_walks import FAULT

GAP = bundles.gather(library.SHIPPED / "diagrams" / "alarm_source_gap.bpmn").files
KNOWN = Known(
    services=SERVICES,
    groups=GROUPS,
    roles=ROLES,
    calendars=policies.shipped("calendars")["calendars"].keys(),
    clocks=policies.shipped("clocks")["clocks"].keys(),
)
WRONG = {  # table and cell: what it is changed to
    ("fault_limit", "row_1_out_7"): "0",
    ("fault_limit", "row_2_out_1"): "-5",
    ("fault_limit", "row_3_out_4"): '"soon"',
    ("fault_limit", "row_4_out_10"): "99999999",
    ("fault_limit", "row_5_out_11"): '"lunar"',
    ("product_rules", "row_1_out_2"): "0",
    ("escalation_ladder", "row_1_out_1"): '"exept"',
    ("escalation_ladder", "row_5_out_2"): '"half"',
    ("escalation_ladder", "row_10_out_2"): '"2H"',
}


def changed(table, cell, text):
    name = f"{table}.dmn"
    before, _, after = FAULT[name].decode().partition(f'id="{table}_{cell}"><text>')
    rest = after.partition("</text>")[2]
    return FAULT | {name: f'{before}id="{table}_{cell}"><text>{text}</text>{rest}'.encode()}


@pytest.mark.parametrize("place, text", WRONG.items(), ids=map(".".join, WRONG))
def test_what_no_clock_could_go_by_is_refused_with_its_row(place, text):
    table, cell = place
    errors = [
        found for found in check(changed(table, cell, text), KNOWN) if found.severity == "error"
    ]
    assert [found.code for found in errors] in (["bad-limit"], ["bad-rung"])
    assert errors[0].element == f"{table}_{cell.partition('_out')[0]}"
    assert errors[0].zh.startswith("第") and errors[0].en.startswith("Row")


@pytest.mark.parametrize("limit", ["'restore': 0", "'calendar': '7x24'", "'restore': 'soon'"])
def test_what_the_step_itself_says_is_looked_at_too(limit):
    name = "alarm_source_gap.bpmn"
    right = b"{'restore': 480, 'calendar': '24x7'}"
    assert right in GAP[name]
    bundle = GAP | {name: GAP[name].replace(right, f"{{{limit}}}".encode())}
    errors = [found for found in check(bundle, KNOWN) if found.severity == "error"]
    assert [(found.code, found.element) for found in errors] == [("bad-limit", "set_limit")]


def test_an_empty_limit_sets_none_and_no_travel_is_allowed():
    assert check(changed("fault_limit", "row_1_out_3", ""), KNOWN) == []
    assert check(changed("product_rules", "row_1_out_3", "0"), KNOWN) == []


def test_what_is_known_comes_from_the_policies_of_now(session):
    known = library.known(session)
    assert "office" in known.calendars and "restore" in known.clocks
