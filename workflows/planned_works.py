"""Each second: open the windows of planned work, and end them."""

from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col

from records import PlannedWork
from tasks.network import planned_works
from workflows.ticking import claim, each_due, later


def turn_windows(engine: Engine, now: datetime) -> int:
    def find(session: Session) -> list[int]:
        return planned_works.due(session, now=now)

    def turn(session: Session, key: int) -> bool:
        if not claim(session, PlannedWork, key, col(PlannedWork.act_at) <= now):
            return False
        planned_works.take_turn(session, session.get_one(PlannedWork, key), now=now)
        return True

    def put_off(session: Session, key: int) -> None:
        mine = update(PlannedWork).where(col(PlannedWork.id) == key, col(PlannedWork.act_at) <= now)
        session.connection().execute(mine.values(act_at=later(now)))

    return each_due(engine, find, turn, put_off)
