"""python -m workflows listen: hears SNMP notifications and syslog, and keeps what came.

Who it is from says BATON_LISTEN (listeners/settings.py); what it means finds the parser. A row of
Shift, “listen”, tells how much was kept and lost (/api/flows).
"""

import logging
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from records.database import home
from tasks.shifts import BEAT
from workflows import lateness
from workflows.check_in import CheckIn
from workflows.listeners import sockets
from workflows.listeners.keeping import Keeper
from workflows.listeners.settings import BadSetting, Senders, Settings
from workflows.listeners.sockets import Datagrams
from workflows.listeners.syslog import Streams
from workflows.listeners.waiting import Kind, Waiting

if TYPE_CHECKING:
    from workflows.listeners.v3 import V3

LISTEN = "listen"
LEAVE = 5.0  # seconds that the last ones get to be kept

log = logging.getLogger(__name__)


def listen(
    engine: Engine,
    stop: threading.Event,
    settings: Settings,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Until `stop`. `told` gets where it listens. BadSetting where that cannot be."""
    listener = Listener(engine, settings)
    told(listener.told)
    own = CheckIn(engine, LISTEN)
    try:
        while not stop.wait(BEAT):
            listener.note(own)
            own.beat()
    finally:
        listener.close()
        listener.note(own)
        own.beat(is_over=True)


class Listener:
    """Its threads run from here on, until `close`."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.waiting, self.lost = Waiting(), 0
        self.over, self.done = threading.Event(), threading.Event()
        self.datagrams: list[Datagrams] = []
        self.streams: Streams | None = None
        self.v3 = _v3(settings)
        self._bind(settings)
        self.keeper = Keeper(
            engine,
            self.waiting,
            Senders(settings.rules),
            self.done,
            read_v3=self.v3.read if self.v3 else None,
            answers={one.port: one.answer for one in self.datagrams if one.kind == "snmp"},
        )
        for thread in self._threads():
            thread.start()

    @property
    def told(self) -> str:
        places = [f"{one.kind} on UDP {one.port}" for one in self.datagrams]
        return ", ".join(places + ([f"syslog on TCP {self.streams.port}"] if self.streams else []))

    def close(self) -> None:
        """The sockets first; then what was taken off them is kept."""
        self.over.set()
        for thread in self._threads()[:-1]:
            thread.join(LEAVE)
        for one in self.datagrams:
            one.bound.close()
        self.done.set()
        self.keeper.join(LEAVE)
        if self.keeper.is_alive() or len(self.waiting):
            log.error("%s that were heard could not be kept", len(self.waiting) + 1)
        if self.v3:
            self.v3.keep()

    def note(self, own: CheckIn) -> None:
        """What was kept, and what was not, for /api/flows and the log."""
        kernel = sum(one.lost_by_kernel() for one in self.datagrams if not self.over.is_set())
        lost = self.waiting.dropped + max(kernel, 0) + self.keeper.failed
        own.done, own.worst = self.keeper.kept, self.keeper.lag
        if lost > self.lost:
            why = f"{lost - self.lost} datagrams were lost: {self.waiting.dropped} found the queue "
            why += f"full, {kernel} the kernel's buffer, {self.keeper.failed} were not taken"
            log.error("%s", why)
            lateness.fail(why)
            own.failed += lost - self.lost - 1  # one is counted by the line itself
            self.lost = lost

    def _bind(self, settings: Settings) -> None:
        try:
            if settings.snmp:
                self._hear(sockets.bind(settings.snmp, socket.SOCK_DGRAM), "snmp")
            if settings.syslog:
                datagrams, stream = sockets.bind_both(settings.syslog)
                self._hear(datagrams, "syslog")
                self.streams = Streams(stream, self.waiting, self.over)
        except OSError as error:
            for one in self.datagrams:
                one.bound.close()
            raise BadSetting(f"Nobody can listen there ({error}): choose another port") from error

    def _hear(self, bound: socket.socket, kind: Kind) -> None:
        self.datagrams.append(Datagrams(bound, kind, self.waiting, self.over))

    def _threads(self) -> list[threading.Thread]:
        return [*self.datagrams, *([self.streams] if self.streams else []), self.keeper]


def _v3(settings: Settings) -> "V3 | None":
    if not (settings.snmp and settings.users):
        return None
    from workflows.listeners import v3  # half a second, for pysnmp

    return v3.V3(v3.make_users(settings.users), home())
