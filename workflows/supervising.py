"""python -m workflows serve: keeps Prefect's server, a runner of our flows, and the time.

Where no shift is at work — until Prefect is up, when it is down, if it is lost — one runs right
here, so that no clock ever waits for Prefect. It goes when two of Prefect's have come.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from records import Shift
from records.database import home, open_session
from tasks import shifts
from workflows import planned
from workflows.check_in import in_short
from workflows.children import Child
from workflows.prefect_api import NoAnswer
from workflows.prefect_server import ElsewherePrefect, PrefectServer
from workflows.shift import KEEP, work

LOOK = 0.5  # seconds between two looks
KICK = 30.0  # seconds that a run that was asked for gets to check in
DEAD = timedelta(minutes=1)  # a run that Prefect holds for running, without a sign of life
MISSED_EVERY = 30.0
ALONE = 300.0  # seconds without Prefect, after which nightly flows run here too

log = logging.getLogger(__name__)


def supervise(engine: Engine, stop: threading.Event, told: Callable[[str], None]) -> None:
    """Until `stop`. `told` gets the address of Prefect's page when the flows are at work."""
    prefect, here, listener = _prefect(), Here(engine, stop), listener_wanted()
    there = There(engine, prefect, told) if prefect else None
    while not stop.wait(LOOK):
        live = here.look()
        if listener:
            _keep(listener)
        if there:
            there.look(live)
        if there is None or there.has_been_gone(ALONE):
            here.catch_up()
    if listener:
        listener.stop(patience=5.0)  # what it heard last is kept
    if there:
        there.stop()
    here.leave()


def listener_wanted() -> Child | None:
    """What hears SNMP and syslog, where a setting says where: listening.py."""
    if not (os.environ.get("BATON_SNMP") or os.environ.get("BATON_SYSLOG")):
        return None
    return Child("The listener", ["workflows", "listen"], os.environ, home() / "listen.log")


def who_is_at_work(engine: Engine) -> list[Shift]:
    """All runs of flows, on any machine; none where the database is away."""
    try:
        with open_session(engine, readonly=True) as session:
            return list(shifts.live(session, now=datetime.now(UTC)))
    except Exception as error:
        log.warning("Nobody knows who is at work: %s", in_short(error))
        return []


def _keep(child: Child) -> None:
    try:
        child.keep()
    except OSError as error:  # no room for its log, no process to be had: at its next look
        log.warning("%s cannot be started: %s", child.name, in_short(error))


def _prefect() -> PrefectServer | ElsewherePrefect | None:
    url = os.environ.get("PREFECT_API_URL")
    if os.environ.get("BATON_PREFECT") == "no":
        return None
    try:
        return ElsewherePrefect(url) if url else PrefectServer()
    except (OSError, ValueError) as error:
        log.warning("Timed work goes on without Prefect: %s", in_short(error))
        return None


class Here:
    """What is done in this very process: a shift that stands in, and nightly flows if need be."""

    def __init__(self, engine: Engine, stop: threading.Event) -> None:
        self.engine, self.stop = engine, stop
        self.shift = self.nightly = threading.Thread(target=int)
        self.caught_up_at = 0.0

    def look(self) -> list[Shift]:
        """Who is at work; if nobody is, this begins."""
        live = who_is_at_work(self.engine)
        if not self.shift.is_alive() and not any(one.flow == shifts.SHIFT for one in live):
            self.shift = self._begin(lambda: work(self.engine, self.stop, longest=float("inf")))
        return live

    def catch_up(self) -> None:
        if time.monotonic() - self.caught_up_at > MISSED_EVERY and not self.nightly.is_alive():
            self.caught_up_at = time.monotonic()
            self.nightly = self._begin(lambda: planned.catch_up(self.engine, datetime.now(UTC)))

    def leave(self) -> None:
        """What is in a far side’s hands is left there: it is tried again under the same key."""
        self.shift.join(5.0) if self.shift.ident else None

    def _begin(self, do: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                do()
            except Exception:
                log.exception("Work in the supervisor's own process ended")

        begun = threading.Thread(target=run, daemon=True)
        begun.start()
        return begun


class There:
    """Prefect: its server, the runner of our flows, and what is put right between the two."""

    def __init__(
        self,
        engine: Engine,
        prefect: PrefectServer | ElsewherePrefect,
        told: Callable[[str], None],
    ) -> None:
        self.engine, self.prefect, self.told = engine, prefect, told
        printed = prefect.folder / "runner.log"
        command = os.environ.get("BATON_FLOWS", "workflows run-flows").split()
        self.runner = Child("The runner of the flows", command, prefect.env, printed)
        self.there_at = self.checked_at = time.monotonic()
        self.kicked_at = float("-inf")
        self.is_tidy = self.is_told = False
        self.failure = ""

    def look(self, live: list[Shift]) -> None:
        """Whatever fails with Prefect is one line, and has its next look: this must not end."""
        try:
            if self.prefect.keep():
                self.there_at = time.monotonic()
                self._look_after(live)
                self.failure = ""
        except Exception as error:
            if self.failure != in_short(error):
                self.failure = in_short(error)
                log.warning("Prefect is not looked after: %s", self.failure)

    def has_been_gone(self, seconds: float) -> bool:
        return time.monotonic() - self.there_at > seconds

    def stop(self) -> None:
        """Those of others, on other machines, go on."""
        here = socket.gethostname()
        mine = {one.flow_run for one in who_is_at_work(self.engine) if one.host == here}
        self.runner.stop(patience=3.0, head_first=True)
        try:
            if self.prefect.api.is_healthy():
                self.prefect.api.close(mine)
        except NoAnswer as error:
            log.warning("Prefect was not told what was stopped: %s", in_short(error))
        self.prefect.stop()

    def _look_after(self, live: list[Shift]) -> None:
        if not self.is_tidy:
            self._tidy(live, timedelta(0))
        if self.runner.env != self.prefect.env:  # the server had to move
            self.runner.env = self.prefect.env
            self.runner.kill()
        self.runner.keep()
        of_prefect = [one for one in live if one.flow == shifts.SHIFT and one.flow_run]
        if of_prefect and not self.is_told:
            self.is_told = True
            self.told(self.prefect.page)
        if len(of_prefect) < KEEP and time.monotonic() - self.kicked_at > KICK:
            newest = max((one.id for one in live), default=0)
            key = f"kick:{newest}:{int(time.time() / KICK)}"  # however many supervisors ask
            if self.prefect.api.run_now(shifts.SHIFT, key):
                self.kicked_at = time.monotonic()
        if time.monotonic() - self.checked_at > MISSED_EVERY:
            self.checked_at = time.monotonic()
            self._tidy(live, DEAD)
            self._ask_for_missed(datetime.now(UTC))

    def _tidy(self, live: list[Shift], grace: timedelta) -> None:
        """What Prefect believes becomes what is so. At boot, before anything can run."""
        now = datetime.now(UTC)
        if not self.is_tidy:
            self.prefect.api.drop_late(now)
        self.prefect.api.close_dead({one.flow_run for one in live}, now, grace)
        self.is_tidy = True

    def _ask_for_missed(self, now: datetime) -> None:
        for name, at in planned.missed(self.engine, now).items():
            turn = int(now.timestamp() / planned.GRACE.total_seconds())
            log.warning("“%s” of %s has not come about: it is asked for again", name, at)
            self.prefect.api.run_now(name, f"{name}:{turn}")
