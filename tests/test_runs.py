"""Runs: the engine, work orders, timers, messages, services and history in one transaction."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from bpmn import calls, incidents, library, runs
from records import Entry, Incident, Run, ServiceCall, Subscription, Timer, WorkOrder, history
from tasks import work_orders
from tasks.refusals import Forbidden, Invalid, NotAllowed
from tasks.services import SERVICES, Service, ServiceRefused
from tests.diagram_maker import (
    boundary,
    bundle,
    duration,
    gate,
    node,
    on,
    properties,
    script,
    service,
    throw,
)

LANES = node(
    "laneSet",
    "lanes",
    '<bpmn:lane id="l" name="监控中心 / NOC">'
    "<bpmn:flowNodeRef>Judge</bpmn:flowNodeRef></bpmn:lane>",
)
FORM = b'{"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}'
JUDGE = node("userTask", "Judge", properties(form="judge.json", stage="judge", on_site="true"))


@pytest.fixture
def publish(session, cast, now):
    def publish(nodes, *flows, extra="", **files):
        files = {name.replace("_json", ".json"): text for name, text in files.items()}
        made = bundle(nodes, *flows, extra=extra) | files
        version = library.keep_version(session, made, [], by="owen", now=now)
        session.commit()
        return version

    return publish


@pytest.fixture
def judge(publish, session, now):
    """A run that waits at Judge, with a form, in the NOC's lane; C comes after it."""
    publish([LANES, JUDGE], "s Judge C e", judge_json=FORM)
    runs.start(session, "p", {}, by="dora", now=now)
    session.commit()
    return session.exec(select(WorkOrder)).one()


def start(session, now, **data):
    run = runs.start(session, "p", data, by="dora", now=now)
    session.commit()
    return run


def orders(session):
    waiting = select(WorkOrder).where(col(WorkOrder.finished_at).is_(None))
    session.expire_all()
    return {order.element: order for order in session.exec(waiting)}


def do(session, order, person, now, **answers):
    if order.state == "dispatched":
        work_orders.accept(session, order, by=person, now=now)
    runs.complete_order(session, order, answers, by=person, now=now)
    session.commit()


def verbs(session, run_id=1):
    rows = select(Entry).where(Entry.subject == f"run:{run_id}").order_by(Entry.seq)
    return [entry.verb for entry in session.exec(rows)]


def test_a_step_for_a_person_becomes_a_work_order_of_its_lane(judge):
    assert (judge.element, judge.group_key, judge.form) == ("Judge", "noc", "judge.json")
    assert (judge.state, judge.stage, judge.is_on_site) == ("dispatched", "judge", True)


def test_completing_an_order_moves_its_run_on(session, cast, judge, now):
    do(session, judge, cast["nora"], now, ok=True)

    assert list(orders(session)) == ["C"]
    assert (judge.state, judge.finished_by, judge.answers) == ("closed", "nora", {"ok": True})
    told = "started opened advanced claimed accepted completed opened advanced"
    assert verbs(session) == told.split()
    assert list(history.breaks(session)) == []


def test_the_last_order_finishes_the_run(session, cast, judge, now):
    do(session, judge, cast["nora"], now, ok=True)
    do(session, orders(session)["C"], cast["dora"], now)

    run = session.exec(select(Run)).one()
    assert (run.status, run.end, run.finished_at) == ("finished", "e", now)
    assert orders(session) == {}


@pytest.mark.parametrize(
    "answers, field",
    [({}, "ok"), ({"ok": "yes"}, "ok"), ({"ok": True, "x": 1}, None)],
)
def test_wrong_answers_name_the_field_and_change_nothing(session, cast, judge, now, answers, field):
    work_orders.accept(session, judge, by=cast["nora"], now=now)
    session.commit()
    if field is None:
        runs.complete_order(session, judge, answers, by=cast["nora"], now=now)
        return
    with pytest.raises(Invalid) as refused:
        runs.complete_order(session, judge, answers, by=cast["nora"], now=now)
    session.rollback()

    assert [wrong["field"] for wrong in refused.value.facts["fields"]] == [field]
    assert orders(session)["Judge"].state == "accepted"
    assert "completed" not in verbs(session)


def test_the_second_to_complete_hears_who_was_first(session, cast, judge, now):
    do(session, judge, cast["nora"], now, ok=True)
    with pytest.raises(NotAllowed, match="nora"):
        runs.complete_order(session, judge, {"ok": True}, by=cast["dora"], now=now)


def test_two_sessions_at_once_complete_an_order_once(engine, session, cast, judge, now):
    work_orders.accept(session, judge, by=cast["nora"], now=now)
    session.commit()
    outcomes = []
    for _ in range(2):
        with Session(engine, expire_on_commit=False) as other:
            order = other.get_one(WorkOrder, judge.id)
            try:
                runs.complete_order(other, order, {"ok": True}, by=cast["nora"], now=now)
                other.commit()
                outcomes.append("done")
            except NotAllowed:
                outcomes.append("refused")
    assert outcomes == ["done", "refused"]


def test_only_the_holder_or_a_dispatcher_completes(session, cast, judge, now):
    work_orders.accept(session, judge, by=cast["nora"], now=now)
    with pytest.raises(Forbidden, match="nora"):
        runs.complete_order(session, judge, {"ok": True}, by=cast["liu"], now=now)


def test_a_timer_is_a_row_and_fires_when_due(session, publish, now):
    late = boundary("B", "A", duration("PT2H"), interrupting=False)
    publish([late, node("userTask", "A")], "s A e", "B W e2")
    start(session, now)
    assert session.exec(select(Timer.due_at)).all() == [now + timedelta(hours=2)]

    runs.wake(session, 1, now=now + timedelta(hours=2))
    session.commit()
    assert sorted(orders(session)) == ["A", "W"]
    assert session.exec(select(Timer)).all() == []


def test_a_message_reaches_the_run_that_waits_for_its_key(session, publish, now):
    cleared = boundary("B", "A", on("message", "m"))
    message = '<bpmn:message id="m" name="alarm_cleared"/>'
    publish([cleared, node("userTask", "A")], "s A e", "B W e2", extra=message)
    start(session, now)
    assert session.exec(select(Subscription.name)).all() == ["alarm_cleared"]

    told = {"by": "nora", "now": now}
    assert runs.send(session, "message", "customer_called", {}, **told) == 0
    assert runs.send(session, "message", "alarm_cleared", {"x": 1}, run_id=9, **told) == 0
    assert runs.send(session, "message", "alarm_cleared", {"x": 1}, run_id=1, **told) == 1
    session.commit()
    assert list(orders(session)) == ["W"]
    assert (
        session.exec(select(WorkOrder.state).where(WorkOrder.element == "A")).one() == "cancelled"
    )


def test_a_signal_thrown_by_one_run_reaches_the_others(session, publish, now):
    signal = '<bpmn:signal id="g" name="alert"/>'
    heard = boundary("B", "A", on("signal", "g"))
    publish([heard, node("userTask", "A")], "s A e", "B W e2", extra=signal)
    start(session, now)
    publish([throw("T", on("signal", "g"))], "s T U e", extra=signal)
    start(session, now)

    assert sorted(orders(session)) == ["U", "W"]


def test_an_inside_service_runs_in_the_same_transaction(session, publish, now, monkeypatch):
    def double(caller, *, n):
        return {"twice": 2 * n, "about": caller.subject, "key": caller.key}

    monkeypatch.setitem(SERVICES, "double", Service(double))
    publish([service("S", "double", n="a + 1"), JUDGE], "s S Judge e", judge_json=FORM)
    start(session, now, a=1)

    assert "Judge" in orders(session)
    steps = session.exec(select(Entry).where(Entry.verb == "advanced")).one().particulars["steps"]
    [told] = [step for step in steps if step["element"] == "S"]
    assert told["changes"]["r"]["twice"] == 4


def test_a_service_that_raises_is_tried_again_and_then_becomes_an_incident(
    session, publish, now, monkeypatch
):
    monkeypatch.setitem(SERVICES, "fail", Service(lambda caller: 1 / 0))
    publish([service("S", "fail")], "s S A e")
    start(session, now)
    call = session.exec(select(ServiceCall)).one()
    assert (call.state, call.attempts, "ZeroDivisionError" in call.error) == ("waiting", 1, True)

    for _ in range(5):
        now = max(now, call.due_at)
        calls.claim(session, call.id, now=now)
        calls.settle(session, call.id, None, now=now)
        session.commit()
    assert call.state == "failed"
    assert session.exec(select(Incident)).one().element == "S"


def test_a_refused_service_takes_the_error_path(session, publish, now, monkeypatch):
    def refuse(caller):
        raise ServiceRefused("no-port", "没有端口", "There is no port")

    monkeypatch.setitem(SERVICES, "refuse", Service(refuse))
    error = '<bpmn:error id="er" name="no port" errorCode="no-port"/>'
    publish(
        [service("S", "refuse"), boundary("B", "S", on("error", "er"))],
        "s S e",
        "B W e2",
        extra=error,
    )
    start(session, now)

    assert list(orders(session)) == ["W"]
    assert session.exec(select(Incident)).all() == []


def test_an_outside_service_waits_and_keeps_one_key(session, publish, now, monkeypatch):
    monkeypatch.setitem(SERVICES, "ask", Service(lambda key, **question: {}, is_outside=True))
    publish([service("S", "ask", place="'here'")], "s S A e")
    start(session, now)
    call = session.exec(select(ServiceCall)).one()
    assert (call.params, call.attempts) == ({"place": "here"}, 0)

    assert calls.claim(session, call.id, now=now)
    assert calls.claim(session, call.id, now=now) is None  # another worker
    calls.settle(session, call.id, calls.Outcome(result={"up": True}), now=now)
    session.commit()
    assert call.state == "done" and list(orders(session)) == ["A"]


def test_a_timeout_that_was_faster_drops_the_call(session, publish, now, monkeypatch):
    monkeypatch.setitem(SERVICES, "ask", Service(lambda key: {}, is_outside=True))
    publish([service("S", "ask"), boundary("B", "S", duration("PT1M"))], "s S A e", "B W e2")
    start(session, now)
    runs.wake(session, 1, now=now + timedelta(minutes=1))
    session.commit()
    call = session.exec(select(ServiceCall)).one()
    calls.settle(session, call.id, calls.Outcome(result={}), now=now)

    assert call.state == "dropped" and list(orders(session)) == ["W"]


@pytest.fixture
def broken(session, publish, now):
    """A run whose script fails until `rate` is not zero; A waits beside it."""
    nodes = [gate("P", "parallel"), script("X", "share = 1 / rate"), gate("J", "parallel")]
    publish(nodes, "s P X J e", "P A J")
    start(session, now, rate=0)
    return session.exec(select(Incident)).one()


def test_a_script_that_fails_is_an_incident_and_the_other_branch_goes_on(
    session, broken, cast, now
):
    assert (broken.element, broken.kind, broken.settled_at) == ("X", "script", None)
    assert broken.zh and broken.en
    do(session, orders(session)["A"], cast["dora"], now)
    assert session.exec(select(Run.status)).one() == "open"


def test_correcting_the_data_lets_the_step_run(session, broken, cast, now):
    told = {"reason": "typo", "by": cast["root"], "now": now}
    incidents.correct(session, broken, {"rate": 2}, **told)
    session.commit()
    do(session, orders(session)["A"], cast["dora"], now)

    assert (broken.settled_how, broken.settled_by) == ("corrected", "root")
    assert session.exec(select(Run.status)).one() == "finished"


def test_a_retry_that_fails_again_is_a_new_incident(session, broken, cast, now):
    incidents.retry(session, broken, by=cast["root"], now=now)
    session.commit()

    again = session.exec(select(Incident).where(col(Incident.settled_at).is_(None))).one()
    assert broken.settled_how == "retried" and again.id != broken.id
    with pytest.raises(NotAllowed, match="root"):
        incidents.retry(session, broken, by=cast["root"], now=now)


def test_a_skip_needs_a_reason_and_goes_on(session, broken, cast, now):
    with pytest.raises(Invalid):
        incidents.skip(session, broken, reason=" ", by=cast["root"], now=now)
    incidents.skip(session, broken, reason="not needed", by=cast["root"], now=now)
    session.commit()
    assert "skipped" in verbs(session)
    assert session.exec(select(Incident).where(col(Incident.settled_at).is_(None))).all() == []


def test_cancelling_ends_everything_that_waits(session, publish, now):
    publish([boundary("B", "A", duration("PT2H")), node("userTask", "A")], "s A e", "B W e2")
    start(session, now)
    runs.cancel(session, 1, reason="opened twice", by="dora", now=now)
    session.commit()

    assert session.exec(select(Run.status)).one() == "cancelled"
    assert orders(session) == {} and session.exec(select(Timer)).all() == []
    with pytest.raises(NotAllowed):
        runs.wake(session, 1, now=now)


def test_why_names_what_each_token_waits_for(session, judge, now):
    [told] = runs.why(session, session.get_one(Run, 1), now=now)

    assert (told["waits_for"], told["element"], told["group"]) == ("person", "Judge", "noc")
    assert told["work_order"] == judge.id


def test_a_run_keeps_the_version_that_it_began_with(session, cast, publish, judge, now):
    publish([JUDGE], "s Judge D e", judge_json=FORM)
    do(session, judge, cast["nora"], now, ok=True)
    assert list(orders(session)) == ["C"]

    start(session, now)
    do(session, orders(session)["Judge"], cast["nora"], now, ok=True)
    assert sorted(orders(session)) == ["C", "D"]


def test_publishing_the_same_content_again_makes_no_new_version(publish):
    first = publish([], "s A e")
    assert publish([], "s A e").id == first.id
    assert publish([], "s B e").number == 2
