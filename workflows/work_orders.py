"""Every few seconds: resume the suspended work orders whose planned time has come (待解挂)."""

from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from records import WorkOrder
from tasks import work_orders
from workflows.ticking import each_due, later


def resume_orders(engine: Engine, now: datetime) -> int:
    def find(session: Session) -> list[int]:
        return list(session.exec(select(WorkOrder.id).where(col(WorkOrder.resume_at) <= now)))

    def resume(session: Session, key: int) -> None:
        work_orders.release_due(session, session.get_one(WorkOrder, key), now=now)

    def put_off(session: Session, key: int) -> None:
        mine = update(WorkOrder).where(col(WorkOrder.id) == key)
        session.connection().execute(mine.values(resume_at=later(now)))

    return each_due(engine, find, resume, put_off)
