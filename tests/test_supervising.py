"""The supervisor's parts, without Prefect: children that die, a port that is taken, a database
that is lost, what is asked of a server.
"""

import json
import socket
import sqlite3
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from workflows import prefect_api, prefect_server, supervising
from workflows.children import Child
from workflows.prefect_api import NoAnswer, PrefectApi
from workflows.prefect_server import PrefectServer, free_port, is_whole, settings


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield door.getsockname()[1]


def wait_for(is_so):
    ends = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.02)


def test_a_port_that_is_taken_is_not_waited_for(taken):
    assert free_port(taken) != taken
    free = free_port(0)
    assert free_port(free) == free


def test_a_database_that_cannot_be_read_is_kept_beside_and_begun_anew(tmp_path, caplog):
    path = tmp_path / "prefect.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE a (b)")
    connection.close()
    assert is_whole(path)
    path.write_bytes(path.read_bytes()[:100] + b"x" * 8_000)
    assert not is_whole(path)
    prefect_server.set_aside(path)
    assert not path.exists() and "begun anew" in caplog.text
    assert [one.name.endswith(".lost") for one in tmp_path.iterdir()] == [True]


def test_what_is_set_already_stays_but_for_its_place(tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "DEBUG")
    monkeypatch.setenv("PREFECT_API_URL", "http://elsewhere/api")
    monkeypatch.setenv("NO_PROXY", "example.com")
    told = settings(tmp_path, "http://127.0.0.1:1/api", "http://127.0.0.1:1")
    assert told["PREFECT_LOGGING_LEVEL"] == "DEBUG"
    assert told["PREFECT_API_URL"] == "http://127.0.0.1:1/api"
    assert told["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false" and told["DO_NOT_TRACK"] == "1"
    assert told["NO_PROXY"] == "example.com,127.0.0.1,localhost"


@pytest.fixture
def child(tmp_path):
    """One that ends at once, and its folder."""
    child = Child("A child", ("this",), {}, tmp_path / "printed.log")
    yield child
    child.stop(1.0)


def test_a_child_that_dies_again_and_again_is_started_at_longer_and_longer_pauses(child, caplog):
    child.command, child.env = ("no.such.module",), {"PATH": ""}
    pauses = []
    for _ in range(3):
        child.next_start = 0.0
        assert child.keep()
        wait_for(lambda: not child.is_alive())
        child.keep()
        pauses.append(round(child.next_start - time.monotonic()))
        child.stop(1.0)
    assert pauses[0] <= 0 < pauses[1] < pauses[2]
    assert "A child ended" in caplog.text and "no.such.module" in child.printed.read_text()


@pytest.fixture
def far_side():
    """A server that gives the answers it was given, one after the other; what it was asked."""
    answers, asked = [], []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            asked.append(f"{self.command} {self.path}")
            status, told = answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield PrefectApi(f"http://127.0.0.1:{server.server_port}/api"), answers, asked
    server.shutdown()
    server.server_close()


def test_a_server_whose_database_is_locked_is_asked_again(far_side, monkeypatch):
    api, answers, asked = far_side
    monkeypatch.setattr(prefect_api.time, "sleep", lambda seconds: None)
    answers += [(503, {}), (503, {}), (200, {"id": 7}), (201, {})]
    assert api.run_now("seal history", "k")
    assert asked[-2:] == [
        "GET /api/deployments/name/seal%20history/main",
        "POST /api/deployments/7/create_flow_run",
    ]
    answers += [(404, {}), (422, {"detail": "no"})]
    assert not api.run_now("no such", "k")
    with pytest.raises(NoAnswer, match="422"):
        api.ask("GET", "/x")


def test_a_server_that_is_not_there_gives_no_answer(monkeypatch):
    monkeypatch.setattr(prefect_api.time, "sleep", lambda seconds: None)
    api = PrefectApi("http://127.0.0.1:1/api")
    assert not api.is_healthy()
    with pytest.raises(NoAnswer):
        api.ask("GET", "/x")


def test_somebody_elses_server_on_the_port_is_not_taken_for_ours(far_side, monkeypatch, tmp_path):
    monkeypatch.setenv("BATON_HOME", str(tmp_path))
    server = PrefectServer()
    server.child = Standing()
    server.api, answers, _ = far_side
    for home, is_ours in (("/somebody/elses", False), (str(tmp_path / "prefect"), True)):
        answers += [(200, True), (200, {"home": home})]
        assert server.keep() is is_ours


class Standing:
    """A child that is there already."""

    def __init__(self):
        self.deaths, self.started_at = 0, time.monotonic()

    def keep(self, prepare):
        return False

    def is_alive(self):
        return True


def test_where_nobody_is_at_work_a_shift_stands_in(engine):
    stop = threading.Event()
    here = supervising.Here(engine, stop)
    assert here.look() == []
    wait_for(lambda: len(supervising.who_is_at_work(engine)) == 1)
    here.look()
    assert len(supervising.who_is_at_work(engine)) == 1
    stop.set()
    here.leave()
    assert supervising.who_is_at_work(engine) == []


def test_trouble_with_prefect_is_told_once_and_never_ends_the_supervisor(engine, tmp_path, caplog):
    class Broken:
        folder, env, page = tmp_path, {}, "http://127.0.0.1:1"

        def keep(self):
            raise OSError("")

    there = supervising.There(engine, Broken(), print)
    for _ in range(3):
        there.look([])
    assert caplog.text.count("Prefect is not looked after: OSError") == 1


def test_the_supervisor_works_without_prefect_until_it_is_told(engine, monkeypatch):
    monkeypatch.setenv("BATON_PREFECT", "no")
    monkeypatch.setattr(supervising, "LOOK", 0.01)
    stop = threading.Event()
    working = threading.Thread(
        target=supervising.supervise, args=(engine, stop, print), daemon=True
    )
    working.start()
    wait_for(lambda: supervising.who_is_at_work(engine))
    stop.set()
    working.join(timeout=60)
    assert not working.is_alive()
