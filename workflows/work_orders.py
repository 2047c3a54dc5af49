"""Every second: resume the suspended work orders whose planned time has come (待解挂)."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from records import WorkOrder
from tasks import work_orders
from workflows.ticking import claim, each_due, later


def resume_orders(engine: Engine, now: datetime) -> int:
    is_due = (col(WorkOrder.state) == "suspended") & (col(WorkOrder.resume_at) <= now)

    def find(session: Session) -> Mapping[int, datetime]:
        return dict(session.exec(select(WorkOrder.id, WorkOrder.resume_at).where(is_due)).all())  # type: ignore[arg-type]

    def resume(session: Session, key: int) -> bool:
        if not claim(session, WorkOrder, key, is_due):
            return False
        return work_orders.release_due(session, session.get_one(WorkOrder, key), now=now)

    def put_off(session: Session, key: int) -> None:
        mine = update(WorkOrder).where(col(WorkOrder.id) == key, is_due)
        session.connection().execute(mine.values(resume_at=later(now)))

    return each_due(engine, find, resume, put_off, job="resume work orders", now=now)
