"""Two shifts do the same job at the same moment: everything is done once, and nothing fails."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlmodel import select

from bpmn import library, runs
from records import Alarm, Entry, PlannedWork, ServiceCall, Ticket, WorkOrder
from records.database import connect, open_session
from tasks import work_orders
from tasks.network import alarm_holds, alarms, planned_works
from tasks.services import SERVICES, Service
from tests.asking import publish, publish_fault
from tests.diagram_maker import boundary, bundle, duration, node, service
from tests.fault_walks import FAULT, Walk
from workflows.alarms import correlate, respond, watch_clears
from workflows.planned_works import turn_windows
from workflows.runs import fire_timers
from workflows.service_calls import make_calls
from workflows.work_orders import resume_orders

MANY = 6


@pytest.fixture
def at_once(engine, caplog):
    """Do a job twice, each on an engine of its own as two processes have; what each did."""

    def at_once(job, now):
        begin, done = Barrier(2), []
        engines = [connect(engine.url.render_as_string(hide_password=False)) for _ in range(2)]

        def do(own):
            begin.wait()
            done.append(job(own, now))

        both = [Thread(target=do, args=(own,)) for own in engines]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        for own in engines:
            own.dispose()
        assert caplog.text == ""
        return sum(done)

    return at_once


@pytest.fixture
def start(session, cast, now):
    def start(*nodes_and_flows):
        library.keep_version(session, bundle(*nodes_and_flows), [], by="owen", now=now)
        for _ in range(MANY):
            runs.start(session, "p", {}, by="dora", now=now)
        session.commit()

    return start


def told_of(engine, verb, subject):
    with open_session(engine, readonly=True) as session:
        entries = session.exec(select(Entry).where(Entry.verb == verb)).all()
        return [entry for entry in entries if entry.subject.startswith(subject)]


def test_a_timer_fires_once(engine, start, at_once, now):
    start([boundary("B", "A", duration("PT2H")), node("userTask", "A")], "s A e", "B e2")
    assert at_once(fire_timers, now + timedelta(hours=2)) == MANY
    assert len(told_of(engine, "finished", "run:")) == MANY


def test_a_call_is_made_once(engine, start, at_once, now, monkeypatch):
    asked = []
    ask = Service(lambda key: asked.append(key) or {"up": True}, is_outside=True)
    monkeypatch.setitem(SERVICES, "ask", ask)
    start([service("S", "ask")], "s S A e")
    assert at_once(make_calls, now) == MANY
    with open_session(engine, readonly=True) as session:
        assert sorted(asked) == sorted(session.exec(select(ServiceCall.key)))
    assert len(told_of(engine, "opened", "run:")) == MANY


def test_an_order_is_resumed_once(engine, session, start, cast, at_once, now):
    start([], "s A e")
    until = now + timedelta(hours=1)
    given = {"reason": "no_access", "evidence": "call", "resume_at": until, "customer_told": True}
    for order in session.exec(select(WorkOrder)).all():
        work_orders.accept(session, order, by=cast["dora"], now=now)
        work_orders.suspend(session, order, **given, by=cast["dora"], now=now)
    session.commit()
    assert at_once(resume_orders, until) == MANY
    assert len(told_of(engine, "resumed", "run:")) == MANY


def test_an_alarm_is_taken_up_once(engine, session, cast, at_once, now):
    publish_fault(session, now)
    told = {"raised_at": now, "severity": "critical"}
    reports = [
        alarms.Report("ems", "HZ-1", f"los-{n % 3}", text=f"{n}", **told) for n in range(MANY)
    ]
    alarms.receive(session, reports, now=now)
    session.commit()
    later = now + timedelta(seconds=15)
    assert at_once(correlate, later) == 3
    assert at_once(respond, later) == 1
    with open_session(engine, readonly=True) as own:
        assert [one.alarms for one in own.exec(select(Ticket))] == [MANY]
        assert own.exec(select(Alarm.act_at)).all() == [None] * 3
    assert len(told_of(engine, "opened", "ticket:")) == 1


def test_a_window_is_ended_once_and_wakes_its_alarms_once(engine, session, cast, at_once, now):
    times = {"starts_at": now, "ends_at": now + timedelta(hours=1)}
    told = {"title": "割接", "reason": "抢修", "devices": ["HZ-1"], **times}
    planned_works.create(session, told, by=cast["dora"], now=now)
    alarms.receive(session, [alarms.Report("ems", "HZ-1", "linkDown", now)], now=now)
    session.commit()

    def shield(own, now):
        with open_session(own) as other:
            return not alarm_holds.hold_back(other, [1], now=now)

    assert at_once(shield, now + timedelta(minutes=1)) == 2
    assert [at_once(turn_windows, at) for at in times.values()] == [1, 1]
    with open_session(engine, readonly=True) as own:
        assert own.exec(select(PlannedWork.woken)).one() == 1
        assert own.exec(select(Alarm.act_at)).one() == times["ends_at"]


def test_a_run_is_told_once_that_its_alarms_are_clear(engine, session, cast, at_once, now):
    publish(session, now, FAULT)
    walk = Walk(session, cast, now)
    alarm = walk.alarm()
    walk.do("accept_alarm").do("judge", domains=[]).do("restore_test")
    alarm.cleared_at = now
    session.commit()
    assert at_once(watch_clears, now + timedelta(minutes=5)) == 1
    assert len(told_of(engine, "got", "run:")) == 1
