"""Far sides that do not answer, as one process has found: so that they are left alone for a while.

Called by workflows/notices.py. Held in memory only: a new process finds out by itself.
"""

from datetime import datetime, timedelta
from threading import Lock

PAUSES = (5, 15, 60)  # seconds after the 1st, 2nd, each later failure in a row


class Circuits:
    """Per line (channels.line_of): how often it failed in a row, until when it is left alone."""

    def __init__(self) -> None:
        self._broken: dict[str, tuple[int, datetime]] = {}
        self._lock = Lock()

    def is_open(self, line: str, now: datetime) -> bool:
        """Not to be tried now."""
        return line in self._broken and now < self._broken[line][1]

    def is_doubtful(self, line: str) -> bool:
        """It failed when it was last tried: one notice will show."""
        return line in self._broken

    def left_alone(self, channel: str, now: datetime) -> list[str]:
        """The ends of this channel that are not to be tried now."""
        lines = [line for line in list(self._broken) if self.is_open(line, now)]
        return [end for name, _, end in (line.partition(":") for line in lines) if name == channel]

    def note(self, line: str, *, is_dead: bool, now: datetime) -> None:
        with self._lock:
            if not is_dead:
                self._broken.pop(line, None)
                return
            if self.is_open(line, now):
                return  # others found out at the same time
            failures = self._broken.get(line, (0, now))[0] + 1
            pause = PAUSES[min(failures, len(PAUSES)) - 1]
            self._broken[line] = (failures, now + timedelta(seconds=pause))
