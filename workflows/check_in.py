"""A flow that runs checks in: a row of Shift that lives as long as it does.

Called by shift.py and planned.py. Whoever has a row without a sign of life is gone.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlmodel import Session

from records.database import open_session
from tasks import shifts
from workflows import lateness

NOTED_EVERY = 60.0  # seconds between two rows of lateness

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


def in_short(error: BaseException) -> str:
    """One line of it."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


class CheckIn:
    """The row of one run of a flow. Without a database it goes on, and tries again."""

    def __init__(
        self, engine: Engine, flow: str, flow_run: str = "", next_at: datetime | None = None
    ) -> None:
        self.engine, self.flow, self.flow_run, self.next_at = engine, flow, flow_run, next_at
        self.has_failed = False
        self.row = self.done = self.failed = 0
        self.worst, self.error, self.noted_at = 0.0, "", time.monotonic()
        self.beat()

    def beat(self, *, is_over: bool = False) -> int:
        """A sign of life; how many newer shifts are at work."""
        try:
            return self._beat(utc_now(), is_over)
        except Exception as error:
            log.warning("%s could not check in: %s", self.flow, in_short(error))
            return 0

    def _beat(self, now: datetime, is_over: bool) -> int:
        failures = lateness.take_failures()
        self.failed += len(failures)
        self.error = failures[-1] if failures else self.error
        if is_over or time.monotonic() - self.noted_at > NOTED_EVERY:
            self.worst = max(self.worst, lateness.write(self.engine, now))
            self.noted_at = time.monotonic()
        with open_session(self.engine) as session:
            self.row = self.row or self._begin(session, now)
            shifts.beat(
                session,
                self.row,
                now=now,
                done=self.done,
                failed=self.failed,
                worst=self.worst,
                error=self.error,
            )
            if is_over:
                shifts.check_out(session, self.row, now=now, has_failed=self.has_failed)
            return shifts.count_live(session, now=now, after=self.row)

    def _begin(self, session: Session, now: datetime) -> int:
        return shifts.check_in(
            session,
            self.flow,
            now=now,
            flow_run=self.flow_run,
            next_at=self.next_at,
            host=socket.gethostname(),
            process=os.getpid(),
        )


@contextmanager
def checked_in(
    engine: Engine, flow: str, flow_run: str = "", next_at: datetime | None = None
) -> Iterator[CheckIn]:
    """For a flow that does one thing: beats beside it until it is over."""
    own, over = CheckIn(engine, flow, flow_run, next_at), threading.Event()

    def beat() -> None:
        while not over.wait(shifts.BEAT):
            own.beat()

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield own
    except BaseException as error:
        lateness.fail(f"{type(error).__name__}: {error}")
        own.has_failed = True
        raise
    finally:
        over.set()
        beating.join()
        own.beat(is_over=True)
