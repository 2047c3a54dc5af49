"""Whom a rung of a ladder reaches: in the city, the province, the group, and at last anybody."""

from functools import partial

import pytest

from records import Customer
from tasks import policies, recipients
from tasks.recipient_checks import check_recipients
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


def wrong(**changes):
    told = {**policies.shipped("recipients"), **changes}
    return [finding.path for finding in check_recipients(told)]


def test_a_policy_says_how_each_rule_finds_somebody_and_who_is_next():
    lead = {"zh": "x", "en": "x", "level": "city", "group": "duty"}
    last = {"zh": "x", "en": "x", "level": "group", "role": "administrator"}
    assert wrong() == []
    assert wrong(rules={"a": lead, "b": last}, last="b") == []
    assert wrong(rules={"a": {**lead, "group": ""}, "b": last}, last="b") == ["rules.a"]
    assert wrong(rules={"a": {**lead, "otherwise": "c"}, "b": last}, last="b") == [
        "rules.a.otherwise"
    ]
    assert wrong(rules={"a": {**lead, "otherwise": "a"}, "b": last}, last="b") == [
        "rules.a.otherwise"
    ]
    assert wrong(rules={"a": lead, "b": last}, last="a") == ["last"]
    assert wrong(rules={"b": {**last, "level": "sea", "role": "king"}}, last="b") == [
        "rules.b.level",
        "rules.b.role",
    ]
    assert wrong(skills={"line": "splicing"}, more=1) == ["more", "skills.line"]
