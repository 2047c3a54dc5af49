"""Every half second: open a ticket for each alarm that waits, or add it to the one that is open;
and tell the tickets whose alarms are clear for good.
"""

from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col

from bpmn import tickets
from records import Alarm
from tasks import alarms
from workflows.ticking import each_due, later


def open_tickets(engine: Engine, now: datetime) -> int:
    """Act on each alarm that is due; how many were taken up."""

    def find(session: Session) -> list[int]:
        return alarms.due(session, now=now)

    def take_up(session: Session, key: int) -> None:
        tickets.take_up(session, session.get_one(Alarm, key), now=now)

    def put_off(session: Session, key: int) -> None:
        mine = update(Alarm).where(col(Alarm.id) == key)
        session.connection().execute(mine.values(act_at=later(now)))

    return each_due(engine, find, take_up, put_off)


def watch_clears(engine: Engine, now: datetime) -> int:
    """Tell each run that waits for its alarms to clear, once they are clear for good."""

    def find(session: Session) -> list[int]:
        return tickets.cleared(session, now=now)

    def tell(session: Session, key: int) -> None:
        tickets.tell_cleared(session, key, now=now)

    return each_due(engine, find, tell, lambda session, key: None)
