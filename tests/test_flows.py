"""The flows as they are started on a machine: supervisor, Prefect's server, runner, flows.

One set of them for the whole module: a Prefect server takes ten seconds to begin.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from sqlmodel import col, select

from records import Shift
from records.database import connect, open_session
from workflows.prefect_api import PrefectApi
from workflows.prefect_server import free_port

pytestmark = pytest.mark.slow
HIT = "this is no database"


class Supervised:
    """`python -m workflows serve` in a home of its own, whose Prefect database is broken."""

    def __init__(self, home, port):
        self.home, self.engine = home, connect(f"sqlite:///{home / 'baton.db'}")
        self.prefect = PrefectApi(f"http://127.0.0.1:{port}/api")
        env = {name: it for name, it in os.environ.items() if not name.startswith("BATON")}
        env |= {"BATON_HOME": str(home), "BATON_PREFECT_PORT": str(port)}
        env |= {"BATON_FLOWS": "tests.served", "BATON_SHIFT_SECONDS": "10"}
        env |= {"BATON_SHIFTS": "1"}  # at once: fewer processes to wait for
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workflows", "serve"],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def rows(self, *which):
        with open_session(self.engine, readonly=True) as session:
            return session.exec(select(Shift).where(*which).order_by(col(Shift.id))).all()

    def runs(self, flow, *states):
        told = {"flows": {"name": {"any_": [flow]}}, "limit": 50, "sort": "START_TIME_DESC"}
        if states:
            told["flow_runs"] = {"state": {"name": {"any_": list(states)}}}
        return self.prefect.ask("POST", "/flow_runs/filter", told)

    def child(self, words):
        """The process whose command has these words."""
        for one in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.Error):
                if words in " ".join(one.cmdline()):
                    return one
        return None


def until(is_so, seconds=150):
    """On a machine that has much else to do, starting a process takes ten times as long."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := is_so():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not come about")


@pytest.fixture(scope="module")
def begun(tmp_path_factory, sqlite_template):
    home = tmp_path_factory.mktemp("home")
    shutil.copy(sqlite_template, home / "baton.db")
    (home / "prefect").mkdir()
    (home / "prefect" / "prefect.db").write_text(HIT * 100)
    begun = Supervised(home, free_port(4200))
    yield begun
    if begun.process.poll() is None:
        begun.process.terminate()
    begun.process.communicate(timeout=20)
    begun.engine.dispose()


IS_SHIFT = (col(Shift.flow) == "shift", col(Shift.seen_at) > datetime(2026, 1, 1, tzinfo=UTC))
OF_PREFECT = col(Shift.flow_run) != ""


def test_the_time_runs_before_prefect_does(begun):
    [own] = until(lambda: begun.rows(*IS_SHIFT))
    assert own.flow_run == "" and not begun.prefect.is_healthy()


def test_a_schedule_makes_runs_and_they_take_over(begun):
    """Of Prefect's own, asked for by nobody; though its database was lost at the start."""
    assert until(lambda: begun.rows(*IS_SHIFT, OF_PREFECT))
    assert until(lambda: [run for run in begun.runs("shift", "Running") if run["auto_scheduled"]])
    assert until(lambda: begun.rows(OF_PREFECT.is_(False))[0].ended_at)
    kept = next((begun.home / "prefect").glob("prefect.db.*.lost"))
    assert kept.read_text().startswith(HIT)


def test_a_flow_that_fails_is_tried_again_and_two_at_once_are_one(begun):
    for key in ("one", "one", "two"):  # the same key is the same run; another is one too many
        assert begun.prefect.run_now("slow", key)
    begun.prefect.run_now("flaky", "one")
    until(lambda: len(begun.runs("flaky", "Completed")) == 1)
    assert (begun.home / "tries").read_text() == "xxx"
    tries = begun.rows(Shift.flow == "flaky")
    assert [row.has_failed for row in tries] == [True, True, False]
    until(lambda: len(begun.runs("slow", "Running")) == 1)
    until(lambda: len(begun.runs("slow", "Cancelled")) == 1)


def test_a_runner_that_is_killed_is_started_again_while_its_flows_go_on(begun):
    was = begun.child("tests.served")
    was.kill()
    until(lambda: (again := begun.child("tests.served")) and again.pid != was.pid)
    (begun.home / "let-go").touch()
    until(lambda: begun.runs("slow", "Completed"))  # the orphan ended its work
    assert begun.rows(Shift.flow == "slow")[0].has_failed is False
    newest = begun.rows(*IS_SHIFT)[-1].id
    until(lambda: [row for row in begun.rows(OF_PREFECT) if row.id > newest])


def test_schedules_that_were_missed_do_not_pile_up(begun):
    for n in range(3):
        at = datetime.now(UTC) - timedelta(hours=n + 1)
        found = begun.prefect.ask("GET", "/deployments/name/flaky/main")
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": at.isoformat()}}
        begun.prefect.ask("POST", f"/deployments/{found['id']}/create_flow_run", {"state": state})
    assert begun.prefect.drop_late(datetime.now(UTC)) == 3


def test_sigterm_leaves_nothing_behind(begun):
    ours = psutil.Process(begun.process.pid).children(recursive=True)
    assert len(ours) >= 2  # server, runner, and mostly a shift
    began = time.monotonic()
    begun.process.send_signal(signal.SIGTERM)
    printed = begun.process.communicate(timeout=15)[0]
    assert begun.process.returncode == 0 and time.monotonic() - began < 10
    assert psutil.wait_procs(ours, timeout=2)[1] == []
    assert "Flows are at work: http://127.0.0.1" in printed and "Traceback" not in printed
