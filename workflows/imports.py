"""Works through files that were given to be imported, a part at a time, the oldest first."""

from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from records import Import
from records.database import open_session
from tasks.archive import imports

PARTS = 100  # of one file before the next tick: a shift must be able to end


def go_on(engine: Engine, now: datetime) -> int:
    """How many rows were looked at."""
    with open_session(engine, readonly=True) as session:
        taken = _oldest(session)
        if taken is None:
            return 0
        file, id, before = imports.open_file(session, taken), taken.id, taken.done
    for _ in range(PARTS):
        with open_session(engine) as session:
            if not imports.advance(session, id, file, now=now):
                break
    with open_session(engine, readonly=True) as session:
        return session.get_one(Import, id).done - before


def _oldest(session: Session) -> Import | None:
    mine = select(Import).where(Import.state == "running").order_by(col(Import.id))
    return session.exec(mine.limit(1)).first()
