"""Timed work: every due row in its own transaction; a bad one is put off and the others go on."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bpmn import library, runs
from records import Alarm, AlarmGroup, Run, ServiceCall, Ticket, WorkOrder
from records.database import open_session
from tasks import work_orders
from tasks.network import alarms
from tasks.services import SERVICES, Service
from tests.diagram_maker import boundary, bundle, duration, node, service
from workflows.alarms import open_tickets
from workflows.runs import fire_timers
from workflows.service_calls import make_calls
from workflows.ticking import each_due
from workflows.traces import BadTrace, read_trace
from workflows.work_orders import resume_orders


@pytest.fixture
def publish(session, cast, now):
    def publish(*nodes_and_flows):
        library.keep_version(session, bundle(*nodes_and_flows), [], by="owen", now=now)
        runs.start(session, "p", {}, by="dora", now=now)
        session.commit()

    return publish


def found(engine, *columns):
    with open_session(engine, readonly=True) as session:
        return session.exec(select(*columns)).all()


def test_timers_fire_when_due_and_not_before(engine, publish, now):
    publish([boundary("B", "A", duration("PT2H")), node("userTask", "A")], "s A e", "B e2")
    almost, due = now + timedelta(minutes=119), now + timedelta(hours=2)
    assert [fire_timers(engine, at) for at in (almost, due, due)] == [0, 1, 0]
    assert found(engine, Run.status) == ["finished"]


def test_an_outside_service_is_called_once_and_its_answer_moves_the_run(
    engine, publish, now, monkeypatch
):
    asked = []
    answer = Service(lambda key: asked.append(key) or {"up": True}, is_outside=True)
    monkeypatch.setitem(SERVICES, "ask", answer)
    publish([service("S", "ask")], "s S A e")

    assert [make_calls(engine, now), make_calls(engine, now)] == [1, 0]
    assert asked == found(engine, ServiceCall.key)
    assert found(engine, WorkOrder.element) == ["A"]


def test_an_outside_service_that_fails_is_asked_again_under_its_key(
    engine, publish, now, monkeypatch
):
    asked = []

    def fail_once(key):
        asked.append(key)
        if len(asked) == 1:
            raise ConnectionError("down")
        return {}

    monkeypatch.setitem(SERVICES, "ask", Service(fail_once, is_outside=True))
    publish([service("S", "ask")], "s S A e")
    make_calls(engine, now, clock=lambda: now)
    assert make_calls(engine, now, clock=lambda: now) == 0
    assert make_calls(engine, now + timedelta(seconds=9)) == 1
    assert len(asked) == 2 and len(set(asked)) == 1


def test_one_bad_row_is_logged_with_its_key_and_the_others_go_on(engine, caplog):
    done, put_off = [], []

    def act(session, key):
        if key == 2:
            raise RuntimeError("bad")
        done.append(key)

    count = each_due(
        engine, lambda session: [1, 2, 3], act, lambda session, key: put_off.append(key)
    )
    assert (count, done, put_off) == (2, [1, 3], [2])
    assert "act of 2 failed" in caplog.text


def test_a_group_that_nothing_can_be_done_about_is_put_off(engine, session, cast, now, caplog):
    """The shipped diagrams are not published here, so nobody can say what to do."""
    report = alarms.Report("ems", "HZ-1", "los", now)
    alarms.receive(session, [report], now=now)
    session.commit()

    held = now + timedelta(seconds=15)
    assert open_tickets(engine, held) == 1 and "failed" in caplog.text
    assert found(engine, Alarm.act_at) == [None]
    assert found(engine, AlarmGroup.act_at) == [held + timedelta(minutes=1)]
    assert found(engine, Ticket.id) == []


def test_a_suspended_order_goes_on_by_itself(engine, session, publish, cast, now):
    publish([], "s A e")
    order = session.exec(select(WorkOrder)).one()
    work_orders.accept(session, order, by=cast["dora"], now=now)
    until = now + timedelta(hours=1)
    told = {"reason": "no_access", "evidence": "call", "resume_at": until, "customer_told": True}
    work_orders.suspend(session, order, **told, by=cast["dora"], now=now)
    session.commit()

    assert [resume_orders(engine, now), resume_orders(engine, until)] == [0, 1]
    assert found(engine, WorkOrder.state) == ["accepted"]


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "must name the columns"),
        ("a,b\n1,2\n", "must name the columns"),
        ("alarm_id,device_id,start_timestamp,end_timestamp\n", "no alarms"),
        ("alarm_id,device_id,start_timestamp,end_timestamp\n1,2,x,3\n", "Line 2"),
        ("alarm_id,device_id,start_timestamp,end_timestamp\n1,2\n", "Line 2"),
    ],
)
def test_a_file_that_is_no_trace_says_what_is_wrong(tmp_path, text, told):
    path = tmp_path / "trace.csv"
    path.write_text(text)
    with pytest.raises(BadTrace, match=told):
        read_trace(path)


def test_a_file_that_is_not_there_or_not_an_archive_says_so(tmp_path):
    (tmp_path / "trace.tgz").write_bytes(b"not an archive")
    (tmp_path / "gbk.csv").write_bytes("告警".encode("gbk"))
    for name in ("trace.tgz", "gbk.csv", "nowhere.csv"):
        with pytest.raises(BadTrace, match=name):
            read_trace(tmp_path / name)
