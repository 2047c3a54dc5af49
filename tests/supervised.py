"""`python -m workflows serve` with a Prefect of its own, for test_flows.py and drill_flows.py.

Prefect's database is broken when it begins. Its runner is served.py, and is asked for some runs as
soon as it is there.
"""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

import psutil
from sqlmodel import col, select

from records import Shift
from records.database import connect, open_session
from workflows.prefect_api import NoAnswer, PrefectApi
from workflows.prefect_server import free_port

HIT = "this is no database"
SHIFT_SECONDS = 20  # a start takes three seconds of a processor: more often, a busy machine is lost


class Supervised:
    """In a home that has our database, migrated."""

    def __init__(self, home: Path) -> None:
        self.home, self.engine = home, connect(f"sqlite:///{home / 'baton.db'}")
        (home / "prefect").mkdir()
        (home / "prefect" / "prefect.db").write_text(HIT * 100)
        port = free_port(0)
        self.prefect = PrefectApi(f"http://127.0.0.1:{port}/api")
        env = {name: it for name, it in os.environ.items() if not name.startswith("BATON")}
        env |= {"BATON_HOME": str(home), "BATON_PREFECT_PORT": str(port)}
        env |= {"BATON_FLOWS": "tests.served", "BATON_SHIFT_SECONDS": str(SHIFT_SECONDS)}
        env |= {"BATON_SHIFTS": "1"}  # at once: fewer processes to wait for
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workflows", "serve"],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.asking = Thread(target=self._ask_for_runs, daemon=True)
        self.asking.start()

    def rows(self, *which):
        with open_session(self.engine, readonly=True) as session:
            return session.exec(select(Shift).where(*which).order_by(col(Shift.id))).all()

    def runs(self, flow, *states):
        """Those that Prefect has, the newest first; none while it does not answer."""
        told = {"flows": {"name": {"any_": [flow]}}, "limit": 50, "sort": "START_TIME_DESC"}
        if states:
            told["flow_runs"] = {"state": {"name": {"any_": list(states)}}}
        with suppress(NoAnswer):
            return self.prefect.ask("POST", "/flow_runs/filter", told)
        return []

    def children(self):
        """All its processes, once the server and the runner are there."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        return found if len(found) >= 2 else []

    def child(self, words):
        """The process whose command has these words."""
        for one in self.children():
            with suppress(psutil.Error):
                if words in " ".join(one.cmdline()):
                    return one
        return None

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.communicate(timeout=60)
        self.asking.join()
        self.engine.dispose()

    def _ask_for_runs(self):
        """The same key is the same run; another one, of a flow that takes long, is one too many."""
        for flow, key in (("slow", "one"), ("slow", "one"), ("slow", "two"), ("flaky", "one")):
            while self.process.poll() is None and not self._is_taken(flow, key):
                time.sleep(0.2)

    def _is_taken(self, flow, key):
        with suppress(NoAnswer):
            return self.prefect.is_healthy() and self.prefect.run_now(flow, key)
        return False


def until(is_so, seconds=400):
    """On a machine that has much else to do, starting a process takes twenty times as long."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := is_so():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come about")
