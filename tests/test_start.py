"""python -m api, as it is started on a machine: up, at work, stopped by Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from api.beginning import prepare
from records import Group, history
from records.database import connect, open_session
from workflows.clerk import Clerk

PASSWORD = "correct horse battery"
ALARM = {"source": "ems", "object": "HZ-1", "raised_at": "2026-03-11T02:14:00Z"}
ALARM["cause"] = "sourceSilent"  # which is not held off


class Server:
    """The server in a home of its own, without the demo."""

    def __init__(self, home):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        env = {"BATON_HOME": str(home), "BATON_DEMO": "no", "BATON_ADMIN_PASSWORD": PASSWORD}
        env["BATON_PREFECT"] = "no"  # with it: tests/test_flows.py
        told = {name: value for name, value in os.environ.items() if not name.startswith("BATON")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "api", "--port", str(self.port)],
            env=told | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def clerk(self, login="root"):
        """Who has signed in, once the server answers."""
        for _ in range(6_000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return Clerk(self.port, login, PASSWORD)
            assert self.process.poll() is None, self.process.stdout.read()
            time.sleep(0.05)
        raise AssertionError("it did not come up")

    def stop(self):
        """What it printed. Its timed work prints to the same place: the end comes with both."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=60)[0]


@pytest.fixture
def start(tmp_path):
    servers = []

    def start():
        servers.append(Server(tmp_path))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGINT)
            server.process.wait(timeout=60)
        server.process.stdout.close()


def wait_for_ticket(clerk):
    """Timed work opens one for an alarm, in a process of its own."""
    for _ in range(2_000):
        if items := clerk.get("/api/tickets")["items"]:
            return items
        time.sleep(0.1)
    raise AssertionError("nobody took the alarm up")


@pytest.mark.slow
def test_it_comes_up_works_stops_at_ctrl_c_and_loses_nothing(start, tmp_path, monkeypatch, capsys):
    server = start()
    root = server.clerk()
    assert root.get("/api/health")["status"] == "ok"
    assert root.get("/api/me")["login"] == "root"
    root.post("/api/people", {"login": "ems", "name": "网管", "roles": ["source"]})
    root.ask("PUT", "/api/people/ems/password", {"password": PASSWORD})
    source = server.clerk("ems")
    [timed_work] = psutil.Process(server.process.pid).children()
    timed_work.kill()  # before it is up: another one has to come
    source.post("/api/alarms", ALARM)
    opened = wait_for_ticket(root)
    for clerk in (root, source):
        clerk.close()
    printed = server.stop()
    assert server.process.returncode == 0 and "is ready: http://127.0.0.1" in printed
    assert "published" in printed and "Traceback" not in printed
    assert "Timed work ended (-9); it begins again" in printed

    engine = connect(f"sqlite:///{tmp_path / 'baton.db'}")
    monkeypatch.setenv("BATON_DEMO", "no")
    with open_session(engine) as session:  # as if a newer Baton had brought this one
        session.delete(session.exec(select(Group).where(Group.key == "province_director")).one())
    prepare(engine)
    assert "published" not in capsys.readouterr().err  # nothing is done twice
    with TestClient(create_app(engine)) as again:
        again.post("/api/sign-ins", json={"login": "root", "password": PASSWORD})
        assert again.get("/api/tickets").json()["items"] == opened
    with open_session(engine, readonly=True) as session:
        assert list(history.breaks(session)) == []
        assert session.exec(select(Group).where(Group.key == "province_director")).first()
    engine.dispose()
