"""Twice a second: open a ticket for each alarm that waits, or add it to the one that is open;
and tell the tickets whose alarms are clear for good.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from bpmn import tickets
from records import Alarm, Run, Ticket
from tasks import alarms
from workflows.ticking import claim, each_due, later


def open_tickets(engine: Engine, now: datetime) -> int:
    """Act on each alarm that is due; how many were taken up."""

    def find(session: Session) -> Mapping[int, datetime]:
        keys = alarms.due(session, now=now)
        rows = select(Alarm.id, Alarm.act_at).where(col(Alarm.id).in_(keys))
        since = dict(session.exec(rows).all())
        return {key: since[key] or now for key in keys}

    def take_up(session: Session, key: int) -> bool:
        if not claim(session, Alarm, key, col(Alarm.act_at) <= now):
            return False
        tickets.take_up(session, session.get_one(Alarm, key), now=now)
        return True

    def put_off(session: Session, key: int) -> None:
        mine = update(Alarm).where(col(Alarm.id) == key, col(Alarm.act_at) <= now)
        session.connection().execute(mine.values(act_at=later(now)))

    return each_due(engine, find, take_up, put_off, job="open tickets for alarms", now=now)


def watch_clears(engine: Engine, now: datetime) -> int:
    """Tell each run that waits for its alarms to clear, once they are clear for good."""

    def find(session: Session) -> list[int]:
        return tickets.cleared(session, now=now)

    def tell(session: Session, key: int) -> bool:
        run_id = session.exec(select(Ticket.run_id).where(Ticket.id == key)).one()
        if run_id is None or not claim(session, Run, run_id, Run.status == "open"):
            return False
        return tickets.tell_cleared(session, key, now=now)

    return each_due(engine, find, tell, lambda session, key: None)
