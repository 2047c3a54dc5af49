"""The flows as they are started on a machine: supervisor, Prefect's server, runner, flows.

One set of them for the session. While they begin, which takes a while, other tests run: cast.py
has put them between the first of these and the second. Drills: drill_flows.py, drill_kills.py.
"""

import shutil
import signal
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from sqlmodel import col

from records import Shift
from tests.supervised import HIT, Supervised, until

pytestmark = pytest.mark.slow
IS_SHIFT = (col(Shift.flow) == "shift", col(Shift.seen_at) > datetime(2026, 1, 1, tzinfo=UTC))
OF_PREFECT = col(Shift.flow_run) != ""


@pytest.fixture(scope="session")
def begun(tmp_path_factory, sqlite_template):
    home = tmp_path_factory.mktemp("home")
    shutil.copy(sqlite_template, home / "baton.db")
    begun = Supervised(home)
    yield begun
    begun.end()


def test_the_time_runs_before_prefect_does(begun):
    own = until(lambda: begun.rows(*IS_SHIFT))[0]
    assert own.flow_run == "" and not begun.runs("shift", "Running")


def test_a_schedule_makes_runs_and_they_take_over(begun):
    """Of Prefect's own, asked for by nobody; though its database was lost at the start."""
    assert until(lambda: begun.rows(*IS_SHIFT, OF_PREFECT))
    assert until(lambda: [run for run in begun.runs("shift", "Running") if run["auto_scheduled"]])
    assert until(lambda: begun.rows(OF_PREFECT.is_(False))[0].ended_at)
    kept = next((begun.home / "prefect").glob("prefect.db.*.lost"))
    assert kept.read_text().startswith(HIT)


def test_a_flow_that_fails_is_tried_again(begun):
    until(lambda: len(begun.runs("flaky", "Completed")) == 1)
    assert (begun.home / "tries").read_text() == "xxx"
    tries = begun.rows(Shift.flow == "flaky")
    assert [row.has_failed for row in tries] == [True, True, False]


def test_two_at_once_are_one(begun):
    until(lambda: len(begun.runs("slow", "Cancelled")) == 1)
    until(lambda: len(begun.runs("slow", "Running")) == 1)
    (begun.home / "let-go").touch()
    until(lambda: len(begun.runs("slow", "Completed")) == 1)


def test_schedules_that_were_missed_do_not_pile_up(begun):
    runner = begun.child("tests.served")
    runner.suspend()  # or it might be faster
    found = begun.prefect.ask("GET", "/deployments/name/flaky/main")
    late = []
    for n in range(3):
        at = datetime.now(UTC) - timedelta(hours=n + 1)
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": at.isoformat()}}
        path = f"/deployments/{found['id']}/create_flow_run"
        late.append(begun.prefect.ask("POST", path, {"state": state})["id"])
    assert begun.prefect.drop_late(datetime.now(UTC)) >= len(late)
    assert [begun.prefect.ask("GET", f"/flow_runs/{one}") for one in late] == [None] * 3
    runner.resume()


def test_sigterm_leaves_nothing_behind(begun):
    ours = until(begun.children)  # server, runner, and mostly a shift
    begun.process.send_signal(signal.SIGTERM)
    printed = begun.process.communicate(timeout=60)[0]
    assert begun.process.returncode == 0
    assert psutil.wait_procs(ours, timeout=20)[1] == []
    assert "Flows are at work: http://127.0.0.1" in printed and "Traceback" not in printed
