"""The time of a ticket that is over, kept as rows: Segment, HandOff, Tally. For reports, forecasts.

Called by a timed job. A child's (副单) end when it was merged: what came then is its parent's, and
counts once. Who changes the history of a ticket that is over calls `forget_segments`.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, select

from records import HandOff, Segment, Tally, Ticket
from tasks.faults.impact import city_of
from tasks.timelines.segments import KINDS, Stretch, net, total
from tasks.timelines.time_spent import Gap, hand_offs_of, own_stretches, sums

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
    """How many stretches; 0 where they are kept already, or the ticket is not over."""
    ticket = session.get_one(Ticket, ticket_id, with_for_update=True)
    if ticket.closed_at is None or ticket.accounted_at is not None:
        return 0
    stretches = own_stretches(session, ticket, now)
    about: dict[str, Any] = {
        "over_at": ticket.closed_at,
        "grade": ticket.grade,
        "level": ticket.level,
    }
    about["city"] = city_of(session, ticket)
    rows: dict[Any, list[dict[str, Any]]] = {
        Segment: [_segment(ticket_id, seq, one) for seq, one in enumerate(stretches, 1)],
        HandOff: [
            {"ticket_id": ticket_id, **about, **_hand_off(o)} for o in hand_offs_of(stretches)
        ],
        Tally: [{"ticket_id": ticket_id, **about, **_tally(ticket, stretches)}],
    }
    for table, new in rows.items():
        session.execute(delete(table).where(table.ticket_id == ticket_id))
        if new:
            session.execute(insert(table), new)
    _mark(session, ticket_id, now)
    return len(stretches)


def forget_segments(session: Session, ticket_id: int) -> None:
    """They will be kept anew."""
    _mark(session, ticket_id, None)


def pass_over(session: Session, ticket_id: int, now: datetime) -> None:
    """It cannot be done now: the others go on, and `take_up_again` has it tried another time."""
    _mark(session, ticket_id, now)


def take_up_again(session: Session, now: datetime) -> int:
    """Have the tickets of the last days tried again that were passed over; how many those are."""
    lately = col(Ticket.closed_at) > now - PATIENCE
    has_rows = select(Tally.ticket_id).where(Tally.ticket_id == Ticket.id).exists()
    passed = update(Ticket).where(lately, col(Ticket.accounted_at).is_not(None), ~has_rows)
    return session.connection().execute(passed.values(accounted_at=None)).rowcount


def _mark(session: Session, ticket_id: int, at: datetime | None) -> None:
    """Not by the ORM: nobody who works on the ticket is to be told that it has changed."""
    mine = update(Ticket).where(col(Ticket.id) == ticket_id)
    session.connection().execute(mine.values(accounted_at=at))


def _segment(ticket_id: int, seq: int, one: Stretch) -> dict[str, Any]:
    alike = {name: getattr(one, name) for name in ALIKE}
    more = {"work_order_id": one.work_order, "group_key": one.group}
    seconds = one.length.total_seconds()
    return {"ticket_id": ticket_id, "seq": seq, "seconds": seconds, **alike, **more}


def _hand_off(one: Gap) -> dict[str, Any]:
    first = one.first
    names = ("kind", "started_at", "element", "title", "stage", "from_group", "from_person")
    return {
        **{name: getattr(first, name) for name in (*names, "reason")},
        "seconds": one.length.total_seconds(),
        "work_order_id": first.work_order,
        "group_key": first.group,
        "person": one.taken_by or one.stretches[-1].person,
    }


def _tally(ticket: Ticket, stretches: list[Stretch]) -> dict[str, Any]:
    lengths = sums(stretches, lambda one: one.kind, KINDS)
    both = {"gross": total(stretches), "net": net(stretches)}
    seconds = {name: length.total_seconds() for name, length in (lengths | both).items()}
    return {"restored_at": ticket.restored_at, **seconds}
