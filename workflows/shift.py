"""A shift: look at each job of SCHEDULE when its turn comes, until told to stop."""

import logging
import os
import signal
import threading
import time
from datetime import UTC, datetime

from sqlalchemy import Engine

from workflows.schedule import SCHEDULE, Job

log = logging.getLogger(__name__)


def work(engine: Engine, stop: threading.Event) -> None:
    """Do what is due until `stop` is set. A job that fails is logged and has its next turn."""
    turns = dict.fromkeys(SCHEDULE, 0.0)
    while not stop.is_set():
        for name, job in SCHEDULE.items():
            if turns[name] <= time.monotonic() and not stop.is_set():
                _do(name, job, engine)
                turns[name] = time.monotonic() + job.seconds
        stop.wait(max(0.0, min(turns.values()) - time.monotonic()))


def until_signalled() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def until_left(stop: threading.Event) -> None:
    """Set `stop` when standard input ends, as it does with whoever started this through a pipe."""

    def wait() -> None:
        while os.read(0, 1):  # not sys.stdin: its lock would still be held at the end
            pass
        stop.set()

    threading.Thread(target=wait, daemon=True).start()


def _do(name: str, job: Job, engine: Engine) -> None:
    try:
        job.work(engine, datetime.now(UTC))
    except Exception:
        log.exception("“%s” failed", name)
