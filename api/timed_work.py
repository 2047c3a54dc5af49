"""The timed work beside the API: a process that begins with it, begins again where it dies,
and ends with it.

Called by __main__.py. What it does: workflows/supervising.py.
"""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from api.footing import free_port

LONGEST_PAUSE = 60.0  # seconds between two starts of what dies at once
PATIENCE = 15.0  # seconds for it to end

log = logging.getLogger(__name__)


def plan_flows() -> tuple[str, dict[str, str]]:
    """Where Prefect's page will be, and what its server has to know of it."""
    elsewhere = os.environ.get("PREFECT_API_URL")
    if os.environ.get("BATON_PREFECT") == "no":
        return "without Prefect: BATON_PREFECT=no", {}
    elif elsewhere:
        return os.environ.get("PREFECT_UI_URL") or elsewhere.removesuffix("/api"), {}
    port = str(free_port(os.environ.get("BATON_PREFECT_PORT") or "4200"))
    return f"http://127.0.0.1:{port}", {"BATON_PREFECT_PORT": port}


@contextmanager
def timed_work(settings: Mapping[str, str]) -> Iterator[None]:
    kept = Kept(os.environ | settings)
    kept.start()
    try:
        yield
    finally:
        kept.stop()


class Kept(threading.Thread):
    """A new session: Ctrl-C stops it through us. The pipe to it ends with us, however we end; then
    it stops by itself.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        super().__init__()
        self.env, self.over, self.deaths = dict(env), threading.Event(), 0
        self.child = self._begin()

    def run(self) -> None:
        while not self.over.wait(0.5):
            if self.child.poll() is not None:
                self.deaths += 1
                log.error("Timed work ended (%s); it begins again", self.child.returncode)
                if not self.over.wait(min(LONGEST_PAUSE, 2.0**self.deaths - 1)):
                    self.child = self._begin()

    def stop(self) -> None:
        self.over.set()
        self.join()
        self.child.terminate()
        try:
            self.child.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()

    def _begin(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "workflows", "serve"]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, start_new_session=True, env=self.env)
