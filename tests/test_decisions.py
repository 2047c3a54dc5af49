"""The shipped decision tables: every row fires for the facts that it was written for."""

import pytest

from bpmn import dmn, library
from tests.alarm_tables import ALARM_ROWS
from tests.case_tables import CASE_ROWS
from tests.order_tables import ORDER_ROWS

TABLES = {
    key: table
    for path in sorted((library.SHIPPED / "decisions").glob("*.dmn"))
    for key, table in dmn.read_tables(path.read_bytes()).items()
}
TICKET = {
    "product": "DIA",
    "manageability": "full",
    "impact": "outage",
    "grade": "std",
    "is_remote": False,
    "is_assured": False,
    "is_site_down": False,
    "aaa": 0,
    "circuits": 1,
    "by_children": False,
}
JUDGED = {**TICKET, "is_night": False, "outage_minutes": 3}
NO_LIMIT = 1440  # minutes: no shorter time to judge


def ticket(counts_as="outage", **facts):
    return {"ticket": TICKET | facts, "counts_as": counts_as}


def judged(**facts):
    return {"judged": JUDGED | facts}


def limit(grade, counts_as):
    return ticket(counts_as, grade=grade)


def rung(grade, counts_as, level):
    return limit(grade, counts_as) | {"level": level}


ROWS = {  # decision: for each row, facts that it alone is meant for, and what it must say
    "product_rules": [
        (ticket(product="DDN", is_remote=True), ("outage", 5, 60, "")),
        (ticket(manageability="none", impact="degraded"), ("degraded", 5, 0, "")),
        (ticket(product="voice", impact="degraded"), ("outage", NO_LIMIT, 0, "")),
        (ticket(product="IP-VPN"), ("outage", NO_LIMIT, 0, "data")),
        (ticket(is_remote=True), ("outage", NO_LIMIT, 60, "")),
    ],
    "fault_limit": [  # domain.md §2.2
        (limit("AAA", "outage"), (5, 15, 30, 15, 70, 15, 120, 15, 60, 1, "24x7")),
        (limit("AA", "outage"), (10, 30, 60, 15, 125, 15, 180, 30, 180, 1, "24x7")),
        (limit("A", "outage"), (15, 30, 60, 15, 180, 15, 240, 60, 180, 1, "24x7")),
        (limit("std", "outage"), (15, 30, 120, 30, 165, 15, 240, 120, None, None, "24x7")),
        (limit("AAA", "degraded"), (10, 30, 60, 30, 170, 15, 240, 60, 720, 1, "24x7")),
        (limit("AA", "degraded"), (15, 30, 120, 60, 375, 15, 480, 120, None, None, "24x7")),
        (limit("A", "degraded"), (30, 60, 240, 60, 1290, 30, 1440, 240, None, None, "24x7")),
        (
            limit("AAA", "consultation"),
            (30, 60, None, None, None, None, 480, None, None, None, "office"),
        ),
        (limit("gold", "outage"), (15, 30, 60, 30, 165, 15, 240, 60, None, None, "24x7")),
    ],
    "escalation_ladder": [  # domain.md §2.4: each of many that may fire together
        (rung("A", "outage", "F3"), ("accept", "100%", "team_lead", "reassign")),
        (rung("A", "outage", "F3"), ("first_feedback", "100%", "duty_lead", "tell_customer")),
        (rung("A", "outage", "F3"), ("progress", "100%", "duty_lead", "tell_customer")),
        (rung("A", "outage", "F1"), ("restore", "0%", "province_crc", "notify")),
        (rung("A", "outage", "F3"), ("restore", "50%", "duty_lead", "require_expected_time")),
        (rung("A", "degraded", "F4"), ("restore", "75%", "city_head", "tell_customer")),
        (rung("A", "outage", "F3"), ("restore", "75%", "account_manager", "tell_customer")),
        (rung("A", "outage", "F3"), ("restore", "90%", "province_crc", "province_may_take_over")),
        (rung("A", "outage", "F3"), ("restore", "100%", "province_director", "start_report")),
        (rung("AAA", "outage", "F2"), ("restore", "PT2H", "group_duty", "group_notice")),
        (rung("A", "consultation", "F4"), ("restore", "100%", "duty_lead", "notify")),
        (rung("A", "outage", "F3"), ("other_operator", "100%", "duty_lead", "notify")),
        (rung("A", "outage", "F3"), ("report", "100%", "account_manager", "notify")),
    ],
    "fault_level": [  # domain.md §2.3
        (ticket("degraded", is_assured=True), ("F1",)),
        (ticket(is_site_down=True), ("F1",)),
        (ticket(aaa=3), ("F1",)),
        (ticket(circuits=10), ("F1",)),
        (ticket(grade="AA", circuits=9, aaa=2), ("F2",)),
        (ticket(grade="A"), ("F3",)),
        (ticket("degraded", grade="AAA", circuits=10, aaa=3), ("F3",)),
        (ticket("degraded"), ("F4",)),
    ],
    "dispatch_mode": [
        (judged(manageability="none", grade="AA"), ("on_site", "both", "on_site", "on_site")),
        (judged(manageability="none"), ("on_site", "remote", "on_site", "on_site")),
        (judged(manageability="partial", grade="AAA"), ("both", "remote", "both", "both")),
        (judged(manageability="partial", is_night=True), ("remote",) * 4),
        (judged(manageability="partial"), ("remote", "remote", "both", "both")),
        (judged(grade="AAA"), ("remote", "remote", "both", "both")),
        (judged(grade="AA"), ("remote",) * 4),
        (judged(manageability=""), ("remote", "remote", "on_site", "on_site")),
    ],
    "plan_activation": [
        (judged(is_site_down=True, circuits=20), ("power_outage_room", "propose")),
        (judged(circuits=10), ("cable_cut", "propose")),
        (judged(aaa=3), ("cable_cut", "propose")),
        (judged(is_assured=True, impact="degraded"), ("customer_recovery", "auto")),
        (judged(grade="AAA", outage_minutes=6), ("customer_recovery", "auto")),
        (judged(grade="AAA", outage_minutes=5), ("", "")),
    ],
}
ROWS |= ORDER_ROWS | ALARM_ROWS | CASE_ROWS
CASES = [
    pytest.param(key, number, facts, outputs, id=f"{key}-{number}")
    for key, rows in ROWS.items()
    for number, (facts, outputs) in enumerate(rows, 1)
]


@pytest.mark.parametrize("key, number, facts, outputs", CASES)
def test_every_row_fires_for_what_it_is_meant_for(key, number, facts, outputs):
    decision = TABLES[key].decide(facts)
    assert (number, outputs) in answers(decision)
    assert TABLES[key].policy == "COLLECT" or decision.rows == (number,)


def answers(decision):
    """Each row that fired, with what it says; of a table that collects there are several."""
    cells = decision.result.values()
    if decision.policy != "COLLECT":
        return [(decision.rows[0], tuple(cells))]
    return list(zip(decision.rows, zip(*cells, strict=True), strict=True))


def test_a_ladder_says_nothing_to_whom_it_does_not_concern():
    rungs = [
        outputs[:3]
        for _, outputs in answers(TABLES["escalation_ladder"].decide(rung("A", "outage", "F3")))
    ]
    assert ("restore", "PT2H", "group_duty") not in rungs  # AAA alone
    assert ("restore", "0%", "province_crc") not in rungs  # major faults alone


@pytest.mark.parametrize("key", TABLES)
def test_no_row_is_left_out_and_none_overlaps(key):
    assert len(ROWS[key]) == len(TABLES[key].rows)
    assert TABLES[key].findings() == []


@pytest.mark.parametrize("key", TABLES)
def test_every_row_says_where_it_comes_from(key):
    notes = [row.note.split(" / ") for row in TABLES[key].rows]
    assert [note for note in notes if len(note) != 2 or note[0].isascii()] == []
