"""Twice a second: fire the timers of diagrams that are due."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, func, update
from sqlmodel import Session, col, select

from bpmn import runs
from records import Run, Timer
from workflows.ticking import claim, each_due, later

MOST = 500  # runs in one tick


def fire_timers(engine: Engine, now: datetime) -> int:
    """Wake each run that has a timer due; how many woke."""
    is_due = col(Timer.due_at) <= now

    def find(session: Session) -> Mapping[int, datetime]:
        first = func.min(col(Timer.due_at), type_=Timer.__table__.c.due_at.type)  # type: ignore[attr-defined]
        due = select(Timer.run_id, first).where(is_due).group_by(col(Timer.run_id))
        return dict(session.exec(due.order_by(first).limit(MOST)).all())

    def wake(session: Session, run_id: int) -> bool:
        has_timer = select(Timer.run_id).where(Timer.run_id == run_id, is_due).exists()
        if not claim(session, Run, run_id, Run.status == "open", has_timer):
            return False
        runs.wake(session, run_id, now=now)
        return True

    def put_off(session: Session, run_id: int) -> None:
        mine = (col(Timer.run_id) == run_id) & is_due
        session.connection().execute(update(Timer).where(mine).values(due_at=later(now)))

    return each_due(engine, find, wake, put_off, job="fire timers", now=now)
