"""Every half second: send the notices that are due, each channel apart, so that a dead one holds
up none of the others.
"""

import logging
import threading
import time
import zlib
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from notifications import outbox
from notifications.channels import CHANNELS, line_of
from notifications.circuits import Circuits
from notifications.outbox import Claimed
from notifications.refusals import NotSent
from records.database import open_session
from workflows import lateness
from workflows.ticking import each_due

BATCH = 40
LANES = 4  # sends at once by one channel; one recipient's go through one lane, in order
PATIENCE = 1.0  # seconds that a look waits for its channels; the slower ones go on without it
LASTS = 20.0  # seconds after which a channel begins nothing more: well within a LEASE
log = logging.getLogger(__name__)


class Desk:
    """What one process knows of its channels: who is at work, who does not answer."""

    def __init__(self) -> None:
        self.circuits = Circuits()
        self.at_work: dict[str, threading.Thread] = {}

    def may_send(self, channel: str, now: datetime) -> bool:
        is_at_work = channel in self.at_work and self.at_work[channel].is_alive()
        return not is_at_work and not self.circuits.is_open(channel, now)


_desks: WeakKeyDictionary[Engine, Desk] = WeakKeyDictionary()


def send_notices(engine: Engine, now: datetime) -> int:
    """Send each notice that is due; how many left while this waited for them."""
    each_due(
        engine,
        lambda session: outbox.overdue(session, now=now),
        lambda session, key: outbox.give_up(session, key, now=now),
        lambda session, key: None,
    )
    desk = _desks.setdefault(engine, Desk())
    with open_session(engine, readonly=True) as session:
        due = outbox.due_channels(session, now=now)
    rounds = [Round(engine, desk, channel, now) for channel in due if desk.may_send(channel, now)]
    for each in rounds:
        each.start()
    until = time.monotonic() + PATIENCE
    for each in rounds:
        each.wait(until - time.monotonic())
    return sum(len(each.sent) for each in rounds)


class Round:
    """One channel is emptied: batch after batch, each in lanes side by side."""

    def __init__(self, engine: Engine, desk: Desk, channel: str, now: datetime) -> None:
        self.engine, self.desk, self.channel, self.now = engine, desk, channel, now
        self.sent: list[int] = []
        self.began = time.monotonic()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        if CHANNELS[self.channel].is_inside:
            self.run()  # nothing to wait for
        else:
            self.thread = self.desk.at_work[self.channel] = threading.Thread(target=self.run)
            self.thread.start()

    def wait(self, seconds: float) -> None:
        if self.thread:
            self.thread.join(max(seconds, 0))

    def run(self) -> None:
        try:
            while self._goes_on() and (batch := self._claim()):
                self._send(batch)
        except Exception as error:
            log.exception("sending by %s failed", self.channel)
            lateness.fail(f"sending by {self.channel}: {type(error).__name__}: {error}")

    def _goes_on(self) -> bool:
        """Not where the process is about to end, nor where nobody answers."""
        is_time = time.monotonic() - self.began < LASTS and threading.main_thread().is_alive()
        return is_time and not self.desk.circuits.is_open(self.channel, self._at())

    def _claim(self) -> list[Claimed]:
        circuits = self.desk.circuits
        limit = 1 if circuits.is_doubtful(self.channel) else BATCH
        but = circuits.left_alone(self.channel, self._at())
        with open_session(self.engine) as session:
            return outbox.claim(session, self.channel, now=self._at(), limit=limit, but=but)

    def _send(self, batch: list[Claimed]) -> None:
        if CHANNELS[self.channel].is_inside:
            self._settle([(claimed, outbox.deliver(claimed)) for claimed in batch])
            return
        lanes: dict[int, list[Claimed]] = {}
        for claimed in batch:
            lane = zlib.crc32(claimed.notice.to.encode()) % LANES
            lanes.setdefault(lane, []).append(claimed)
        first, *others = lanes.values()
        threads = [threading.Thread(target=self._go_through, args=(lane,)) for lane in others]
        for thread in threads:
            thread.start()
        self._go_through(first)
        for thread in threads:
            thread.join()

    def _go_through(self, lane: list[Claimed]) -> None:
        for claimed in lane:
            try:
                self._try(claimed)
            except Exception as error:  # its claim runs out, and it is tried again
                what = f"notice {claimed.notice.id}"
                log.exception("%s could not be settled", what)
                lateness.fail(f"{what}: {type(error).__name__}: {error}")

    def _try(self, claimed: Claimed) -> None:
        line = line_of(self.channel, claimed.notice.to)
        if not self._goes_on() or self.desk.circuits.is_open(line, self._at()):
            with open_session(self.engine) as session:
                outbox.give_back(session, claimed, now=self.now)
            return
        error = outbox.deliver(claimed)
        is_dead = error is not None and error.is_unreachable
        self.desk.circuits.note(line, is_dead=is_dead, now=self._at())
        self._settle([(claimed, error)])

    def _settle(self, outcomes: list[tuple[Claimed, NotSent | None]]) -> None:
        with open_session(self.engine) as session:
            for claimed, error in outcomes:
                outbox.settle(session, claimed, error, now=self._at())
        sent = [claimed for claimed, error in outcomes if error is None]
        self.sent += [claimed.notice.id for claimed in sent]
        for claimed in sent:
            lateness.note("send notices", (self._at() - claimed.since).total_seconds())

    def _at(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self.began)
