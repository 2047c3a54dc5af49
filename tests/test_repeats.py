"""Repeats: counted at once, told to the ticket each minute; what outlasts its ticket is due."""

from datetime import timedelta

import pytest
from sqlmodel import select

from records import Alarm, Entry, Ticket
from tasks.network import alarms
from tasks.network.alarms import Report
from workflows.repeats import tell_tickets

MINUTE = timedelta(minutes=1)


@pytest.fixture
def tell(session, cast, now):
    def tell(minutes, *causes, **changed):
        at = now + minutes * MINUTE
        told = [Report("ems", "HZ-1/GE1", cause, at, **changed) for cause in causes]
        alarms.receive(session, told, now=at)
        session.commit()

    return tell


@pytest.fixture
def ticket(session, tell, now):
    """One that has taken up two alarms."""
    tell(0, "linkDown", "lossOfSignal")
    ticket = Ticket(source="alarm", title="x", alarms=2, started_at=now, opened_at=now)
    session.add(ticket)
    session.flush()
    for alarm in session.exec(select(Alarm)).all():
        alarms.settle(alarm, ticket.id)
    session.commit()
    return ticket


def rows(session):
    found = select(Alarm).order_by(Alarm.id).execution_options(populate_existing=True)
    told = session.exec(found).all()
    session.commit()
    return told


def test_a_ticket_hears_of_all_repeats_of_a_minute_in_one_line(engine, session, ticket, tell, now):
    for _ in range(3):
        tell(1, "linkDown", "lossOfSignal")
    assert [tell_tickets(engine, now + n * MINUTE) for n in (1, 2, 2)] == [0, 1, 0]
    assert [(row.tally, row.counted, row.stirred_at) for row in rows(session)] == [(4, 4, None)] * 2
    [entry] = session.exec(select(Entry).where(Entry.verb == "alarm added")).all()
    assert (entry.particulars["reports"], entry.particulars["alarms"]) == (6, 2)
    assert session.exec(select(Ticket.alarms, Ticket.revision)).one() == (8, ticket.revision)


def test_what_outlasts_its_ticket_is_acted_on_when_it_is_told_again(
    engine, session, ticket, tell, now
):
    ticket.state = "closed"
    session.commit()
    assert alarms.due(session, now=now + MINUTE) == []
    tell(1, "linkDown", "lossOfSignal")
    tell(1.5, "lossOfSignal", is_clear=True)
    assert tell_tickets(engine, now + 3 * MINUTE) == 1
    stands, over = rows(session)
    assert (stands.ticket_id, stands.act_at) == (None, now + 3 * MINUTE)
    assert (over.ticket_id, over.act_at) == (ticket.id, None)


def test_repeats_of_what_was_merged_are_told_to_the_parent(engine, session, ticket, tell, now):
    parent = Ticket(source="alarm", title="y", started_at=now, opened_at=now)
    session.add(parent)
    session.flush()
    ticket.state, ticket.parent_id = "merged", parent.id
    session.commit()
    tell(1, "linkDown")
    assert tell_tickets(engine, now + 2 * MINUTE) == 1
    assert [row.ticket_id for row in rows(session)] == [parent.id, ticket.id]
    assert session.exec(select(Ticket.alarms).order_by(Ticket.id)).all() == [2, 1]
