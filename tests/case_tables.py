"""For each row of the tables of plans, cases and inspections: facts that it alone is meant for, and
what it must say. Used by test_decisions.py.
"""

CASE = {
    "root_kind": "site",
    "impact": "outage",
    "circuits": 1,
    "aaa": 0,
    "is_linked": False,
    "grade": "A",
    "is_assured": False,
    "outage_minutes": 0,
    "is_public": False,
    "cases": 1,
    "growth": 1.0,
    "is_power_lost": False,
    "is_site_down": False,
    "warning": "none",
    "is_press": False,
}
TRIAGE = {"parties": ["mobile"]}
SEEN = {"nature": "note", "verdict": "good", "grade": "A"}
ROOMS = {"grade": "std", "is_headquarters": False, "is_ageing": False}


def case(**facts):
    return {"case": CASE | facts}


def triage(**facts):
    return {"triage": TRIAGE | facts}


def asked(level, is_press=False):
    return case(is_press=is_press) | {"asked": {"level": level}}


def sorted_as(nature, is_press=False):
    return case(is_press=is_press) | {"sorted_as": {"nature": nature}}


def seen(**facts):
    return {"observation": SEEN | facts}


def rooms(**facts):
    return {"inspection": ROOMS | facts}


CASE_ROWS = {
    "cable_cut_criteria": [
        (case(circuits=30), ("propose", "province")),
        (case(circuits=10), ("propose", "city")),
        (case(circuits=3, aaa=3), ("propose", "city")),
        (case(circuits=3, root_kind="duct"), ("propose", "city")),
        (case(circuits=3), ("", "")),
    ],
    "customer_recovery_criteria": [
        (case(is_linked=True, grade="AAA"), ("auto", "city")),
        (case(is_assured=True, impact="degraded"), ("auto", "city")),
        (case(grade="AAA", outage_minutes=6), ("auto", "city")),
        (case(is_linked=True), ("propose", "city")),
        (case(grade="AAA", outage_minutes=5), ("", "")),
    ],
    "hot_issue_criteria": [
        (case(is_public=True, cases=3), ("propose", "province")),
        (case(cases=20, growth=2.0), ("propose", "province")),
        (case(is_public=True, cases=2), ("propose", "city")),
        (case(cases=20, growth=1.9), ("", "")),
    ],
    "power_outage_room_criteria": [
        (case(is_site_down=True, circuits=20), ("propose", "province")),
        (case(is_power_lost=True, circuits=20), ("auto", "city")),
        (case(is_power_lost=True, circuits=19), ("propose", "city")),
        (case(is_site_down=True, circuits=19), ("", "")),
    ],
    "typhoon_flood_criteria": [
        (case(warning="red"), ("auto", "group")),
        (case(warning="orange"), ("auto", "province")),
        (case(warning="yellow"), ("propose", "city")),
        (case(warning="blue"), ("propose", "city")),
        (case(), ("", "")),
    ],
    "case_triage": [
        (triage(article=7, knows_answer=True), ("article",)),
        (triage(parties=["mobile", "billing"], knows_answer=True), ("cross_line",)),
        (triage(is_repeated=True, knows_answer=True), ("special",)),
        (triage(is_several=True, knows_answer=True), ("special",)),
        (triage(knows_answer=True), ("known",)),
        (triage(), ("ordinary",)),
    ],
    "consultation_limit": [
        (asked("city", is_press=True), (30, "province")),
        (asked("province", is_press=True), (60, "group")),
        (asked("city"), (120, "province")),
        (asked("province"), (240, "group")),
        (asked("group", is_press=True), (480, "group")),
    ],
    "consultation_needed": [
        (sorted_as("article", is_press=True), (True, "province")),
        (sorted_as("known"), (False, "city")),
        (sorted_as("special"), (True, "province")),
        (sorted_as("ordinary"), (True, "city")),
    ],
    "finding_grade": [
        (seen(nature="need"), ("minor", "lead", 30)),
        (seen(nature="data"), ("minor", "discrepancy", 14)),
        (seen(nature="danger", verdict="bad"), ("urgent", "ticket", 1)),
        (seen(nature="danger", grade="AA"), ("major", "work", 3)),
        (seen(nature="danger"), ("major", "work", 7)),
        (seen(nature="ageing", verdict="bad", grade="AAA"), ("major", "work", 7)),
        (seen(nature="ageing", grade="AAA"), ("minor", "work", 14)),
        (seen(nature="ageing"), ("minor", "work", 30)),
        (seen(), ("minor", "note", 90)),
    ],
    "inspection_cycle": [
        (rooms(is_headquarters=True), (1, 5)),
        (rooms(grade="AAA"), (1, 3)),
        (rooms(grade="AA", is_ageing=True), (1, 1)),
        (rooms(grade="AA"), (3, 1)),
        (rooms(grade="A", is_ageing=True), (3, 1)),
        (rooms(grade="A"), (6, 1)),
        (rooms(is_ageing=True), (0, 0)),
    ],
}
