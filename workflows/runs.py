"""Every half second: fire the timers of diagrams that are due."""

from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from bpmn import runs
from records import Timer
from workflows.ticking import each_due, later

MOST = 500  # runs in one tick


def fire_timers(engine: Engine, now: datetime) -> int:
    """Wake each run that has a timer due; how many woke."""

    def find(session: Session) -> list[int]:
        due = select(Timer.run_id).where(col(Timer.due_at) <= now)
        return sorted(set(session.exec(due.order_by(col(Timer.due_at)).limit(MOST))))

    def wake(session: Session, run_id: int) -> None:
        runs.wake(session, run_id, now=now)

    def put_off(session: Session, run_id: int) -> None:
        mine = (col(Timer.run_id) == run_id) & (col(Timer.due_at) <= now)
        session.connection().execute(update(Timer).where(mine).values(due_at=later(now)))

    return each_due(engine, find, wake, put_off)
