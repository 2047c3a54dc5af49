"""Asking the API: what it tells, and how it refuses, in both languages. For test_*_api.py."""

from bpmn import library, tickets, wall
from tasks.sla import clocks
from tests.databases import SHELF
from tests.fault_walks import FAULT, FORMS, RESPONSE

CALL = FORMS["fault_intake.json"].schema["examples"][0]  # about HD-DIA-1


def post(client, path, **body):
    answer = client.post(f"/api/{path}", json=body)
    assert answer.is_success, answer.text
    return answer.json()


def refused(answer, status):
    """The problem that the answer tells, which has this status."""
    assert answer.status_code == status, answer.text
    told = answer.json()
    sentences = [told, *told["fields"], *told.get("findings", [])]
    assert all(said["zh"] and said["en"] and said["zh"] != said["en"] for said in sentences)
    return told


def wrong_fields(answer):
    return [wrong["field"] for wrong in refused(answer, 422)["fields"]]


def publish_fault(session, now):
    """What alarms and calls become, as new runs use it."""
    publish(session, now, FAULT, RESPONSE)


def publish(session, now, *bundles):
    """Into an empty library, past the gate, which has tests of its own; the second time quickly."""

    def keep():
        for bundle in bundles:
            library.keep_version(session, bundle, [], by="owen", now=now)

    SHELF.lay(session, f"published {now} {[wall.content_hash(each) for each in bundles]}", keep)


def report_fault(session, cast, now, **answers):
    """The ticket of a call about HD-DIA-1, whose first order waits for the call centre."""
    publish(session, now, FAULT)
    call = {**CALL, "circuit_code": "HD-DIA-1", "started_at": now.isoformat(), **answers}
    ticket = tickets.report(session, call, by=cast["ada"], now=now)
    session.commit()
    clocks.catch_up(session, now=now)
    session.commit()
    return ticket


def work_off(client, ticket, *elements, **answers):
    """Accept and complete these orders of a ticket, with the examples of their forms and these."""
    for element in elements:
        orders = client.get(f"/api/work-orders?ticket={ticket}").json()["items"]
        place = next(f"work-orders/{one['id']}" for one in orders if one["element"] == element)
        form = client.get(f"/api/{place}").json()["form_schema"]
        post(client, f"{place}/acceptance")
        post(client, f"{place}/completion", answers={**form["examples"][0], **answers})
