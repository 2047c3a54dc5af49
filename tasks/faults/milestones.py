"""Points on the way of a ticket that change nothing but what its clocks know.

Diagrams reach them through services/tickets.py; which clock listens is in the policy "clocks".
"""

from datetime import datetime

from sqlmodel import Session

from records import Ticket
from tasks.faults.tickets import record, require


def note_repair(session: Session, ticket: Ticket, *, by: str, now: datetime) -> None:
    """修复完成: whoever repaired is done; what follows is the test with the customer."""
    require("note_repair", ticket)
    record(session, "repaired", ticket, by, now)


def note_report(session: Session, ticket: Ticket, *, by: str, now: datetime) -> None:
    """The written report has gone to the customer."""
    require("note_report", ticket)
    record(session, "report sent", ticket, by, now)
