"""What all timed work shares: take what is due, one row and one transaction at a time.

Any number of workers may look at once: a row that another one has, or was faster with, is left
alone. A row that fails is logged with its key and put off, and the others go on.
"""

import logging
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, func, select

from records.bold import DoAgain
from records.database import open_session
from workflows import lateness

PUT_OFF = timedelta(minutes=1)  # how long a row that failed waits for its next turn

log = logging.getLogger(__name__)

Act = Callable[[Session, int], object]


def each_due(
    engine: Engine,
    find: Callable[[Session], Iterable[int]],
    act: Act,
    put_off: Act,
    *,
    job: str = "",
    now: datetime | None = None,
) -> int:
    """Call act(session, key) for every key found, one transaction each; how many it was done for.

    `act` returns False where there was nothing to do any more. Where `find` tells since when each
    key is due, as a mapping, `job` and `now` have it noted how late that was.
    """
    began = time.monotonic()
    with open_session(engine, readonly=True) as session:
        found = find(session)
        due = dict(found) if isinstance(found, Mapping) else dict.fromkeys(found)
    done = 0
    for key, since in due.items():
        if is_done(engine, key, act, put_off):
            done += 1
            if since and now:
                late = (now - since).total_seconds() + time.monotonic() - began
                lateness.note(job, late)
    return done


def is_done(engine: Engine, key: int, act: Act, put_off: Act, *, bold: bool = False) -> bool:
    """Whether `act` had something to do, and did it. A bold one is done again carefully if need
    be."""
    try:
        with open_session(engine, bold=bold) as session:
            return act(session, key) is not False
    except DoAgain:
        return is_done(engine, key, act, put_off)
    except Exception as error:
        what = f"{getattr(act, '__name__', act)} of {key}"
        log.exception("%s failed", what)
        lateness.fail(f"{what}: {type(error).__name__}: {error}")
        with open_session(engine) as session:
            put_off(session, key)
        return False


def claim(session: Session, table: Any, key: int, *still: Any) -> bool:
    """Lock the row until the commit, if all of `still` holds of it.

    False where another worker has it now, or was faster.
    """
    mine = select(table.id).where(table.id == key, *still)
    return session.exec(mine.with_for_update(skip_locked=True)).first() is not None


def is_my_turn(session: Session, what: str) -> bool:
    """Until the commit nobody else does this. On SQLite a writer is alone anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    lock = select(func.pg_try_advisory_xact_lock(zlib.crc32(what.encode())))
    return session.exec(lock).one() is True


def later(now: datetime) -> datetime:
    return now + PUT_OFF
