"""The stretches of a ticket that is over, kept as rows of Segment, for reports and forecasts.

Called by a timed job. A child's (副单) end when it was merged: what came then is its parent's, and
counts once. Who changes the history of a ticket that is over calls `forget_segments`.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, select

from records import Segment, Ticket
from tasks.segments import Stretch
from tasks.time_spent import own_stretches

PATIENCE = timedelta(days=7)  # how long a ticket that failed is tried again, each night
ALIKE = (  # what a row has under the same name as a stretch
    "kind", "started_at", "ended_at", "stops_clock", "element", "title", "stage", "person",
    "taken_by", "from_group", "from_person", "from_element", "handed_at", "reason",
)  # fmt: skip


def find_over(session: Session, limit: int = 500) -> list[int]:
    """Tickets that are over and have no segments yet."""
    over = col(Ticket.closed_at).is_not(None) & col(Ticket.accounted_at).is_(None)
    return list(session.exec(select(Ticket.id).where(over).order_by(col(Ticket.id)).limit(limit)))


def keep_segments(session: Session, ticket_id: int, now: datetime) -> int:
    """How many rows; 0 where they are kept already, or the ticket is not over."""
    ticket = session.get_one(Ticket, ticket_id, with_for_update=True)
    if ticket.closed_at is None or ticket.accounted_at is not None:
        return 0
    rows = [
        _row(ticket_id, seq, one) for seq, one in enumerate(own_stretches(session, ticket, now), 1)
    ]
    session.execute(delete(Segment).where(col(Segment.ticket_id) == ticket_id))
    session.execute(insert(Segment), rows)
    _mark(session, ticket_id, now)
    return len(rows)


def forget_segments(session: Session, ticket_id: int) -> None:
    """They will be kept anew."""
    _mark(session, ticket_id, None)


def pass_over(session: Session, ticket_id: int, now: datetime) -> None:
    """It cannot be done now: the others go on, and `take_up_again` has it tried another time."""
    _mark(session, ticket_id, now)


def take_up_again(session: Session, now: datetime) -> int:
    """Have the tickets of the last days tried again that were passed over; how many those are."""
    lately = col(Ticket.closed_at) > now - PATIENCE
    has_rows = select(Segment.id).where(Segment.ticket_id == Ticket.id).exists()
    passed = update(Ticket).where(lately, col(Ticket.accounted_at).is_not(None), ~has_rows)
    return session.connection().execute(passed.values(accounted_at=None)).rowcount


def _mark(session: Session, ticket_id: int, at: datetime | None) -> None:
    """Not by the ORM: nobody who works on the ticket is to be told that it has changed."""
    mine = update(Ticket).where(col(Ticket.id) == ticket_id)
    session.connection().execute(mine.values(accounted_at=at))


def _row(ticket_id: int, seq: int, one: Stretch) -> dict[str, object]:
    alike = {name: getattr(one, name) for name in ALIKE}
    more = {"work_order_id": one.work_order, "group_key": one.group}
    seconds = one.length.total_seconds()
    return {"ticket_id": ticket_id, "seq": seq, "seconds": seconds, **alike, **more}
