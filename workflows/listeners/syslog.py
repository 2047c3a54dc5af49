"""Syslog over TCP: both framings of RFC 6587, any number of senders in one thread.

A sender that goes away or says nothing holds up nobody. UDP: sockets.py. What a line means: tasks/.
"""

import logging
import selectors
import socket
import threading
from datetime import UTC, datetime

from workflows.listeners.waiting import Arrival, Waiting

LARGEST = 65_536  # bytes of a line that are kept
MOST_SENDERS = 500
LOOK = 0.05  # seconds between two looks whether to stop
PIECE = 65_536
DIGIT = {b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9"}
DIGITS = 9  # of an octet count; more is no count

log = logging.getLogger(__name__)


class Frames:
    """Cuts a stream into lines: “<34>1 …\\n”, or “60 <34>1 …” with the number of its octets."""

    def __init__(self) -> None:
        self.rest = bytearray()
        self.skip = 0  # octets still to come of a line that is too long
        self.skips_line = False

    def feed(self, piece: bytes) -> list[tuple[bytes, str]]:
        """Lines that are whole now, each with what is missing of it."""
        self.rest += piece
        lines = []
        while (found := self._next()) is not None:
            if found[0]:
                lines.append(found)
        return lines

    def close(self) -> list[tuple[bytes, str]]:
        """What was still without an end."""
        rest, self.rest = bytes(self.rest), bytearray()
        is_known = self.skip or self.skips_line
        return [] if is_known or not rest.strip() else [(rest, "unfinished")]

    def _next(self) -> tuple[bytes, str] | None:
        if self.skip or self.skips_line:
            self._drop()
            if self.skip or self.skips_line:
                return None
        count = self._count()
        if count is None or not self.rest:
            return None
        return self._counted(*count) if count[0] else self._line()

    def _count(self) -> tuple[int, int] | None:
        """Octets, and where they start; (0, 0) without a count; None if that is not seen yet."""
        if bytes(self.rest[:1]) not in DIGIT:
            return 0, 0
        head = bytes(self.rest[: DIGITS + 1])
        digits = len(head) - len(head.lstrip(b"0123456789"))
        if digits == len(head) and digits <= DIGITS:
            return None
        is_count = digits <= DIGITS and head[digits : digits + 1] == b" "
        return (int(head[:digits]), digits + 1) if is_count else (0, 0)

    def _counted(self, octets: int, start: int) -> tuple[bytes, str] | None:
        if len(self.rest) < start + min(octets, LARGEST):
            return None
        end = start + min(octets, LARGEST)
        line, self.skip = bytes(self.rest[start:end]), max(0, octets - LARGEST)
        del self.rest[:end]
        return line.rstrip(b"\r\n\0"), "cut" if self.skip else ""

    def _line(self) -> tuple[bytes, str] | None:
        end = self.rest.find(b"\n", 0, LARGEST + 1)
        if end < 0 and len(self.rest) <= LARGEST:
            return None
        self.skips_line = end < 0
        line = bytes(self.rest[: LARGEST if end < 0 else end])
        del self.rest[: len(line) + (end >= 0)]
        return line.rstrip(b"\r\0"), "cut" if end < 0 else ""

    def _drop(self) -> None:
        if self.skip:
            dropped = min(self.skip, len(self.rest))
            self.skip -= dropped
        else:
            end = self.rest.find(b"\n")
            dropped = len(self.rest) if end < 0 else end + 1
            self.skips_line = end < 0
        del self.rest[:dropped]


class Streams(threading.Thread):
    """Everybody who has connected. Where `waiting` is full they are held back."""

    def __init__(self, bound: socket.socket, waiting: Waiting, stop: threading.Event) -> None:
        super().__init__(name="syslog streams", daemon=True)
        self.bound, self.waiting, self.stop = bound, waiting, stop
        self.port: int = bound.getsockname()[1]
        bound.setblocking(False)
        bound.listen(128)
        self.selector = selectors.DefaultSelector()
        self.senders: dict[socket.socket, tuple[Frames, tuple[str, int]]] = {}  # latest last

    def run(self) -> None:
        self.selector.register(self.bound, selectors.EVENT_READ)
        while not self.stop.is_set():
            for key, _ in self.selector.select(LOOK):
                try:
                    self._look(key.fileobj)  # type: ignore[arg-type]
                except Exception:  # one sender must not end them all
                    log.exception("A syslog stream failed")
        for sender in list(self.senders):
            self._close(sender)
        self.selector.close()
        self.bound.close()

    def _look(self, ready: socket.socket) -> None:
        if ready is self.bound:
            self._welcome()
            return
        try:
            piece = ready.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if piece:
            self.senders[ready] = self.senders.pop(ready)
            self._put(ready, self.senders[ready][0].feed(piece))
        else:
            self._close(ready)

    def _welcome(self) -> None:
        sender, address = self.bound.accept()
        if len(self.senders) >= MOST_SENDERS:  # of those that are gone not all have said so
            quietest = next(iter(self.senders))
            log.warning("%s senders of syslog: the one that was silent for longest goes: %s",
                        MOST_SENDERS, self.senders[quietest][1][0])  # fmt: skip
            self._close(quietest)
        sender.setblocking(False)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.senders[sender] = Frames(), address[:2]
        self.selector.register(sender, selectors.EVENT_READ)

    def _put(self, sender: socket.socket, lines: list[tuple[bytes, str]]) -> None:
        address, at = self.senders[sender][1], datetime.now(UTC)
        for line, note in lines:
            arrival = Arrival("syslog", line, address, self.port, at, note)
            self.waiting.put_patiently(arrival, self.stop)

    def _close(self, sender: socket.socket) -> None:
        self._put(sender, self.senders[sender][0].close())
        del self.senders[sender]
        self.selector.unregister(sender)
        sender.close()
