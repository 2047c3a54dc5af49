"""What the jobs note as they go: how late each row was, and what failed. Kept by check_in.py.

One for each process; the lanes of a shift are its threads.
"""

from datetime import datetime
from threading import Lock

from sqlalchemy import Engine

from records.database import open_session
from tasks import shifts

MOST = 50_000  # what is kept of one job between two writes

_lock = Lock()
_seconds: dict[str, list[float]] = {}
_failures: list[str] = []


def note(job: str, seconds: float) -> None:
    """`job` acted on a row so many seconds after it was due."""
    with _lock:
        told = _seconds.setdefault(job, [])
        if len(told) < MOST:
            told.append(max(0.0, seconds))


def fail(error: str) -> None:
    """A row, or a whole job, failed."""
    with _lock:
        _failures.append(error[:500])


def take() -> dict[str, list[float]]:
    """How late what was, since the last time this was asked."""
    with _lock:
        taken = dict(_seconds)
        _seconds.clear()
    return taken


def take_failures() -> list[str]:
    with _lock:
        taken = list(_failures)
        _failures.clear()
    return taken


def write(engine: Engine, now: datetime) -> float:
    """Keep what was noted; the worst of it."""
    noted = take()
    if noted:
        with open_session(engine) as session:
            shifts.keep_lateness(session, noted, now=now)
    return max((max(told) for told in noted.values()), default=0.0)
