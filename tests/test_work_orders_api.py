"""Work orders over HTTP: a fault from a call to the close, lists, files, races."""

import pytest
from sqlmodel import select

from bpmn import library, runs
from records import Run, WorkOrder
from tests.asking import wrong_fields
from tests.diagram_maker import bundle, node, properties

JUDGE = node("userTask", "Judge", properties(form="judge.json"))
FORM = b'{"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}'


@pytest.fixture
def dora(as_):
    return as_("dora")


@pytest.fixture
def place(session, cast, now):
    """The address of an order that waits at Judge, in nobody's group."""
    made = bundle([JUDGE], "s Judge C e") | {"judge.json": FORM}
    library.keep_version(session, made, [], by="owen", now=now)
    runs.start(session, "p", {}, by="dora", now=now)
    session.commit()
    number = session.exec(select(WorkOrder.id)).one()
    session.commit()  # on SQLite, let the others write
    return f"/api/work-orders/{number}"


def do(client, place, what, **body):
    answer = client.post(f"{place}/{what}", json=body)
    return answer.status_code, answer.json()


def test_an_order_is_accepted_and_completed_and_the_next_is_open_at_once(dora, place):
    assert dora.get(place).json()["form_schema"]["required"] == ["ok"]
    assert do(dora, place, "acceptance")[1]["state_zh"] == "已接单"
    assert do(dora, place, "completion", answers={"ok": True})[1]["state"] == "closed"

    [order] = dora.get("/api/work-orders").json()["items"]
    assert order["element"] == "C"
    assert [run["status"] for run in dora.get("/api/runs").json()["items"]] == ["open"]


def test_wrong_answers_are_422_and_name_the_field_in_both_languages(dora, place):
    do(dora, place, "acceptance")
    status, told = do(dora, place, "completion", answers={"ok": "yes"})
    assert status == 422
    [field] = told["fields"]
    assert field["field"] == "ok" and "boolean" in field["en"] and field["zh"]
    assert dora.get(place).json()["state"] == "accepted"


def test_answers_that_cannot_be_kept_are_422_for_every_verb(dora, place):
    do(dora, place, "acceptance")
    for answers in ({"ok": 10**30}, {"ok": "\0"}, {"x": "x" * 300_000}):
        for what in ("reply", "completion"):
            assert wrong_fields(dora.post(f"{place}/{what}", json={"answers": answers}))
        draft = dora.put(f"{place}/draft", json={"answers": answers})
        assert wrong_fields(draft) == ["answers"]
    assert dora.get(place).json()["draft"] is None


@pytest.mark.both_databases
def test_the_second_to_complete_gets_409_and_who_was_first(dora, as_, place):
    do(dora, place, "acceptance")
    do(dora, place, "completion", answers={"ok": True})
    status, told = do(as_("nora"), place, "completion", answers={"ok": True})
    assert (status, told["first"]) == (409, "dora")


def test_an_engineer_of_another_group_may_not_take_it(as_, place):
    status, told = do(as_("liu"), place, "acceptance")
    assert (status, told["type"]) == (403, "urn:baton:forbidden")


def test_what_others_hold_is_not_in_my_queue(dora, as_, place):
    do(dora, place, "acceptance")
    assert len(dora.get("/api/work-orders?queue=mine").json()["items"]) == 1
    assert as_("nora").get("/api/work-orders?queue=mine").json()["items"] == []


def test_a_file_is_kept_once_and_comes_back_as_a_download(dora, place):
    do(dora, place, "acceptance")
    told = {"headers": {"Content-Type": "image/png", "Idempotency-Key": "k1"}}
    told |= {"content": b"\x89PNG", "params": {"name": "门.png"}}
    first, second = (dora.post(f"{place}/attachments", **told).json() for _ in range(2))
    assert first == second and len(dora.get(f"{place}/attachments").json()) == 1
    answer = dora.get(f"{place}/attachments/{first['id']}")
    assert answer.content == b"\x89PNG" and answer.headers["content-disposition"] == "attachment"


def test_comments_chases_and_drafts_reach_the_order(dora, place):
    do(dora, place, "acceptance")
    assert do(dora, place, "comments", text="门锁了")[0] == 201
    assert do(dora, place, "chases", text="还要多久?")[0] == 200
    dora.put(f"{place}/draft", json={"answers": {"ok": None}})
    assert dora.get(place).json()["draft"] == {"ok": None}
    assert [one["text"] for one in dora.get(f"{place}/comments").json()] == ["门锁了"]


def test_why_a_run_waits_names_the_order_and_its_holder(dora, session, place):
    do(dora, place, "acceptance")
    run = session.exec(select(Run.id)).one()
    session.commit()
    [told] = dora.get(f"/api/runs/{run}/why").json()
    assert (told["waits_for"], told["holder"]) == ("person", "dora")


def test_an_unknown_order_is_404_with_a_sentence(dora, cast):
    for what in ("comments", "attachments"):
        assert dora.get(f"/api/work-orders/99/{what}").status_code == 404
    status, told = do(dora, "/api/work-orders/99", "acceptance")
    assert status == 404 and "99" in told["zh"] and "99" in told["en"]
