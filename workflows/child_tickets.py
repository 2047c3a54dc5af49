"""Each second: open the children of parent tickets, a batch in each transaction, and tell parents
and children what has become of each other. What a lost worker had not committed, the next one does.
"""

from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from bpmn import child_tickets, tickets
from records import Run, Ticket
from records.database import open_session
from workflows.ticking import claim, each_due, is_done, later


def open_children(engine: Engine, now: datetime) -> int:
    """Until each customer who is hit has a child; how many transactions that took."""
    with open_session(engine, readonly=True) as session:
        parents = child_tickets.find_waiting(session, now=now)
    return sum(_open_all(engine, parent, now) for parent in parents)


def tell_children(engine: Engine, now: datetime) -> int:
    """What their parents have come to; and start what left its parent. How many were told."""

    def find(session: Session) -> list[int]:
        return list(child_tickets.find_untold(session))

    def tell(session: Session, key: int) -> bool:
        child = session.get_one(Ticket, key)
        message = child_tickets.find_untold(session, of=key).get(key)
        if not message or not claim(session, Run, child.run_id or 0, Run.status == "open"):
            return False
        return child_tickets.tell(session, key, message, now=now)

    told = each_due(engine, find, tell, _leave)
    return told + _start_strays(engine, now)


def tell_parents(engine: Engine, now: datetime) -> int:
    """That the customers of all their children were called back; how many were told."""

    def tell(session: Session, key: int) -> bool:
        if not claim(session, Ticket, key):
            return False
        return child_tickets.tell(session, key, "children_called_back", now=now)

    return each_due(engine, child_tickets.find_called_back, tell, _leave)


def _open_all(engine: Engine, parent: int, now: datetime) -> int:
    """Where a batch fails, its customers come one by one, and only who is at fault is put off."""
    done, limit = 0, child_tickets.BATCH
    while True:
        outcome = _open_some(engine, parent, now, limit)
        done += outcome == "done"
        if outcome == "nothing":
            break
        limit = 1 if outcome == "failed" else limit
    return done


def _open_some(engine: Engine, parent: int, now: datetime, limit: int) -> str:
    outcome = "nothing"

    def act(session: Session, key: int) -> bool:
        if not claim(session, Ticket, key):
            return False
        return child_tickets.open_some(session, key, now=now, limit=limit) > 0

    def put_off(session: Session, key: int) -> None:
        nonlocal outcome
        outcome = "failed"
        if limit == 1:
            child_tickets.put_off(session, key, until=later(now), now=now)

    return "done" if is_done(engine, parent, act, put_off, bold=True) else outcome


def _start_strays(engine: Engine, now: datetime) -> int:
    def start(session: Session, key: int) -> bool:
        if not claim(session, Ticket, key, Ticket.state == "new"):
            return False
        tickets.start(session, session.get_one(Ticket, key), by=child_tickets.BY, now=now)
        return True

    return each_due(engine, child_tickets.find_strays, start, _leave)


def _leave(session: Session, key: int) -> None:
    """It is found again at the next turn."""
