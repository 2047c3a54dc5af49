"""Each few seconds: wake the alarms whose shelf is over; note whose acknowledgement is, as they got
worse.
"""

from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col

from records import Alarm
from tasks.network import alarm_states
from workflows.ticking import claim, each_due, later


def note_lapses(engine: Engine, now: datetime) -> int:
    def note(session: Session, key: int) -> bool:
        if not claim(session, Alarm, key, col(Alarm.lapsed_at).is_not(None)):
            return False
        alarm_states.note_lapse(session, session.get_one(Alarm, key))
        return True

    def leave(session: Session, key: int) -> None:
        """It is found again at the next look."""

    return each_due(engine, alarm_states.lapsed, note, leave)


def wake_shelved(engine: Engine, now: datetime) -> int:
    def find(session: Session) -> list[int]:
        return alarm_states.shelves_over(session, now=now)

    def wake(session: Session, key: int) -> bool:
        if not claim(session, Alarm, key, col(Alarm.shelved_until) <= now):
            return False
        alarm_states.wake(session, session.get_one(Alarm, key), now=now)
        return True

    def put_off(session: Session, key: int) -> None:
        mine = update(Alarm).where(col(Alarm.id) == key, col(Alarm.shelved_until) <= now)
        session.connection().execute(mine.values(shelved_until=later(now)))

    return each_due(engine, find, wake, put_off)
