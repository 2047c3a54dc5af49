"""kill -9 at any moment: what was answered is there once, and every call leaves under one key."""

import http.client
import json
import multiprocessing
import os
import random
import socket
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlmodel import col, select

from bpmn import library, runs
from records import Entry, Incident, Run, ServiceCall, WorkOrder, history
from records.database import open_session
from tasks.access import sign_ins
from tests import victim
from tests.diagram_maker import bundle, gate, script, service

KILLS = int(os.environ.get("BATON_TEST_KILLS", "8"))  # 200 are a drill of two minutes
RUNS = 5
CALLED = service("S", "systems.ask", system="'nms'", n="n")


@pytest.fixture
def receiver():
    """A real HTTP server that keeps the keys it was called under."""
    keys: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            keys.append(self.headers["Idempotency-Key"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"ok": true}')

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", keys
    server.shutdown()
    server.server_close()


class Killer:
    """Starts the server, kills it at random moments, starts it again."""

    def __init__(self, url, receiver):
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["tests.victim"])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.given, self.kills, self.answered = (url, self.port, receiver), 0, 0
        self.start()

    def start(self):
        self.process = self.context.Process(target=victim.serve, args=self.given, daemon=True)
        self.process.start()
        self.dies_at = time.monotonic() + random.uniform(0.05, 0.3)

    def kill_if_due(self, answered):
        """Each third one may hit a server that is not up yet; the others, one that has answered."""
        is_due = time.monotonic() > self.dies_at
        if self.kills < KILLS and is_due and (answered > self.answered or self.kills % 3 == 0):
            self.answered = answered
            self.kill()
            self.start()

    def kill(self):
        self.process.kill()
        self.process.join()
        self.kills += 1


class Worker:
    """Does orders over HTTP and remembers which completions were answered."""

    def __init__(self, port, cookie):
        self.port, self.headers = port, {"Cookie": f"baton={cookie}"}
        self.answered: list[int] = []

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = self.headers | {"Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def work(self):
        """One order, if there is one and the server lives."""
        try:
            _, page = self.ask("GET", "/api/work-orders?limit=20")
            if page["items"]:
                self.do(random.choice(page["items"])["id"])
            return len(page["items"])
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)  # it was killed, or is not up yet
            return 1

    def do(self, order_id):
        self.ask("POST", f"/api/work-orders/{order_id}/acceptance", {})
        status, _ = self.ask("POST", f"/api/work-orders/{order_id}/completion", {"answers": {}})
        if status == 200:
            self.answered.append(order_id)


@pytest.fixture
def started(engine, cast):
    """Runs of a diagram that loops through an order and a call, and a cookie for Dora."""
    now = datetime.now(UTC)
    nodes = [script("X", "n = n + 1"), CALLED, gate("M"), gate("G", default="M")]
    made = bundle(nodes, "s M A X S G", ("G", "e", "n > 2"), ("G", "M", ""))
    with open_session(engine) as session:
        library.keep_version(session, made, [], by="owen", now=now)
        for _ in range(RUNS):
            runs.start(session, "p", {"n": 0}, by="dora", now=now)
        return sign_ins.sign_in(session, cast["dora"], now=now)


@pytest.mark.slow
def test_nothing_is_lost_or_done_twice_when_the_server_is_killed(engine, started, receiver):
    url = engine.url.render_as_string(hide_password=False)
    address, keys = receiver
    killer = Killer(url, address)
    worker, ends = Worker(killer.port, started), time.monotonic() + 400 + KILLS
    try:
        while worker.work() or not is_over(engine) or killer.kills < KILLS:
            killer.kill_if_due(len(worker.answered))
            assert time.monotonic() < ends, "the work did not end"
            if is_over(engine):
                refill(engine)
    finally:
        killer.process.kill()
        killer.process.join()
    check(engine, worker.answered, keys)
    assert killer.kills >= KILLS and len(worker.answered) >= KILLS // 2


def is_over(engine):
    with open_session(engine, readonly=True) as session:
        return session.exec(select(Run.id).where(Run.status == "open")).first() is None


def refill(engine):
    """More work, so that there is some at every kill."""
    with open_session(engine) as session:
        for _ in range(5):
            runs.start(session, "p", {"n": 0}, by="dora", now=datetime.now(UTC))


def check(engine, answered, keys):
    with open_session(engine, readonly=True) as session:
        completed = Counter(
            entry.particulars["work_order"]
            for entry in session.exec(select(Entry).where(Entry.verb == "completed"))
        )
        closed = set(session.exec(select(WorkOrder.id).where(WorkOrder.state == "closed")))
        calls = session.exec(select(ServiceCall)).all()
        assert set(completed.values()) == {1}
        assert set(answered) <= closed == completed.keys()
        assert len(closed) == len(calls), "one call for each order that was done"
        assert {call.state for call in calls} == {"done"}
        assert set(keys) == {call.key for call in calls}
        assert session.exec(select(Run).where(col(Run.status) != "finished")).all() == []
        assert session.exec(select(Incident)).all() == []
        assert list(history.breaks(session)) == []
