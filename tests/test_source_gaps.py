"""What a source never sent: a ticket where it stays missing, in alarm_source_gap, to every end."""

from datetime import timedelta
from itertools import chain

import orjson
import pytest
from sqlmodel import col, select

from bpmn import bundles, checks, forms, library, runs, tickets, wall
from records import AlarmSource, Entry, Run, Ticket, WorkOrder
from records.region.groups import GROUPS
from tasks import work_orders
from tasks.access.roles import ROLES
from tasks.network import alarm_sources, receipts
from tasks.services import SERVICES
from tests.asking import publish
from workflows.receipts import parse_receipts, watch_gaps

GAP = bundles.gather(library.SHIPPED / "diagrams" / "alarm_source_gap.bpmn").files
BLUEPRINT = wall.read_blueprint(GAP)
[FORM] = forms.readers(BLUEPRINT.forms).values()
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite"])
def engine(request):
    """Runs are proven on both elsewhere."""
    kept = request.getfixturevalue(request.param)
    yield kept.engine.execution_options()
    kept.empty()


@pytest.fixture
def omc(session, cast, now):
    publish(session, now, GAP)
    told = {"name": "东区 OMC"}
    source = alarm_sources.put(session, "omc-1", "omc", told, by=cast["mei"], now=now)
    session.commit()
    return source


@pytest.fixture
def send(engine, session, omc):
    def send(at, *numbers):
        for number in numbers:
            told = {"alarmSeq": number, "alarmTitle": "R_LOS", "alarmStatus": 1, "neName": "HZ-1"}
            told |= {"alarmId": f"{number}", "eventTime": at.isoformat()}
            receipts.keep(session, omc, orjson.dumps(told), "", at)
        session.commit()
        parse_receipts(engine, at)
        session.expire_all()

    return send


@pytest.fixture
def do(session, cast, now):
    def do(**answers):
        order = session.exec(select(WorkOrder).where(col(WorkOrder.finished_at).is_(None))).one()
        given = {**FORM.schema["examples"][0], **answers}
        work_orders.accept(session, order, by=cast["dora"], now=now)
        runs.complete_order(session, order, given, by=cast["dora"], now=now)
        session.commit()

    return do


def ends(session):
    """Of the runs, and the states of the tickets."""
    session.expire_all()
    return (
        list(session.exec(select(Run.end).order_by(Run.id))),
        list(session.exec(select(Ticket.state).order_by(Ticket.id))),
    )


def test_the_gate_finds_nothing():
    known = checks.Known(services=SERVICES, groups=GROUPS, roles=ROLES)
    assert checks.check(GAP, known) == []
    forms.check_answers(FORM, FORM.schema["examples"][0])


def test_a_gap_that_stays_is_one_ticket_and_ends_once_it_is_filled(engine, session, send, now):
    send(now, 5, 9)
    assert watch_gaps(engine, now + 14 * MINUTE) == 0
    assert (watch_gaps(engine, now + 15 * MINUTE), watch_gaps(engine, now + 16 * MINUTE)) == (1, 0)
    ticket = session.exec(select(Ticket)).one()
    assert (ticket.title, ticket.symptom) == ("告警源 东区 OMC 缺口未补", "缺 3 个序号(6–8)")
    assert (ticket.started_at, ticket.limit["restore"]) == (now, 480)
    send(now + 17 * MINUTE, 6, 7)
    assert watch_gaps(engine, now + 18 * MINUTE) == 0
    send(now + 19 * MINUTE, 8)
    assert (watch_gaps(engine, now + 20 * MINUTE), watch_gaps(engine, now + 21 * MINUTE)) == (1, 0)
    assert ends(session) == (["closed"], ["closed"])
    assert session.exec(select(AlarmSource.gap_ticket_id)).one() is None


def test_somebody_asks_again_and_then_waits_no_longer(engine, session, send, do, now):
    send(now, 5, 9)
    watch_gaps(engine, now + 15 * MINUTE)
    do(outcome="ask_again")
    assert ends(session) == ([""], ["dispatched"])
    do(outcome="give_up", note="网管已核对,无活动告警")
    assert ends(session) == (["given_up"], ["closed"])
    source = session.exec(select(AlarmSource)).one()
    assert (source.gaps, source.gap_at, source.resync) == ({}, None, "")
    [entry] = session.exec(select(Entry).where(Entry.verb == "gap given up"))
    assert entry.particulars["lost"] == {"sequence": [[6, 8]]}
    send(now + 20 * MINUTE, 10, 12)
    assert watch_gaps(engine, now + 35 * MINUTE) == 1  # another gap is another ticket
    send(now + 36 * MINUTE, 11)
    watch_gaps(engine, now + 37 * MINUTE)
    assert ends(session)[0] == ["given_up", "closed"]
    assert BLUEPRINT.nodes.keys() - visited(session) == set()


def test_who_cancels_the_ticket_is_not_asked_again_about_this_gap(engine, session, send, cast, now):
    send(now, 5, 9)
    watch_gaps(engine, now + 15 * MINUTE)
    ticket = session.exec(select(Ticket)).one()
    told = {"reason": "test", "note": "演练"}
    tickets.cancel(session, ticket, **told, by=cast["dora"], now=now)
    session.commit()
    assert watch_gaps(engine, now + 20 * MINUTE) == 0
    send(now + 21 * MINUTE, 6, 7, 8)
    watch_gaps(engine, now + 22 * MINUTE)
    session.expire_all()
    assert session.exec(select(AlarmSource.gap_ticket_id)).one() is None


def visited(session):
    rows = session.exec(select(Entry).where(col(Entry.subject).startswith("run:")))
    steps = chain(*(entry.particulars.get("steps", []) for entry in rows))
    return {step["element"] for step in steps if step["state"] == "done"}
