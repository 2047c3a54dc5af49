"""What came off the sockets and waits to be kept: bounded, so that a flood cannot eat the memory.

sockets.py and syslog.py put in, keeping.py takes out.
"""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MOST = 100_000  # datagrams and lines
MOST_BYTES = 64_000_000
Kind = Literal["snmp", "syslog"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One datagram or one line, as it came."""

    kind: Kind
    body: bytes
    sender: tuple[str, int]
    port: int  # ours
    at: datetime
    note: str = ""  # what is missing of it


class Waiting:
    """A queue that says no when it is full. `dropped` counts what UDP lost to that."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self.most, self.most_bytes = most, most_bytes
        self.arrivals: deque[Arrival] = deque()
        self.bytes = self.dropped = self.received = self.deepest = 0
        self.changed = threading.Condition()

    def __len__(self) -> int:
        return len(self.arrivals)

    def put(self, arrival: Arrival) -> bool:
        """Whether there was room. UDP cannot wait: what finds none is lost, and counted."""
        with self.changed:
            is_in = self._take_in(arrival)
            self.dropped += not is_in
            return is_in

    def put_patiently(self, arrival: Arrival, stop: threading.Event) -> bool:
        """Waits for room: a TCP sender is held back and loses nothing."""
        with self.changed:
            while not stop.is_set():
                if self._take_in(arrival):
                    return True
                self.changed.wait(0.1)
        return False

    def take(self, most: int) -> list[Arrival]:
        """The oldest, none where there are none."""
        with self.changed:
            taken = [self.arrivals.popleft() for _ in range(min(most, len(self.arrivals)))]
            self.bytes -= sum(len(one.body) for one in taken)
            self.changed.notify_all()
            return taken

    def _take_in(self, arrival: Arrival) -> bool:
        if len(self.arrivals) >= self.most or self.bytes + len(arrival.body) > self.most_bytes:
            return False
        self.arrivals.append(arrival)
        self.bytes += len(arrival.body)
        self.received += 1
        self.deepest = max(self.deepest, len(self.arrivals))
        return True
