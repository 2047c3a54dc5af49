"""Whom a rung of a ladder reaches: in the city, the province, the group, and at last anybody."""

from functools import partial

import pytest

from records import Customer
from tasks import recipients
from tests import crews
from tests.crews import open_order, open_ticket


@pytest.fixture
def ticket(session, cast, now):
    return open_ticket(session, now)


@pytest.fixture
def hire(session, cast, now):
    return partial(crews.hire, session, now=now)


def reach(session, rule, ticket):
    reached = recipients.Roster(session).reach(rule, ticket)
    return [person.login for person in reached.people], reached.rule, reached.nobody


def test_the_duty_lead_is_the_one_of_the_city_where_the_fault_is(session, ticket, hire):
    hire("far", "duty", city="泉州")
    assert reach(session, "duty_lead", ticket) == (["mei"], "duty_lead", [])
    assert [person.login for person in recipients.find(session, "duty_lead", ticket)] == ["mei"]


def test_who_has_left_is_not_told_so_the_rung_goes_up(session, cast, ticket, hire):
    cast["mei"].active = False
    assert reach(session, "duty_lead", ticket) == (
        ["gwen"],
        "province_crc",
        ["duty_lead", "city_head"],
    )
    hire("head", "city_head")
    assert reach(session, "duty_lead", ticket)[0] == ["head"]


def test_a_rung_that_nobody_on_the_way_up_takes_ends_with_the_administrators(session, cast, ticket):
    cast["mei"].active = cast["gwen"].active = False
    logins, rule, nobody = reach(session, "group_duty", ticket)
    assert (logins, rule, nobody) == (["root"], "administrators", ["group_duty", "any_duty_lead"])
    cast["root"].active = False
    assert reach(session, "group_duty", ticket)[0] == []


def test_a_rule_that_is_gone_falls_to_the_last_one(session, ticket):
    assert reach(session, "gone", ticket) == (["root"], "administrators", ["gone"])


def test_a_ticket_of_no_place_goes_up_and_is_not_told_to_every_city(session, cast, now):
    ticket = open_ticket(session, now, circuit=None)
    assert reach(session, "city_head", ticket)[:2] == (["gwen"], "province_crc")


def test_the_account_manager_is_the_customers(session, cast, ticket, hire):
    hire("ann")
    session.get_one(Customer, ticket.customer_id).account_manager = "ann"
    assert reach(session, "account_manager", ticket)[0] == ["ann"]


def test_the_team_lead_is_the_one_of_the_crew_that_has_the_order(session, now, ticket, hire):
    hire("of_line", "team_lead", "line")
    hire("of_data", "team_lead", "data")
    assert reach(session, "team_lead", ticket)[0] == ["of_data", "of_line"]
    open_order(session, ticket, "line", now)
    assert reach(session, "team_lead", ticket)[0] == ["of_line"]


def test_the_province_is_told_those_of_the_city_first(session, ticket, hire):
    hire("abe", "province_crc", city="泉州")
    assert reach(session, "province_crc", ticket)[0] == ["gwen", "abe"]
