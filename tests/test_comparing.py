"""What differs between two versions of a diagram: said element by element, and nothing else."""

import pytest

from bpmn import library
from bpmn.comparing import compare
from tests.checked import drawn
from tests.diagram_maker import script, service

OLD = drawn([service("A", "systems.ask", system="'nms'")], "s A e")
NAME = next(iter(OLD))


def found(old, new):
    return [(one.element, one.how, one.what, one.was, one.now) for one in compare(old, new)]


@pytest.mark.parametrize("bundle", library.shipped(), ids=lambda bundle: next(iter(bundle)))
def test_a_version_differs_in_nothing_from_itself(bundle):
    assert compare(bundle, dict(bundle)) == []


def test_a_value_of_an_extension_is_named_with_what_it_was():
    new = {NAME: OLD[NAME].replace(b"'nms'", b"'crm'")}
    assert found(OLD, new) == [("A", "changed", "system", "'nms'", "'crm'")]
    new = {NAME: OLD[NAME].replace(b"systems.ask", b"tickets.describe")}
    assert ("A", "changed", "service", "systems.ask", "tickets.describe") in found(OLD, new)


def test_what_came_and_what_went_is_told_once():
    new = drawn([service("A", "systems.ask", system="'nms'"), script("B", "x = 1")], "s A B e")
    told = {(one.element, one.how) for one in compare(OLD, new) if one.how != "changed"}
    assert ("B", "added") in told
    assert ("B", "removed") in {(one.element, one.how) for one in compare(new, OLD)}


def test_what_only_stands_elsewhere_has_moved():
    bundle = next(one for one in library.shipped() if "fault_handling.bpmn" in one)
    text = bundle["fault_handling.bpmn"]
    start = text.index(b'bpmnElement="judge"')
    moved = text[:start] + text[start:].replace(b'x="', b'x="9', 1)
    told = compare(bundle, bundle | {"fault_handling.bpmn": moved})
    assert [(one.element, one.how, one.what) for one in told] == [("judge", "moved", "place")]


def test_a_form_and_a_table_tell_by_path_and_by_cell():
    bundle = next(one for one in library.shipped() if "fault_handling.bpmn" in one)
    form = bundle["accept.json"].replace(b'"string"', b'"integer"', 1)
    [change] = compare(bundle, bundle | {"accept.json": form})
    assert (change.file, change.was, change.now) == ("accept.json", "string", "integer")
    assert change.what.startswith("properties.")
    table = bundle["fault_limit.dmn"].replace(b"<text>", b"<text>1", 1)
    [change] = compare(bundle, bundle | {"fault_limit.dmn": table})
    assert change.file == "fault_limit.dmn" and change.now == "1" + change.was
