"""Tickets about what is ours alone, such as a source of alarms: no customer is called back, and
nothing is repaired on a circuit. Called by services/alarm_sources.py. All others: tickets.py.
"""

from datetime import datetime

from sqlmodel import Session

from records import Ticket
from tasks.faults.tickets import end, require


def settle(session: Session, ticket: Ticket, *, words: str, by: str, now: datetime) -> None:
    """归档: what it was about is settled."""
    require("settle", ticket)
    end(session, "closed", ticket, "closed", by, now, words=words)
