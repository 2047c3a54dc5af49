"""Orders of services: every way of service_activation, and what it leaves in inventory."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bpmn import checks, forms, library
from records import Customer, Notice, Site
from records.region.groups import GROUPS
from tasks.access.roles import ROLES
from tasks.field import visit_jobs
from tasks.orders import order_limits
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


@on_one
def test_a_move_takes_out_what_stands_at_the_old_end(publish, session, cast, now):
    told = {"name": "新址", "city": "海州", "kind": "customer"}
    session.add(Site(code="HZ-NEW", **told))
    old = session.exec(select(Site).where(Site.code == "HZ-CB")).one()
    old.kind = "customer"
    session.commit()
    walk = Order(session, cast, now)
    walk.take_in(kind="move", a_site="HZ-NEW", z_site="HZ-DJ").check().do("summarise")
    walk.design(circuit_code="").do("explain", "configure").confirm().go()
    walk.do("end_to_end_test", "accept")
    jobs = {
        visit.site_id: [job.kind for job in visit_jobs.jobs_of(session, visit)]
        for visit in walk.visits()
    }
    assert jobs[old.id] == ["removal"] and len(jobs) == 2


@on_one
def test_a_missed_limit_is_told_to_those_who_answer_for_the_order(publish, session, cast, now):
    walk = Order(session, cast, now)
    walk.take_in()
    customer = session.get_one(Customer, walk.order.customer_id)
    customer.account_manager = "ada"
    late = now + timedelta(days=30)
    assert set(order_limits.miss(session, walk.order, now=late)) >= {"feasibility", "total"}
    assert order_limits.miss(session, walk.order, now=late) == []
    told = select(Notice).where(Notice.template == "limit_missed")
    names = {person.id: login for login, person in cast.items()}
    by_person = {names[notice.person_id] for notice in session.exec(told)}
    assert {"dora", "ada"} <= by_person and by_person & {"mei", "gwen", "root"}
