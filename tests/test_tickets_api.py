"""Fault tickets over HTTP: what is reported, what is done to a ticket, who may, what is listed."""

from datetime import timedelta

import pytest

from records import Circuit
from tasks.faults import intake
from tests.asking import CALL, post, publish_fault, refused, work_off, wrong_fields

STOP = {"reason": "no_access", "evidence": "02:40 致电物业,无人应答", "customer_told": True}
WRONG = [  # what is wrong with a report, and the field that the answer names
    ({"phone": "call me"}, "phone"),
    ({"impact": "bad"}, "impact"),
    ({"symptom": ""}, "symptom"),
    ({"started_at": "yesterday"}, "started_at"),
    ({"started_at": "2026-03-11T09:00:00Z"}, "started_at"),
    ({"started_at": "0001-01-01T00:00:00+10:00"}, "started_at"),
    ({"colour": "red"}, "colour"),
    ({"symptom": "a\0b"}, "body"),
    ({"lights": 10**30}, "body"),
]
STEERING = {  # verb: what may be given to it
    "grade": {"grade": "A", "reason": "r"},
    "merger": {"parent": 2, "reason": "r"},
    "cancellation": {"reason": "test", "note": "试"},
    "specialties": {"domain": "line", "reason": "r"},
    "suspension": STOP | {"resume_at": "2026-03-11T03:14:00Z"},
}


@pytest.fixture
def dora(as_, session, now):
    publish_fault(session, now)
    return as_("dora")


@pytest.fixture
def ticket(dora):
    """The address of a ticket that a call has opened."""
    return f"tickets/{post(dora, 'tickets', **CALL)['id']}"


def second(client, session, **told):
    """The address of a ticket about another circuit of the bank."""
    found = intake.find_circuit(session, code="HD-DIA-1")
    session.add(Circuit(code="HD-DIA-2", **found.model_dump(exclude={"id", "code"})))
    session.commit()
    call = CALL | {"circuit_code": "HD-DIA-2"} | told
    return f"tickets/{post(client, 'tickets', **call)['id']}"


def orders(client, ticket):
    found = client.get(f"/api/work-orders?ticket={ticket.split('/')[1]}").json()["items"]
    return {order["element"]: order["state"] for order in found}


def verbs(client, ticket):
    path = f"/api/history?subject={ticket.replace('tickets/', 'ticket:')}"
    return [entry["verb"] for entry in client.get(path).json()["items"]][::-1]


# Reporting


def test_a_report_opens_a_ticket_and_a_second_one_is_a_call_on_it(dora, as_):
    form = dora.get("/api/tickets/form").json()
    first = post(as_("ada"), "tickets", **form["examples"][0])
    assert (first["number"], first["state_zh"], first["level"]) == (
        "FT-20260311-1",
        "已派单",
        "F2",
    )
    again = post(as_("ada"), "tickets", **CALL | {"symptom": "还没好吗?"})
    assert (again["id"], again["calls"], again["level"]) == (first["id"], 2, "F1")
    assert verbs(as_("mei"), "tickets/1")[-2:] == ["customer called", "level raised"]


def test_a_wrong_report_names_the_fields_and_opens_nothing(dora):
    for change, field in WRONG:
        assert wrong_fields(dora.post("/api/tickets", json=CALL | change)) == [field]
    fields = wrong_fields(dora.post("/api/tickets", json={"symptom": "断"}))
    assert fields == ["city", "customer", "impact", "phone", "reporter", "started_at"]
    refused(dora.post("/api/tickets", json=CALL | {"circuit_code": "HD-DIA-9"}), 404)
    assert dora.get("/api/tickets").json()["items"] == []


def test_a_report_that_is_sent_twice_under_one_key_is_one_call(dora):
    headers = {"Idempotency-Key": "k1"}
    first, again = (dora.post("/api/tickets", json=CALL, headers=headers) for _ in range(2))
    assert again.headers["idempotent-replayed"] == "true" and first.json() == again.json()
    assert dora.get("/api/tickets/1").json()["calls"] == 1


# What is done to a ticket


def test_the_second_call_raises_the_level_and_keeps_the_words(dora, as_, ticket):
    told = post(as_("ada"), f"{ticket}/calls", words="柜台都停了", caller="王敏")
    assert (told["calls"], told["level"]) == (2, "F1")
    assert wrong_fields(dora.post(f"/api/{ticket}/calls", json={"words": " "})) == [
        "words",
        "caller",
    ]
    history = as_("mei").get("/api/history?subject=ticket:1&verb=customer called").json()
    assert history["items"][0]["particulars"]["words"] == "柜台都停了"


def test_another_grade_brings_other_limits(dora, ticket):
    told = post(dora, f"{ticket}/grade", grade="A", impact="degraded", reason="客户更正")
    assert (told["grade"], told["impact"]) == ("A", "degraded")
    limit = dora.get(f"/api/{ticket}").json()["limit"]
    post(dora, f"{ticket}/grade", grade="AAA", reason="重要会议")
    assert dora.get(f"/api/{ticket}").json()["limit"] != limit
    for given, field in ({"grade": "gold"}, "grade"), ({"impact": "bad"}, "impact"), ({}, "grade"):
        answer = dora.post(f"/api/{ticket}/grade", json={"reason": "r"} | given)
        assert wrong_fields(answer) == [field]


def test_a_ticket_is_merged_into_its_parent_and_closed_with_it(dora, session, ticket):
    """主单、副单."""
    parent = second(dora, session)
    told = post(dora, f"{ticket}/merger", parent=2, reason="同一断点")
    assert (told["state"], told["parent_id"], orders(dora, ticket)) == ("merged", 2, {})
    assert dora.get(f"/api/{parent}").json()["children"] == [1]

    work_off(dora, 2, "accept_call")
    work_off(dora, 2, "judge", domains=[])
    work_off(dora, 2, "restore_test", "call_back", "close_ticket")
    assert dora.get(f"/api/{parent}").json()["state"] == "closed"
    assert dora.get(f"/api/{ticket}").json()["restored_at"]


def test_a_merger_that_makes_no_sense_is_refused(dora, session, ticket):
    parent = second(dora, session)
    for given, status in (1, 422), (99, 404), (0, 422), (10**30, 422):
        answer = dora.post(f"/api/{ticket}/merger", json={"parent": given, "reason": "r"})
        refused(answer, status)
    post(dora, f"{ticket}/merger", parent=2, reason="同一断点")
    refused(dora.post(f"/api/{ticket}/merger", json={"parent": 2, "reason": "r"}), 409)
    refused(dora.post(f"/api/{parent}/merger", json={"parent": 1, "reason": "r"}), 409)
    told = dora.post(f"/api/{parent}/cancellation", json=STEERING["cancellation"])
    assert "child" in refused(told, 409)["en"]


def test_a_cancellation_takes_a_reason_of_the_form_and_ends_the_run(dora, as_, ticket):
    given = STEERING["cancellation"]
    for change, field in ({"reason": "not_a_fault"}, "reason"), ({"note": ""}, "note"):
        answer = dora.post(f"/api/{ticket}/cancellation", json=given | change)
        assert wrong_fields(answer) == [field]
    told = post(dora, f"{ticket}/cancellation", reason="customer_withdrew", note="客户撤单")
    assert (told["state"], told["tmf_status"]) == ("cancelled", "cancelled")
    assert orders(dora, ticket) == {}
    assert dora.get(f"/api/runs/{told['run_id']}").json()["status"] == "finished"
    answer = dora.post(f"/api/{ticket}/cancellation", json=given)
    assert refused(answer, 409)["state"] == "cancelled"


def test_a_specialty_joins_a_repair_and_only_a_repair(dora, ticket):
    line = {"domain": "line", "reason": "需要协同"}
    told = refused(dora.post(f"/api/{ticket}/specialties", json=line), 409)
    assert "not being repaired" in told["en"]
    work_off(dora, 1, "accept_call")
    work_off(dora, 1, "judge", domains=["data"])
    post(dora, f"{ticket}/specialties", **line)
    assert orders(dora, ticket).keys() == {"data_remote", "line_added"}
    assert dora.get(f"/api/{ticket}").json()["domains"] == ["data", "line"]
    wrong = dora.post(f"/api/{ticket}/specialties", json=line | {"domain": "sales"})
    assert wrong_fields(wrong) == ["domain"]


# Suspending (挂起)


def test_a_suspension_stops_the_orders_until_it_is_resumed(dora, ticket, now):
    at = (now + timedelta(hours=2)).isoformat()
    told = post(dora, f"{ticket}/suspension", **STOP, resume_at=at)
    assert (told["state_zh"], orders(dora, ticket)) == ("挂起", {"accept_call": "suspended"})
    post(dora, f"{ticket}/suspension", **STOP, resume_at=at)
    resumed = dora.delete(f"/api/{ticket}/suspension").json()
    assert (resumed["state"], orders(dora, ticket)) == (
        "dispatched",
        {"accept_call": "dispatched"},
    )
    refused(dora.delete(f"/api/{ticket}/suspension"), 409)


def test_a_suspension_keeps_to_the_rules_and_long_ones_need_a_manager(dora, as_, ticket, now):
    good = STOP | {"resume_at": (now + timedelta(hours=3)).isoformat()}
    for change, field in [
        ({"reason": "night"}, "reason"),
        ({"reason": "lazy"}, "reason"),
        ({"evidence": " "}, "evidence"),
        ({"resume_at": now.isoformat()}, "resume_at"),
        ({"resume_at": (now + timedelta(hours=25)).isoformat()}, "resume_at"),
        ({"resume_at": "2026-03-11T03:14:00"}, "resume_at"),
    ]:
        assert wrong_fields(dora.post(f"/api/{ticket}/suspension", json=good | change)) == [field]
    refused(dora.post(f"/api/{ticket}/suspension", json=good), 403)
    assert post(as_("mei"), f"{ticket}/suspension", **good)["state"] == "suspended"


# Who may, and what is listed


def test_each_verb_is_for_those_who_may(as_, dora, ticket):
    for login in ("liu", "root", "owen"):
        refused(as_(login).post("/api/tickets", json=CALL), 403)
        refused(as_(login).post(f"/api/{ticket}/calls", json={"words": "?", "caller": "x"}), 403)
    for verb, given in STEERING.items():
        told = refused(as_("ada").post(f"/api/{ticket}/{verb}", json=given), 403)
        assert told["permission"] == "tickets:steer"
    refused(as_("ada").delete(f"/api/{ticket}/suspension"), 403)
    assert as_("liu").get(f"/api/{ticket}").json()["state"] == "dispatched"


def test_a_ticket_that_is_not_there_is_404_for_every_verb(dora):
    refused(dora.get("/api/tickets/99"), 404)
    refused(dora.post("/api/tickets/99/calls", json={"words": "?", "caller": "x"}), 404)
    for verb, given in STEERING.items():
        refused(dora.post(f"/api/tickets/99/{verb}", json=given), 404)
    refused(dora.delete("/api/tickets/99/suspension"), 404)
    refused(dora.get(f"/api/tickets/{10**30}"), 422)


def test_tickets_are_found_by_what_they_are_about(dora, session, ticket):
    slow = {"impact": "degraded", "symptom": "网速很慢 50%"}
    second(dora, session, **slow, started_at="2026-03-11t02:10:00z")
    post(dora, f"{ticket}/cancellation", **STEERING["cancellation"])
    for query, found in {
        "state=cancelled": [1],
        "open=true": [2],
        "open=false": [1],
        "grade=AAA": [2, 1],
        "level=F2&source=customer": [1],
        "circuit=2": [2],
        "customer=1&sort=opened_at": [1, 2],
        "parent=1": [],
        "q=很慢": [2],
        "q=50%25": [2],
        "q=hd-dia-1": [1],
        "q=_": [],
    }.items():
        items = dora.get(f"/api/tickets?{query}").json()["items"]
        assert [item["id"] for item in items] == found, query
    for query in ("colour=red", f"customer={10**30}", "sort=phone", "limit=0", "cursor=x"):
        assert wrong_fields(dora.get(f"/api/tickets?{query}")) == [query.split("=")[0]]


@pytest.mark.both_databases
def test_pages_follow_each_other_to_the_end(dora, session, clock):
    post(dora, "tickets", **CALL)
    clock.now += timedelta(minutes=1)
    second(dora, session)
    page = dora.get("/api/tickets?limit=1").json()
    assert [item["id"] for item in page["items"]] == [2]
    page = dora.get(f"/api/tickets?limit=1&cursor={page['next']}").json()
    assert ([item["id"] for item in page["items"]], page["next"]) == ([1], None)
