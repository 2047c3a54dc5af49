"""Each half minute: remind customers of visits that they have not confirmed. Each morning: tell of
certificates and calibrations that run out.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from records import Visit
from records.database import open_session
from tasks.field import expiries, visit_sheets
from workflows.ticking import claim, each_due, later


def remind_of_visits(engine: Engine, now: datetime) -> int:
    is_due = col(Visit.remind_at) <= now

    def find(session: Session) -> Mapping[int, datetime]:
        keys = visit_sheets.due(session, now=now)
        rows = select(Visit.id, Visit.remind_at).where(col(Visit.id).in_(keys))
        return {key: at or now for key, at in session.exec(rows)}

    def remind(session: Session, key: int) -> bool:
        if not claim(session, Visit, key, is_due):
            return False
        return visit_sheets.remind(session, session.get_one(Visit, key), now=now)

    def put_off(session: Session, key: int) -> None:
        mine = update(Visit).where(col(Visit.id) == key, is_due)
        session.connection().execute(mine.values(remind_at=later(now)))

    return each_due(engine, find, remind, put_off, job="remind of visits", now=now)


def watch_certificates(engine: Engine, now: datetime) -> int:
    with open_session(engine) as session:
        return expiries.watch_certificates(session, now=now)


def watch_calibrations(engine: Engine, now: datetime) -> int:
    with open_session(engine) as session:
        return expiries.watch_calibrations(session, now=now)
