"""UDP: takes datagrams off a socket, and nothing else, so that bursts find room in the kernel."""

import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime
from struct import unpack

from workflows.listeners.waiting import Arrival, Kind, Waiting

ROOM = 16_000_000  # bytes asked of the kernel for a burst; it gives net.core.rmem_max at most
LARGEST = 65_535
TRIES = 20  # a port that is free on TCP is seldom taken on UDP
LOOK = 0.05  # seconds between two looks whether to stop
FORCE, MEMINFO, DROPS = 33, 55, 8  # SO_RCVBUFFORCE, SO_MEMINFO and its SK_MEMINFO_DROPS: Linux


def bind(address: tuple[str, int], kind: socket.SocketKind) -> socket.socket:
    """OSError where the port is taken or not ours to take."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    bound = socket.socket(family, kind)
    try:
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            _ask_for_room(bound)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def bind_both(address: tuple[str, int]) -> tuple[socket.socket, socket.socket]:
    """UDP and TCP on one port; where 0 asks for any port, one that is free on both."""
    for _ in range(0 if address[1] else TRIES):
        with suppress(OSError):
            return _both(address)
    return _both(address)


class Datagrams(threading.Thread):
    """Whatever comes goes into `waiting`, with the sender's address."""

    def __init__(
        self, bound: socket.socket, kind: Kind, waiting: Waiting, stop: threading.Event
    ) -> None:
        super().__init__(name=f"{kind} datagrams", daemon=True)
        self.bound, self.kind, self.waiting, self.stop = bound, kind, waiting, stop
        self.port: int = bound.getsockname()[1]

    def run(self) -> None:
        self.bound.settimeout(LOOK)
        while not self.stop.is_set():
            try:
                body, sender = self.bound.recvfrom(LARGEST)
            except TimeoutError:
                continue
            except OSError:  # an answer of ours found nobody: ICMP says so here
                continue
            at = datetime.now(UTC)
            if body:
                self.waiting.put(Arrival(self.kind, body, sender[:2], self.port, at))

    def answer(self, reply: bytes, sender: tuple[str, int]) -> None:
        with suppress(OSError):  # it went away: it will ask again
            self.bound.sendto(reply, sender)

    def lost_by_kernel(self) -> int:
        """What found no room before we could look at it; 0 where the system does not say."""
        try:
            told = self.bound.getsockopt(socket.SOL_SOCKET, MEMINFO, 36)
            return int(unpack("9I", told)[DROPS])
        except (OSError, ValueError):
            return 0


def _both(address: tuple[str, int]) -> tuple[socket.socket, socket.socket]:
    stream = bind(address, socket.SOCK_STREAM)
    try:
        return bind((address[0], stream.getsockname()[1]), socket.SOCK_DGRAM), stream
    except OSError:
        stream.close()
        raise


def _ask_for_room(bound: socket.socket) -> None:
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
    with suppress(OSError):
        bound.setsockopt(socket.SOL_SOCKET, FORCE, ROOM)  # may exceed the limit, for who may
