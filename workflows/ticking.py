"""What all timed work shares: take what is due, one row and one transaction at a time.

A row that fails is logged with its key and put off, and the others go on.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session

from records.database import open_session

PUT_OFF = timedelta(minutes=1)  # how long a row that failed waits for its next turn

log = logging.getLogger(__name__)

Act = Callable[[Session, int], object]


def each_due(
    engine: Engine,
    find: Callable[[Session], Iterable[int]],
    act: Act,
    put_off: Act,
) -> int:
    """Call act(session, key) for every key found, one transaction each; how many succeeded."""
    with open_session(engine, readonly=True) as session:
        keys = list(find(session))
    return sum(is_done(engine, key, act, put_off) for key in keys)


def is_done(engine: Engine, key: int, act: Act, put_off: Act) -> bool:
    try:
        with open_session(engine) as session:
            act(session, key)
    except Exception:
        log.exception("%s of %s failed", getattr(act, "__name__", act), key)
        with open_session(engine) as session:
            put_off(session, key)
        return False
    return True


def later(now: datetime) -> datetime:
    return now + PUT_OFF
