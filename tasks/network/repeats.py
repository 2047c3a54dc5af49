"""What an alarm tells again after its ticket has taken it up: counted at once, and told to the
ticket later, all of a while together. Called by the timed work.

How a report is counted: alarm_rows.py.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from records import Alarm, Ticket, history
from tasks.faults.intake import OVER

PATIENCE = timedelta(minutes=1)  # a ticket hears of repeats so often at most


def tickets_stirred(session: Session, *, now: datetime, limit: int = 200) -> list[int]:
    """Tickets that do not know yet of what was counted."""
    behind = select(Alarm.ticket_id).where(col(Alarm.stirred_at) <= now - PATIENCE)
    return [key for key in session.exec(behind.distinct().limit(limit)) if key]


def tell_ticket(session: Session, ticket_id: int, *, now: datetime) -> int:
    """One line of its history for all repeats; how many there were.

    A ticket that is over hears nothing: what still stands is to be acted on anew.
    """
    ticket = _open_one(session, ticket_id)
    rows = select(Alarm).where(Alarm.ticket_id == ticket_id, col(Alarm.stirred_at).is_not(None))
    rows = rows.order_by(col(Alarm.id)).with_for_update()
    alarms = session.exec(rows.execution_options(populate_existing=True)).all()
    new = sum(alarm.tally - alarm.counted for alarm in alarms)
    for alarm in alarms:
        alarm.stirred_at = None
        _settle(alarm, ticket, now)
    if ticket and new:
        _count(session, ticket, alarms, new, now)
    return new


def _settle(alarm: Alarm, ticket: Ticket | None, now: datetime) -> None:
    if ticket:
        alarm.ticket_id, alarm.counted = ticket.id, alarm.tally
    elif alarm.cleared_at is None:
        alarm.ticket_id = alarm.group_id = None
        alarm.act_at = alarm.act_at or now


def _open_one(session: Session, ticket_id: int) -> Ticket | None:
    """The ticket; of one that was merged, its parent; None where that is over."""
    ticket = session.get(Ticket, ticket_id)
    while ticket and ticket.state == "merged" and ticket.parent_id:
        ticket = session.get(Ticket, ticket.parent_id)
    return None if ticket is None or ticket.state in OVER else ticket


def _count(
    session: Session, ticket: Ticket, alarms: Sequence[Alarm], new: int, now: datetime
) -> None:
    # Not as a change of the ticket's revision: nobody who works on it is to begin again for this.
    session.connection().execute(_COUNT, {"of": ticket.id, "new": new})
    session.expire(ticket, ["alarms"])
    told: dict[str, Any] = {"reports": new, "alarms": len(alarms), "alarm": alarms[0].id}
    history.record(
        session, "alarm added", subject=f"ticket:{ticket.id}", by="alarms", at=now, **told
    )


_COUNT = (
    update(Ticket)
    .where(col(Ticket.id) == bindparam("of"))
    .values(alarms=Ticket.alarms + bindparam("new"))
)
