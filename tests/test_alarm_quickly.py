"""One alarm alone: one statement, unless there is more to it."""

from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlmodel import select

from records import Alarm
from tasks import policies
from tasks.network import alarms
from tasks.network.alarms import Report

MINUTE = timedelta(minutes=1)


@pytest.fixture
def statements(engine):
    """What the database was asked, in order."""
    asked = []

    def note(connection, cursor, statement, *_):
        asked.append(statement.split()[0])

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def tell(session, now):
    def tell(minutes, object="HZ-1/GE1", **changed):
        at = now + minutes * MINUTE
        alarms.receive(session, [Report("ems", object, "linkDown", at, **changed)], now=at)
        rows = select(Alarm).order_by(Alarm.id).execution_options(populate_existing=True)
        return session.exec(rows).all()[-1]

    return tell


def test_one_alarm_takes_one_statement(session, now, tell, statements):
    tell(0)
    statements.clear()
    alarms.receive(session, [Report("ems", "HZ-1/GE2", "linkDown", now)], now=now)
    alarms.receive(session, [Report("ems", "HZ-1/GE2", "linkDown", now)], now=now)
    assert statements == ["INSERT", "INSERT"]
    assert session.exec(select(Alarm.tally).order_by(Alarm.id)).all() == [1, 2]


def test_rules_that_were_published_meanwhile_count_at_once(session, cast, now, tell):
    before = tell(0)
    content = policies.current(session, "alarms").content
    longer = {**content, "hold_off": {"default": 15, "causes": {"linkDown": 45}}}
    policies.publish(session, "alarms", longer, reason="试行", by=cast["owen"], now=now)
    after = tell(1, "HZ-1/GE2")
    held = [one.act_at - one.received_at for one in (before, after)]
    assert held == [timedelta(seconds=30), timedelta(seconds=45)]


def test_one_that_ended_lately_is_told_with_care(tell):
    for minute in range(6):
        last = tell(minute)
        if not last.is_flapping:
            tell(minute, is_clear=True)
    assert last.is_flapping
