"""When to stop: what sets the event that everything here runs until."""

import os
import signal
import threading


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
