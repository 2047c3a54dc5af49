"""Orders of services: every way of service_activation, and what it leaves in inventory."""

import pytest

from bpmn import checks, forms, library
from records.region.groups import GROUPS
from tasks.access.roles import ROLES
from tasks.refusals import Invalid
from tasks.services import SERVICES
from tests.order_walks import (
    ACTIVATION,
    ACTIVATION_BLUEPRINT,
    ACTIVATION_FORMS,
    ORDER_ENDS,
    Order,
)

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def publish(session, cast, now):
    library.keep_version(session, ACTIVATION, [], by="owen", now=now)
    return lambda: Order(session, cast, now)


@pytest.fixture
def walk(publish):
    return publish()


@on_one
def test_every_way_of_an_order_comes_to_its_end_and_all_by_every_element(publish):
    """Each on a database that the others have used."""
    visited, first = set(), publish()
    for walk, end in ORDER_ENDS.items():
        order = first.again()
        walk(order)
        assert (order.run.end, order.order.state, order.orders()) == (*end, {}), walk.__name__
        visited |= order.visited()
    assert ACTIVATION_BLUEPRINT.nodes.keys() - visited == set()


def test_the_gate_finds_nothing():
    known = checks.Known(services=SERVICES, groups=GROUPS, roles=ROLES)
    assert checks.check(ACTIVATION, known) == []


@pytest.mark.parametrize("form", ACTIVATION_FORMS)
def test_a_form_accepts_its_examples_and_nothing_else(form):
    for answers in ACTIVATION_FORMS[form].schema["examples"]:
        forms.check_answers(ACTIVATION_FORMS[form], answers)
        with pytest.raises(Invalid):
            forms.check_answers(ACTIVATION_FORMS[form], answers | {"typename": "x"})
