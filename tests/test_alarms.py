"""Alarms: kept, counted, cleared; what is wrong is refused whole."""

from datetime import timedelta

import pytest
from sqlmodel import select

from records import Alarm
from tasks.network import alarms
from tasks.network.alarms import Report
from tasks.refusals import Invalid


def report(now, minutes=0, **changed):
    told = {"source": "ems", "object": "HZ-1/GE1", "cause": "lossOfSignal"}
    return Report(**told | {"raised_at": now + timedelta(minutes=minutes)} | changed)


def keep(session, now, *reports):
    alarms.receive(session, reports, now=now)
    session.commit()
    session.expire_all()
    return session.exec(select(Alarm).order_by(Alarm.id)).all()


def test_an_alarm_knows_its_device_and_is_held_off_by_its_cause(session, cast, now):
    [alarm] = keep(session, now, report(now, raw={"neType": "MSTP"}))
    held = now + timedelta(seconds=10)
    assert (alarm.device_id, alarm.act_at, alarm.raw) == (1, held, {"neType": "MSTP"})
    assert alarms.due(session, now=held - timedelta(milliseconds=1)) == []
    assert alarms.due(session, now=held) == [alarm.id]


def test_what_is_over_within_its_hold_off_is_kept_and_not_acted_on(session, cast, now):
    [alarm] = keep(session, now, report(now), report(now, 1, is_clear=True))
    assert (alarm.tally, alarm.act_at, alarm.cleared_at.minute) == (1, None, 15)


@pytest.mark.parametrize(
    "cause, seconds", [("lossOfSignal", 10), ("degradedSignal", 300), ("type-3", 15)]
)
def test_each_cause_has_its_hold_off_and_the_unknown_one_of_their_own(
    session, cast, now, cause, seconds
):
    [alarm] = keep(session, now, report(now, -60, cause=cause))
    assert alarm.act_at == now + timedelta(seconds=seconds)


def test_a_repeat_does_not_put_off_what_waits(session, cast, now):
    later = now + timedelta(seconds=5)
    keep(session, now, report(now))
    [alarm] = keep(session, later, report(later))
    assert (alarm.tally, alarm.act_at) == (2, now + timedelta(seconds=10))


@pytest.mark.parametrize(
    "severity, is_due", [("major", False), ("minor", False), ("critical", True)]
)
def test_a_repeat_of_what_is_taken_up_is_due_only_if_it_is_worse(
    session, cast, now, severity, is_due
):
    [alarm] = keep(session, now, report(now))
    alarm.group_id, alarm.act_at = 7, None
    session.commit()
    late = now + timedelta(minutes=5)
    [alarm] = keep(session, late, report(now, 5, severity=severity))
    assert (alarm.tally, alarm.severity) == (2, severity)
    assert (alarm.act_at == late + timedelta(seconds=10)) == is_due


def test_a_repeat_is_counted_on_the_first_within_a_batch_and_over_batches(session, cast, now):
    keep(session, now, report(now), report(now, 1))
    [alarm] = keep(session, now, report(now, 2))
    assert (alarm.tally, alarm.raised_at) == (3, now)
    assert alarm.last_at == now + timedelta(minutes=2)


def test_a_clear_ends_an_alarm_and_the_next_raise_is_a_new_one(session, cast, now):
    told = [report(now), report(now, 1, is_clear=True), report(now, 2)]
    first, second = keep(session, now, *told)
    assert first.cleared_at == now + timedelta(minutes=1)
    assert (second.cleared_at, second.tally) == (None, 1)


def test_a_clear_without_a_raise_is_kept_and_not_acted_on(session, cast, now):
    [alarm] = keep(session, now, report(now, is_clear=True))
    assert (alarm.cleared_at, alarm.act_at, alarm.tally) == (now, None, 0)
    assert len(keep(session, now, report(now, is_clear=True))) == 1


def test_an_object_that_nobody_knows_is_kept_all_the_same(session, cast, now):
    [alarm] = keep(session, now, report(now, object="nowhere"))
    assert alarm.device_id is None and alarm.act_at == now + timedelta(seconds=10)


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"object": ""}, "1.object"),
        ({"cause": "x" * 201}, "1.cause"),
        ({"severity": "bad"}, "1.severity"),
        ({"minutes": 11}, "1.raised_at"),
    ],
)
def test_one_wrong_alarm_refuses_the_batch_and_names_the_field(session, cast, now, wrong, field):
    with pytest.raises(Invalid) as refused:
        keep(session, now, report(now), report(now, **wrong))
    session.rollback()
    assert [told["field"] for told in refused.value.facts["fields"]] == [field]
    assert session.exec(select(Alarm)).all() == []


def test_an_alarm_with_an_id_of_its_own_is_known_by_that(session, cast, now):
    told = [report(now, external_id="7"), report(now, 1, external_id="8")]
    clear = report(now, 2, external_id="7", is_clear=True, object="HZ-1")
    first, second = keep(session, now, *told, clear)
    assert first.cleared_at and second.cleared_at is None


def test_a_device_is_known_by_its_name_where_only_one_has_it(session, cast, now):
    [alarm] = keep(session, now, report(now, object="东街-MSTP-01/GE1"))
    assert alarm.device_id == 1
