"""Each few seconds: orders whose visits are confirmed or done go on; limits that have passed are
noted; postponed orders go on when their time comes. What a lost worker had not committed, the next
one does.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from bpmn import service_orders
from records import ServiceOrder
from records.database import open_session
from tasks.orders import order_limits
from workflows.ticking import claim, each_due, is_done, later


def go_on(engine: Engine, now: datetime) -> int:
    """How many were told that their visits are confirmed, or done."""
    with open_session(engine, readonly=True) as session:
        ready = service_orders.find_ready(session)
    return sum(_tell(engine, key, message, now) for key, message in ready)


def watch(engine: Engine, now: datetime) -> int:
    """How many had a limit that passed, or went on."""
    is_due = col(ServiceOrder.act_at) <= now

    def find(session: Session) -> Mapping[int, datetime]:
        keys = order_limits.due(session, now=now)
        rows = select(ServiceOrder.id, ServiceOrder.act_at).where(col(ServiceOrder.id).in_(keys))
        return {key: at or now for key, at in session.exec(rows)}

    def act(session: Session, key: int) -> bool:
        if not claim(session, ServiceOrder, key, is_due):
            return False
        service_orders.take_turn(session, session.get_one(ServiceOrder, key), now=now)
        return True

    def put_off(session: Session, key: int) -> None:
        mine = update(ServiceOrder).where(col(ServiceOrder.id) == key, is_due)
        session.connection().execute(mine.values(act_at=later(now)))

    return each_due(engine, find, act, put_off, job="watch service orders", now=now)


def _tell(engine: Engine, key: int, message: str, now: datetime) -> bool:
    def tell(session: Session, key: int) -> bool:
        if not claim(session, ServiceOrder, key):
            return False
        order = session.get_one(ServiceOrder, key)
        return service_orders.go_on(session, order, message, now=now)

    def leave(session: Session, key: int) -> None:
        """It is found again at the next turn."""

    return is_done(engine, key, tell, leave)
