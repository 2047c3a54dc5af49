"""Tell tickets what their alarms told again: once a minute each, all of it together."""

from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col

from records import Alarm, Ticket
from tasks.network import repeats
from workflows.ticking import claim, each_due, later


def tell_tickets(engine: Engine, now: datetime) -> int:
    def find(session: Session) -> list[int]:
        return repeats.tickets_stirred(session, now=now)

    def tell(session: Session, key: int) -> bool:
        return claim(session, Ticket, key) and repeats.tell_ticket(session, key, now=now) >= 0

    def put_off(session: Session, key: int) -> None:
        mine = update(Alarm).where(col(Alarm.ticket_id) == key, col(Alarm.stirred_at) <= now)
        session.connection().execute(mine.values(stirred_at=later(now)))

    return each_due(engine, find, tell, put_off)
