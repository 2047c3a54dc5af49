"""A shift: does the jobs of SCHEDULE, lane by lane, until newer shifts have come or it is told.

Started by Prefect once a minute (flows.py), and by the supervisor where no other is at work. Any
number may be at work at once: the jobs see to that. Two are, so that one of them may be killed.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Engine

from tasks.shifts import BEAT, SHIFT
from workflows import lateness
from workflows.check_in import CheckIn
from workflows.schedule import OUTSIDE, Job, jobs

KEEP = int(os.environ.get("BATON_SHIFTS", "2"))  # so many newer shifts let an older one go
LONGEST = 3600.0  # seconds, whoever has come
STUCK = 120.0  # when a lane has not moved for so long, its shift gives no more sign of life
FAST = 0.02  # seconds until the next look, after one that found something
TOLD_EVERY = 60.0  # seconds between two lines about the same failure
LEAVE = 2.0  # what the lanes get to end what they are at

log = logging.getLogger(__name__)


def work(
    engine: Engine,
    stop: threading.Event,
    *,
    flow_run: str = "",
    keep: int = KEEP,
    longest: float = LONGEST,
    todo: Mapping[str, Job] | None = None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> dict[str, float]:
    """Do what is due until `stop` is set, `keep` newer shifts are at work, or it is not wanted.

    What was done.
    """
    over, ends_at = threading.Event(), time.monotonic() + longest
    own = CheckIn(engine, SHIFT, flow_run)
    lanes = [Lane(name, of, engine, over, own) for name, of in _by_lane(todo or jobs()).items()]
    for lane in lanes:
        lane.start()
    try:
        while not stop.wait(BEAT) and time.monotonic() < ends_at and is_wanted():
            if not any(lane.is_stuck() for lane in lanes) and own.beat() >= keep:
                break
    finally:
        over.set()
        left_at = time.monotonic() + LEAVE
        for lane in lanes:
            lane.join(max(0.0, left_at - time.monotonic()))
        own.beat(is_over=True)
    return {"done": own.done, "failed": own.failed, "worst": own.worst}


class Lane(threading.Thread):
    """The jobs of one lane, each when its turn comes. One that fails has its next turn."""

    def __init__(
        self,
        name: str,
        jobs: Mapping[str, Job],
        engine: Engine,
        over: threading.Event,
        own: CheckIn,
    ) -> None:
        super().__init__(name=name, daemon=True)  # what hangs in a far side keeps nobody here
        self.jobs, self.engine, self.over, self.own = jobs, engine, over, own
        self.moved = time.monotonic()
        self.told: dict[tuple[str, type], float] = {}

    def run(self) -> None:
        turns = dict.fromkeys(self.jobs, 0.0)
        while not self.over.wait(max(0.0, min(turns.values()) - time.monotonic())):
            for name, job in self.jobs.items():
                self.moved = time.monotonic()
                if turns[name] <= self.moved and not self.over.is_set():
                    has_more = self._do(name, job) > 0
                    turns[name] = time.monotonic() + (self._rest() if has_more else job.seconds)

    def is_stuck(self) -> bool:
        return self.name not in OUTSIDE and time.monotonic() - self.moved > STUCK

    def _rest(self) -> float:
        """On SQLite others look every 0.1 s whether they may write: who goes on at once never lets
        them. A storm's senders waited for eight seconds."""
        took = time.monotonic() - self.moved
        return max(FAST, took) if self.engine.dialect.name == "sqlite" else FAST

    def _do(self, name: str, job: Job) -> int:
        try:
            done = job.work(self.engine, datetime.now(UTC))
        except Exception as error:
            self._tell(name, error)
            return 0
        self.own.done += done
        return done

    def _tell(self, name: str, error: Exception) -> None:
        """The same again and again — the database is away — is told once a minute."""
        lateness.fail(f"{name}: {type(error).__name__}: {error}")
        kind, now = (name, type(error)), time.monotonic()
        if now - self.told.get(kind, float("-inf")) > TOLD_EVERY:
            self.told[kind] = now
            log.error("“%s” failed", name, exc_info=error)


def _by_lane(all_jobs: Mapping[str, Job]) -> dict[str, dict[str, Job]]:
    lanes: dict[str, dict[str, Job]] = {}
    for name, job in all_jobs.items():
        lanes.setdefault(job.lane, {})[name] = job
    return lanes
