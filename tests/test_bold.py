"""Bold sessions: what goes wrong in one is done again, carefully, and nobody notices."""

from contextlib import suppress

import pytest
from sqlmodel import select

from bpmn import tickets
from records import Clock, Ticket, WorkOrder, history
from records.bold import DoAgain, unguarded
from records.database import open_session
from tasks import work_orders
from tasks.services import SERVICES
from tasks.sla import clocks
from tests.asking import publish
from tests.fault_walks import FAULT, example

pytestmark = pytest.mark.both_databases

ANSWERS = {"answers": example("accept.json")}


@pytest.fixture
def order(session, cast, now):
    """Dora's, about a call of the bank's: completing it calls the service tickets.accept."""
    publish(session, now, FAULT)
    told = {"circuit_code": "HD-DIA-1", "started_at": now.isoformat()}
    ticket = tickets.report(session, example("fault_intake.json") | told, by=cast["dora"], now=now)
    order = session.exec(select(WorkOrder).where(WorkOrder.run_id == ticket.run_id)).one()
    work_orders.accept(session, order, by=cast["dora"], now=now)
    session.commit()
    return order


def complete(client, order):
    return client.post(f"/api/work-orders/{order.id}/completion", json=ANSWERS)


def test_a_service_that_fails_leaves_nothing_of_itself(as_, order, session, monkeypatch):
    service = SERVICES["tickets.accept"]

    def half(caller):
        session = caller.session
        session.get_one(Ticket, order.ticket_id).symptom = "half done"
        session.flush()
        raise RuntimeError("broke")

    monkeypatch.setitem(SERVICES, "tickets.accept", type(service)(half))
    assert complete(as_("dora"), order).status_code == 200
    session.expire_all()
    assert session.get_one(Ticket, order.ticket_id).symptom != "half done"
    assert session.get_one(WorkOrder, order.id).state == "closed"


def test_a_chain_that_somebody_else_was_faster_with_is_not_broken(
    as_, order, session, engine, now, monkeypatch
):
    foresee = history.foresee

    def stale(session, ends):
        foresee(session, {subject: (seq - 1, "0" * 64) for subject, (seq, _) in ends.items()})

    monkeypatch.setattr(history, "foresee", stale)
    assert complete(as_("dora"), order).status_code == 200
    assert list(history.breaks(session)) == []


def test_the_next_tick_catches_up_with_the_clocks(as_, order, session, now):
    accept = select(Clock.state).where(Clock.ticket_id == order.ticket_id, Clock.name == "accept")
    dora = as_("dora")
    assert complete(dora, order).status_code == 200
    shown = dora.get("/api/clocks", params={"name": "accept"}).json()["items"]
    assert [clock["state"] for clock in shown] == ["met"], "what is shown is as it is"
    assert session.exec(accept).one() == "running"
    assert (clocks.catch_up(session, now=now), clocks.catch_up(session, now=now)) == (1, 0)
    assert session.exec(accept).one() == "met"


def test_a_refusal_is_told_as_a_careful_session_tells_it(as_, order):
    dora = as_("dora")
    assert complete(dora, order).status_code == 200
    assert complete(dora, order).json()["type"] == "urn:baton:not-allowed"


def test_nothing_is_committed_once_something_was_undone_badly(engine, cast, now):
    with (
        pytest.raises(DoAgain),
        open_session(engine, bold=True) as session,
        suppress(ZeroDivisionError),
        unguarded(session),
    ):
        history.record(session, "opened", subject="ticket:1", by="dora", at=now)
        _ = 1 / 0
    with open_session(engine, readonly=True) as session:
        assert history.count(session, "ticket:1") == (0, 0)
