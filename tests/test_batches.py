"""One thing done to many work orders together: each answers for itself, and it can be undone."""

import re
from datetime import timedelta

import pytest
from sqlmodel import col, select

from records import Diagram, Entry, Run, Version, WorkOrder
from tasks import batches, work_orders
from tasks.refusals import Forbidden, Invalid, NotAllowed
from tests.asking import post, refused

AS_ORDERS = ("dispatched", None)


@pytest.fixture
def orders(session, cast, now):
    """Three of the line crew, in the queue."""
    diagram = Diagram(key="p", name="p")
    session.add(diagram)
    session.flush()
    told = {"content_hash": "", "bundle": b"{}", "published_at": now, "published_by": "owen"}
    version = Version(diagram_id=diagram.id, number=1, **told)
    session.add(version)
    session.flush()
    run = Run(version_id=version.id, diagram_key="p", content_hash="", started_at=now)
    session.add(run)
    session.flush()
    told = {"run_id": run.id, "element": "repair", "title": "修复 / Repair", "group_key": "line"}
    found = [WorkOrder(step_id=step, opened_at=now, **told) for step in (1, 2, 3)]
    session.add_all(found)
    session.commit()
    return found


@pytest.fixture
def together(session, orders, cast, now):
    """together("claim", "liu", reason=…): to all three, committed."""

    def together(verb, login, **told):
        ids = [order.id for order in orders]
        batch = batches.do(session, verb, ids, told, by=cast[login], now=now)
        session.commit()
        return batch

    return together


def as_they_are(orders):
    return [(order.state, order.holder) for order in orders]


def test_each_order_answers_for_itself(together, session, orders, cast, now):
    work_orders.claim(session, orders[1], by=cast["dora"], now=now)
    batch = together("claim", "liu")
    assert [one["is_done"] for one in batch.results] == [True, False, True]
    assert "dora" in batch.results[1]["en"]
    assert [order.holder for order in orders] == ["liu", "dora", "liu"]


def test_what_an_order_refuses_leaves_nothing_of_it(together, session, orders, cast, now):
    together("accept", "liu")
    batch = together("reassign", "dora", to="ada", group="noc", reason="x")  # dora, but not ada
    assert not any(one["is_done"] for one in batch.results)
    assert {order.group_key for order in orders} == {"line"}


def test_what_was_told_wrongly_for_all_is_refused_at_once(together, session, orders):
    with pytest.raises(Invalid):
        together("reassign", "dora", to="liu", group=None, reason=" ")
    with pytest.raises(Invalid):
        together("burn", "dora")


def test_undoing_puts_back_what_was(together, session, orders, cast, now):
    dora = cast["dora"]
    work_orders.claim(session, orders[0], by=cast["liu"], now=now)
    work_orders.accept(session, orders[1], by=cast["liu"], now=now)
    batch = together("reassign", "dora", to=None, group="access", reason="x")
    batches.undo(session, batch, by=dora, now=now)
    assert as_they_are(orders) == [("dispatched", "liu"), ("dispatched", "liu"), AS_ORDERS]
    assert {order.group_key for order in orders} == {"line"}
    told = [one.get("en", "") for one in batch.undone]
    assert told == ["", "Was accepted, is dispatched now", ""]


@pytest.mark.parametrize("verb", ["claim", "accept"])
def test_what_was_taken_is_given_back(together, session, orders, cast, now, verb):
    liu = cast["liu"]
    work_orders.claim(session, orders[2], by=liu, now=now)
    batches.undo(session, together(verb, "liu"), by=liu, now=now)
    assert as_they_are(orders) == [AS_ORDERS, AS_ORDERS, ("dispatched", "liu")]
    session.commit()
    verbs = session.exec(select(Entry.verb).where(col(Entry.subject).startswith("run:"))).all()
    assert verbs.count("released") == 3  # as anybody would, so history tells all of it


def test_what_has_moved_on_since_is_left_as_it_is(together, session, orders, cast, now):
    dora, until = cast["dora"], now + timedelta(hours=1)
    for order in orders:
        work_orders.accept(session, order, by=cast["liu"], now=now)
    told = {"reason": "no_access", "evidence": "x", "resume_at": until, "customer_told": True}
    batch = together("suspend", "dora", **told)
    work_orders.resume(session, orders[0], by=dora, now=now)
    batches.undo(session, batch, by=dora, now=now)
    assert [one["is_done"] for one in batch.undone] == [False, True, True]
    assert as_they_are(orders) == [("accepted", "liu")] * 3


def test_a_chase_that_was_heard_is_not_taken_back(together, session, cast, now):
    batch = together("chase", "dora", text="how far?")
    assert not batches.can_undo(batch, cast["dora"], now)
    batches.undo(session, batch, by=cast["dora"], now=now)
    assert not any(one["is_done"] for one in batch.undone)


def test_only_who_did_it_undoes_it_once_and_soon(together, session, cast, now):
    batch, liu = together("claim", "liu"), cast["liu"]
    with pytest.raises(Forbidden):
        batches.undo(session, batch, by=cast["dora"], now=now)
    with pytest.raises(NotAllowed):
        batches.undo(session, batch, by=liu, now=now + timedelta(hours=1))
    batches.undo(session, batch, by=liu, now=now)
    with pytest.raises(NotAllowed):
        batches.undo(session, batch, by=liu, now=now)


@pytest.mark.both_databases
def test_programs_do_the_same(as_, orders):
    dora, ids = as_("dora"), [order.id for order in orders]
    told = {"to": "liu", "reason": "near"}
    made = post(dora, "batches", verb="reassign", orders=[*ids, 999], assignment=told)
    assert [one["is_done"] for one in made["results"]] == [True, True, True, False]
    assert made["can_undo"] and dora.get("/api/batches").json()["items"] == [made]
    undone = post(dora, f"batches/{made['id']}/undoing")
    assert len(undone["undone"]) == 3 and not undone["can_undo"]
    again = dora.post(f"/api/batches/{made['id']}/undoing")
    assert refused(again, 409)["en"] == "It has been undone already: reload to see"


def test_people_choose_rows_and_see_how_each_answered(as_, orders, session, cast, now):
    dora, chosen = as_("dora"), {"order": [order.id for order in orders]}
    english = {"Accept-Language": "en"}
    wrong = dora.post(
        "/work-orders/batches?queue=line", data=chosen | {"verb": "reassign"}, headers=english
    )
    assert (
        wrong.status_code == 422 and len(re.findall(r'name="order"[^>]* checked', wrong.text)) == 3
    )  # still chosen
    done = dora.post(
        "/work-orders/batches?queue=line", data=chosen | {"verb": "claim"}, headers=english
    )
    assert "3 done, 0 refused" in done.text and "queue=line" in str(done.url)
    undone = dora.post(f"/work-orders/batches/{done.url.params['batch']}/undoing", headers=english)
    assert "Undone" in undone.text


def test_the_rows_are_sent_again_only_where_they_are_others(as_, orders, session):
    dora, place = as_("dora"), "/work-orders/live?queue=line"
    shown = dora.get("/work-orders?queue=line").text
    mark = re.search(r'data-mark="(\w+)"', shown)[1]
    assert dora.get(place, headers={"Baton-Mark": mark}).status_code == 204
    post(dora, f"work-orders/{orders[0].id}/claim")
    again = dora.get(place, headers={"Baton-Mark": mark})
    assert again.status_code == 200 and again.headers["Baton-Mark"] != mark
    assert again.text.count("data-row=") == 3 and "<html" not in again.text
