"""Groups as rows: opened, joined, taken over, over; tickets once; nothing lost, nothing twice."""

from datetime import timedelta

import pytest
from sqlmodel import col, func, select

from bpmn import alarm_groups as responses
from bpmn import library, runs
from records import (
    Alarm,
    AlarmGroup,
    Device,
    Discrepancy,
    Entry,
    Hop,
    Notice,
    Section,
    Shift,
    Ticket,
)
from records.database import open_session
from tasks import policies, shifts
from tasks.network import alarm_groups, alarms, group_changes
from tests.asking import publish_fault
from tests.fault_walks import RESPONSE
from tests.test_checks_responses import changed
from workflows.alarms import correlate, open_tickets, watch_clears

SECONDS, MINUTES = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def line(session, cast, now):
    """The bank's circuit over a section from HZ-1 to HZ-2, by ports."""
    publish_fault(session, now)
    section = Section(code="GL-1", from_site_id=1, to_site_id=2)
    session.add(section)
    session.flush()
    hops = session.exec(select(Hop).order_by(Hop.seq)).all()
    hops[0].port, hops[0].section_id, hops[1].port = "1/1", section.id, "1/2"
    session.commit()


def tell(session, now, *objects, **more):
    told = {"source": "ems", "cause": "lossOfSignal", "severity": "critical", "raised_at": now}
    reports = [alarms.Report(object=name, **told | more) for name in objects]
    alarms.receive(session, reports, now=now)
    session.commit()


def groups(engine):
    with open_session(engine, readonly=True) as session:
        return session.exec(select(AlarmGroup).order_by(AlarmGroup.id)).all()


def verbs(engine, group):
    with open_session(engine, readonly=True) as session:
        mine = select(Entry.verb).where(Entry.subject == f"alarm group:{group}").order_by(Entry.id)
        return list(session.exec(mine.order_by(col(Entry.seq))))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_table_passes_the_gate_and_a_run_of_its_diagram_comes_to_its_end(session, cast, now):
    library.publish(session, RESPONSE, by="owen", now=now)
    told = dict.fromkeys(("is_shielded", "is_flapping", "is_environment"), False)
    told |= {"severity": "major", "impact": "degraded", "circuits": 0, "aaa": 0, "grade": ""}
    facts = {"group": told | {"is_known": True}}
    run = runs.start(session, "alarm_response", facts, by="dora", now=now)
    assert (run.status, run.end) == ("finished", "decided")


def test_both_ends_of_a_section_are_one_group_and_one_ticket(engine, session, line, now):
    tell(session, now, "HZ-1/1/1", "HZ-2/1/2")
    assert open_tickets(engine, now + 10 * SECONDS) == 3
    [group] = groups(engine)
    assert (group.root_kind, group.root_object, group.alarms) == ("section", "GL-1", 2)
    assert (group.action, group.priority, group.circuits, group.aaa) == ("ticket", "P1", 1, 1)
    assert group.decision["rows"] == [2] and group.decision["table"] == "alarm_priority"
    with open_session(engine, readonly=True) as own:
        [ticket] = own.exec(select(Ticket).where(col(Ticket.parent_id).is_(None)))
        assert set(own.exec(select(Alarm.ticket_id))) == {ticket.id} == {group.ticket_id}
        assert (ticket.alarms, ticket.priority) == (2, "P1")
    assert verbs(engine, group.id) == ["opened", "decided"]


def test_a_later_alarm_joins_and_the_ticket_counts_it(engine, session, line, now):
    tell(session, now, "HZ-1/1/1")
    open_tickets(engine, now + 10 * SECONDS)
    tell(session, now + MINUTES, "HZ-2/1/2", cause="alarmIndicationSignal", severity="major")
    assert open_tickets(engine, now + 70 * SECONDS) == 1
    [group] = groups(engine)
    assert group.alarms == 2 and verbs(engine, group.id) == ["opened", "decided", "joined"]
    with open_session(engine, readonly=True) as own:
        assert own.get_one(Ticket, group.ticket_id).alarms == 2


def test_a_better_root_takes_over_with_its_ticket(engine, session, line, now):
    tell(session, now, "HZ-2/1/2", cause="unreachable")
    open_tickets(engine, now + 15 * SECONDS)
    tell(session, now + 20 * SECONDS, "HZ-1/1/1")
    open_tickets(engine, now + 30 * SECONDS)
    first, better = groups(engine)
    assert (first.taken_over_by, better.root_object) == (better.id, "GL-1")
    assert first.over_at and better.alarms == 2
    with open_session(engine, readonly=True) as own:
        [ticket] = own.exec(select(Ticket).where(col(Ticket.parent_id).is_(None)))
        assert better.ticket_id == ticket.id
        assert set(own.exec(select(Alarm.group_id))) == {better.id}


def test_major_without_another_way_is_watched_for_a_minute_first(engine, session, line, now):
    tell(session, now, "HZ-1/1/1", severity="major")
    held = now + 10 * SECONDS
    open_tickets(engine, held)
    [group] = groups(engine)
    assert (group.priority, group.ticket_id, group.act_at) == ("P2", None, held + MINUTES)
    tell(session, held + 30 * SECONDS, "HZ-1/1/1", is_clear=True)
    watch_clears(engine, held + 31 * SECONDS)
    open_tickets(engine, held + MINUTES)
    [group] = groups(engine)
    assert (group.ticket_id, group.act_at) == (None, None) and group.cleared_at


def test_it_is_over_once_its_root_is_clear_for_good_and_what_stands_is_looked_at_anew(
    engine, session, line, now
):
    tell(session, now, "HZ-1/1/1")
    tell(session, now, "HZ-2/1/2", cause="unreachable")
    open_tickets(engine, now + 15 * SECONDS)
    tell(session, now + MINUTES, "HZ-1/1/1", is_clear=True)
    assert watch_clears(engine, now + 2 * MINUTES) == 1
    assert groups(engine)[0].cleared_at == now + MINUTES
    assert watch_clears(engine, now + 5 * MINUTES) == 0
    assert watch_clears(engine, now + 6 * MINUTES) == 1
    assert groups(engine)[0].over_at == now + 6 * MINUTES
    correlate(engine, now + 6 * MINUTES)
    assert [one.root_object for one in groups(engine)] == ["GL-1", "HZ-2/1/2"]


def test_one_that_alarms_anew_before_that_goes_on(engine, session, line, now):
    tell(session, now, "HZ-1/1/1")
    open_tickets(engine, now + 10 * SECONDS)
    tell(session, now + MINUTES, "HZ-1/1/1", is_clear=True)
    watch_clears(engine, now + 2 * MINUTES)
    tell(session, now + 3 * MINUTES, "HZ-1/1/1")
    open_tickets(engine, now + 4 * MINUTES)
    [group] = groups(engine)
    assert (group.cleared_at, group.alarms) == (None, 2)
    assert watch_clears(engine, now + 9 * MINUTES) == 1  # another alarm is its root's now
    assert groups(engine)[0].over_at is None


def test_what_was_watched_and_went_gets_one_ticket_once_it_flaps(engine, session, line, now):
    tell(session, now, "HZ-1/1/1", severity="major")
    open_tickets(engine, now + 10 * SECONDS)
    for seconds in range(20, 100, 20):
        at = now + seconds * SECONDS
        tell(session, at, "HZ-1/1/1", severity="major", is_clear=True)
        tell(session, at + 5 * SECONDS, "HZ-1/1/1", severity="major")
        open_tickets(engine, at + 6 * SECONDS)
    for minutes in (2, 3):
        open_tickets(engine, now + minutes * MINUTES)
    [group] = groups(engine)
    assert group.ticket_id and group.decision["inputs"]["is_flapping"]


def test_what_inventory_does_not_know_is_a_discrepancy_and_a_ticket(engine, session, line, now):
    tell(session, now, "X-9")
    open_tickets(engine, now + 10 * SECONDS)
    [group] = groups(engine)
    assert (group.root_kind, group.action, group.priority) == ("object", "discrepancy", "P4")
    with open_session(engine, readonly=True) as own:
        assert own.exec(select(Discrepancy.object)).all() == ["X-9"]
        assert own.get_one(Ticket, group.ticket_id).priority == "P4"


@pytest.fixture
def few_unknown(session, line, cast, now):
    """Two tickets of one source about objects that inventory lacks, and what comes shares one."""
    rules = policies.current(session, "alarms").content | {"unknown_tickets": 2}
    policies.publish(session, "alarms", rules, reason="试行", by=cast["owen"], now=now)
    session.commit()


@pytest.mark.one_database
def test_a_flood_of_objects_that_inventory_lacks_shares_one_ticket(
    engine, session, few_unknown, now
):
    """A source whose names of devices nobody has mapped."""
    tell(session, now, *(f"X-{n}" for n in range(6)))
    for seconds in (10, 20):
        open_tickets(engine, now + seconds * SECONDS)
    tell(session, now + 30 * SECONDS, "X-99", "HZ-1/1/1")
    open_tickets(engine, now + 40 * SECONDS)
    of = {one.root_object: one.ticket_id for one in groups(engine)}
    shared = of["X-5"]
    assert len({*of.values()}) == 4 and of["X-99"] == shared != of["GL-1"]
    with open_session(engine, readonly=True) as own:
        ticket = own.get_one(Ticket, shared)
        assert (ticket.title, ticket.alarms) == ("告警源 ems 有多个资源中没有的对象", 5)
        assert ticket.open_key == "unknown:ems" and ticket.state == "dispatched"
        assert len(own.exec(select(Discrepancy.object)).all()) == 7
        assert own.exec(select(func.count()).where(col(Alarm.ticket_id).is_(None))).one() == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_shared_ticket_is_taken_over_by_no_single_root(engine, session, few_unknown, cast, now):
    tell(session, now, *(f"X-{n}" for n in range(4)), "HZ-1/1/1")
    open_tickets(engine, now + 10 * SECONDS)
    shared = session.exec(select(Ticket).where(Ticket.open_key == "unknown:ems")).one()
    lesser, stays = session.exec(select(AlarmGroup).where(AlarmGroup.ticket_id == shared.id))
    better = session.exec(select(AlarmGroup).where(AlarmGroup.root_object == "GL-1")).one()
    reason = {"reason": "同一光缆", "by": cast["mei"], "now": now + 20 * SECONDS}
    group_changes.take_over(session, better, lesser, **reason)
    session.commit()
    open_tickets(engine, now + 20 * SECONDS)
    with open_session(engine, readonly=True) as own:
        of = dict(own.exec(select(Alarm.object, Alarm.ticket_id)).all())
        assert own.get_one(Ticket, shared.id).state == "dispatched"
    assert of[lesser.root_object] == of["HZ-1/1/1"] == better.ticket_id
    assert of[stays.root_object] == shared.id != better.ticket_id


def test_minor_alarms_are_kept_and_open_nothing(engine, session, line, now):
    tell(session, now, "HZ-1/1/1", severity="minor")
    open_tickets(engine, now + 10 * SECONDS)
    [group] = groups(engine)
    assert (group.action, group.ticket_id) == ("none", None)


def test_who_closed_the_ticket_gets_another_one_for_what_is_told_then(engine, session, line, now):
    tell(session, now, "HZ-1/1/1")
    open_tickets(engine, now + 10 * SECONDS)
    [group] = groups(engine)
    with open_session(engine) as own:
        ticket = own.get_one(Ticket, group.ticket_id)
        ticket.state, ticket.open_key = "cancelled", None
    tell(session, now + MINUTES, "HZ-2/1/2")
    open_tickets(engine, now + 2 * MINUTES)
    assert groups(engine)[0].ticket_id not in (None, group.ticket_id)


def test_one_alarm_at_fault_is_put_off_and_the_others_are_grouped(
    engine, session, line, now, monkeypatch, caplog
):
    tell(session, now, "HZ-1/1/1", "X-1", "X-2")
    place_of = alarm_groups.alarm_signs.place_of

    def fail(device, name, net):
        if name == "X-1":
            raise RuntimeError("bad")
        return place_of(device, name, net)

    monkeypatch.setattr(alarm_groups.alarm_signs, "place_of", fail)
    later = now + 10 * SECONDS
    assert correlate(engine, later) == 2 and "failed" in caplog.text
    with open_session(engine, readonly=True) as own:
        waiting = select(Alarm.object, Alarm.act_at).where(col(Alarm.act_at).is_not(None))
        assert own.exec(waiting).all() == [("X-1", later + MINUTES)]


def test_one_group_at_fault_is_put_off_and_the_others_are_answered(
    engine, session, line, now, monkeypatch, caplog
):
    respond = responses.respond

    def fail(session, group, *, now):
        if group.root_object == "nowhere-1":
            raise RuntimeError("bad")
        return respond(session, group, now=now)

    monkeypatch.setattr(responses, "respond", fail)
    tell(session, now, "nowhere-1", "nowhere-2", "nowhere-3")
    open_tickets(engine, now + MINUTES)
    assert [bool(group.action) for group in groups(engine)] == [False, True, True]
    assert "now one by one" in caplog.text
    later = now + 5 * MINUTES
    assert groups(engine)[0].act_at > now + MINUTES
    monkeypatch.undo()
    open_tickets(engine, later)
    assert all(group.action for group in groups(engine))


def test_after_a_rest_alarms_have_time_to_come_in_before_anything_is_done(
    engine, session, line, now
):
    tell(session, now, "HZ-1/1/1")
    told = {"flow": "shift", "host": "a"}
    session.add(Shift(**told, started_at=now - 9 * MINUTES, seen_at=now - 5 * MINUTES))
    session.add(Shift(**told, started_at=now, seen_at=now + MINUTES))
    session.commit()
    assert correlate(engine, now + 29 * SECONDS) == 0
    assert correlate(engine, now + 30 * SECONDS) == 1
    with open_session(engine, readonly=True) as own:
        assert not shifts.is_settling(own, timedelta(seconds=30), now=now + MINUTES)


def test_devices_without_recorded_ports_are_known_all_the_same(engine, session, line, now):
    session.exec(select(Hop).where(Hop.seq == 1)).one().port = ""
    tell(session, now, "HZ-1/GE1")
    open_tickets(engine, now + 10 * SECONDS)
    [group] = groups(engine)
    assert (group.root_kind, group.root_id) == ("device", session.get_one(Device, 1).id)
    assert group.circuits == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_whom_nobody_was_to_tell_is_told_once_it_gets_worse(engine, session, line, now):
    tell(session, now, "HZ-1", cause="temperatureUnacceptable")
    open_tickets(engine, now + 5 * MINUTES)
    [group] = groups(engine)
    assert group.decision["result"]["notice"] == "none" and group.ticket_id
    tell(session, now + 6 * MINUTES, "HZ-1", cause="powerProblem")
    for _ in range(2):
        open_tickets(engine, now + 7 * MINUTES)
    assert groups(engine)[1].decision["result"]["notice"] == "all"
    with open_session(engine, readonly=True) as own:
        [notice] = own.exec(select(Notice).where(Notice.template == "fault_known"))
        assert notice.subject == f"ticket:{group.ticket_id}"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("cell, text", [("out_1", "group.color"), ("out_3", "group.cause * 2")])
def test_a_table_that_fails_when_it_is_asked_loses_no_alarm(engine, session, line, now, cell, text):
    library.keep_version(session, changed(f"row_2_{cell}", text), [], by="owen", now=now)
    session.commit()
    tell(session, now, "HZ-1/1/1")
    for _ in range(2):
        open_tickets(engine, now + 30 * SECONDS)
    [group] = groups(engine)
    assert group.ticket_id and group.decision["mended"] and group.act_at is None
    with open_session(engine, readonly=True) as own:
        assert own.get_one(Ticket, group.ticket_id).state == "dispatched"
