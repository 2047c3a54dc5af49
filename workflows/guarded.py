"""python -m workflows.guarded MODULE …: run a module that ends with whoever started it.

Its standard input is a pipe to the supervisor. When that ends, however it ends, this and all that
it started are stopped: no server, runner or flow is left behind on any system.
"""

import os
import runpy
import signal
import sys
import threading
import time

LEAVE = 3.0  # seconds between asking the group to go and ending it


def main() -> None:
    threading.Thread(target=_watch, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _watch() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(LEAVE)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
