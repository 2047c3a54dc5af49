"""Flapping: raised too often within a while, an alarm is one that goes on and is acted on once."""

from datetime import timedelta

import pytest
from sqlmodel import select

from records import Alarm, AlarmGroup
from tasks.network import alarm_holds, alarms
from tasks.network.alarms import Report

MINUTE = timedelta(minutes=1)


@pytest.fixture
def line(session, cast, now):
    """A port that goes down at these minutes and comes up half a minute later; its rows then."""

    def tell(*minutes, is_back=True):
        for minute in minutes:
            for is_clear in (False, True) if is_back else (False,):
                at = now + (minute + 0.5 * is_clear) * MINUTE
                told = Report("ems", "HZ-1/GE1", "linkDown", at, is_clear=is_clear, receipt_id=1)
                alarms.receive(session, [told], now=at)
        session.commit()
        session.expire_all()
        return session.exec(select(Alarm).order_by(Alarm.id)).all()

    return tell


def test_the_fifth_raise_within_ten_minutes_flaps_and_is_acted_on_though_it_is_clear(line, now):
    rows = line(0, 2, 4, 6, 8)
    assert [row.is_flapping for row in rows] == [False] * 4 + [True]
    assert [row.act_at for row in rows[:4]] == [None] * 4
    assert rows[4].cleared_at and rows[4].act_at == now + 8.5 * MINUTE


def test_five_within_a_longer_while_are_five_alarms(line):
    assert not any(row.is_flapping for row in line(0, 3, 6, 9, 12))


def test_what_flaps_on_lengthens_its_row_and_keeps_its_one_turn(line, now):
    was = line(0, 2, 4, 6, 8)[-1].act_at
    rows = line(9, 10, 15, is_back=True)
    assert (len(rows), rows[-1].tally, rows[-1].act_at) == (5, 4, was)
    assert rows[-1].cleared_at == now + 15.5 * MINUTE


def test_what_is_taken_up_and_flaps_on_is_not_due_until_it_has_stood(session, line, now):
    alarm = line(0, 2, 4, 6, 8)[-1]
    alarm.group_id, alarm.act_at = 7, None
    session.commit()
    assert line(9)[-1].act_at is None
    stands = line(10, is_back=False)[-1]
    assert (stands.cleared_at, stands.act_at) == (None, now + 20 * MINUTE)


def test_what_flapped_and_stands_is_an_outage_like_any_other(session, line, now):
    line(0, 2, 4, 6)
    alarm, again = line(8, is_back=False)[-1], now + 18 * MINUTE
    told = {"root_kind": "port", "root_object": "HZ-1/GE1", "layer": 5, "cause": "linkDown"}
    told |= dict.fromkeys(("raised_at", "last_at", "opened_at"), now) | {"severity": "major"}
    group = AlarmGroup(impact="degraded", **told)
    session.add(group)
    session.flush()
    alarm.group_id = group.id
    for at, is_flapping in ((again - MINUTE, True), (again, False)):
        assert alarm_holds.hold_back(session, [alarm.id], now=at) == [alarm.id]
        assert alarm.is_flapping == is_flapping
    assert (group.impact, group.act_at) == ("outage", again)


def test_after_a_quiet_while_it_begins_anew(line):
    rows = line(0, 2, 4, 6, 8, 30)
    assert [row.is_flapping for row in rows] == [False] * 4 + [True, False]


def test_replaying_what_flapped_changes_nothing(line):
    was = [row.model_dump() for row in line(0, 2, 4, 6, 8, 9, 10)]
    assert [row.model_dump() for row in line(0, 2, 4, 6, 8, 9, 10)] == was


def test_replaying_what_flaps_and_stands_changes_nothing(line):
    line(0, 2, 4, 6, 8, 9)
    was = [row.model_dump() for row in line(10, is_back=False)]
    line(2, 6, 9)
    assert [row.model_dump() for row in line(10, is_back=False)] == was


def test_down_up_down_in_one_delivery_flaps_too(session, cast, now):
    told = [
        Report("ems", "HZ-1", "linkDown", now + n * MINUTE / 2, is_clear=n % 2 == 1)
        for n in range(16)
    ]
    alarms.receive(session, told, now=now + 8 * MINUTE)
    rows = session.exec(select(Alarm)).all()
    assert (len(rows), max(row.tally for row in rows)) == (5, 4)
