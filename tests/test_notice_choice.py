"""Whom the first word of a fault goes to, and by when: as the table alarm_priority says."""

import pytest
from sqlmodel import delete, select

from bpmn import group_tickets
from records import Notice, Ticket
from tasks.faults import first_word, notice_choice
from tasks.faults.impact import ZONE
from tests.asking import publish
from tests.fault_walks import FAULT
from tests.impact_walks import IMPACT, Cut

pytestmark = pytest.mark.one_database
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
WANG, LI = "wang@bank.example", "li@hospital.example"


@pytest.fixture
def cut(session, cast, now, monkeypatch):
    """The bank is AAA, the hospital A."""
    monkeypatch.setenv("BATON_SMTP", "smtp://mail.example:25")
    publish(session, now, FAULT, IMPACT)
    return Cut(session, cast, now)


def told(session, template="fault_known"):
    return sorted(session.exec(select(Notice.to).where(Notice.template == template)))


@on_sqlite
@pytest.mark.parametrize(
    "notice, to", [("none", []), ("AAA", [WANG]), ("AAA, A", [LI, WANG]), ("all", [LI, WANG])]
)
def test_only_whom_the_table_means_is_told(cut, session, notice, to):
    cut.happen(notice=notice, notice_minutes=0)
    assert told(session) == to
    assert len(session.exec(select(Ticket)).all()) == 3  # each has a ticket all the same


def test_who_was_not_meant_is_told_once_the_table_says_so(cut, session):
    cut.happen(notice="AAA", notice_minutes=5).later(minutes=10)
    cut.group.decision = {"result": {"notice": "all", "notice_minutes": 5}}
    notice_choice.note(session, cut.ticket, cut.group)
    for _ in range(2):
        group_tickets.tell_more(session, cut.group, now=cut.now)
    assert told(session) == [LI, WANG]


@on_sqlite
def test_the_clock_of_first_feedback_is_due_when_the_table_says(cut, session):
    cut.happen(notice="AAA", notice_minutes=5)
    bank, hospital = cut.child().ticket, cut.child("海州医院").ticket
    assert (bank.limit["first_feedback"], hospital.limit["first_feedback"]) == (5, 30)


@on_sqlite
@pytest.mark.parametrize("minutes, due", [(0, "07:00"), (30, "00:44")])
def test_quiet_hours_hold_it_no_longer_than_the_table_says(cut, session, minutes, due):
    cut.later(hours=14).happen(notice="all", notice_minutes=minutes)
    cut.child().ticket.impact = "degraded"
    session.exec(delete(Notice))
    first_word.tell_known(session, cut.child().ticket, key="x", by="alarms", now=cut.now)
    [notice] = session.exec(select(Notice))
    assert f"{notice.due_at.astimezone(ZONE):%H:%M}" == due
