"""What Baton cannot start without is named in a sentence; and nothing is left behind it."""

import os
import signal
import socket
import sys
from contextlib import contextmanager
from threading import Timer

import pytest
from sqlmodel import select

from api import __main__ as api_command
from api.beginning import prepare
from api.footing import CannotStart, reach_database, take_port
from records import Person, database
from records.database import open_session
from workflows import __main__ as workflows_command


@pytest.fixture
def taken():
    with take_port("127.0.0.1", 0) as door:
        yield door.getsockname()[1]


@pytest.fixture
def signals():
    """What a command sets is set back."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def test_a_port_that_is_taken_is_said_before_anything_is_made(
    taken, tmp_path, monkeypatch, capsys, signals
):
    monkeypatch.setenv("BATON_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "argv", ["api", "--port", str(taken)])
    assert api_command.main() == 2 and "BATON_PORT=8001 make run" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_an_address_of_another_machine_is_said():
    with pytest.raises(CannotStart, match="BATON_ADDRESS"):
        take_port("192.0.2.1", 8000)


def test_the_port_is_listened_on_at_once(taken):
    socket.create_connection(("127.0.0.1", taken), timeout=5).close()


def test_a_home_that_is_no_folder_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("BATON_DATABASE_URL", raising=False)
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        monkeypatch.setenv("BATON_HOME", str(home))
        with pytest.raises(CannotStart, match="BATON_HOME"):
            reach_database()


def test_a_file_that_is_no_database_is_said(tmp_path, monkeypatch):
    (tmp_path / "baton.db").write_bytes(b"no database" * 1_000)
    monkeypatch.delenv("BATON_DATABASE_URL", raising=False)
    monkeypatch.setenv("BATON_HOME", str(tmp_path))
    with pytest.raises(CannotStart, match="file is not a database"):
        reach_database()


@pytest.mark.parametrize("url", ["nonsense", "nix://a/b", "postgresql://u:secret@127.0.0.1:1/x"])
def test_a_database_that_is_not_there_is_said_without_its_password(url, monkeypatch):
    monkeypatch.setenv("BATON_DATABASE_URL", url)
    with pytest.raises(CannotStart, match="BATON_DATABASE_URL") as why:
        reach_database()
    assert "secret" not in why.value.zh + why.value.en


@pytest.mark.one_database
def test_without_a_demo_root_needs_a_password_and_may_get_it_later(engine, monkeypatch):
    monkeypatch.setenv("BATON_DEMO", "no")
    monkeypatch.delenv("BATON_ADMIN_PASSWORD", raising=False)
    for _ in range(2):
        with pytest.raises(CannotStart, match="BATON_ADMIN_PASSWORD"):
            prepare(engine)
    monkeypatch.setenv("BATON_ADMIN_PASSWORD", "correct horse battery")
    assert not prepare(engine) and not prepare(engine)
    with open_session(engine, readonly=True) as session:
        assert list(session.exec(select(Person.login))) == ["root"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_timed_work_stops_when_whoever_started_it_is_gone(engine, signals, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["workflows", "work", "--until-left"])
    monkeypatch.setattr(database, "connect", lambda: engine)
    with standard_input() as pipe:
        Timer(0.1, os.close, [pipe]).start()
        assert workflows_command.main() == 0
    assert capfd.readouterr().err == ""


@contextmanager
def standard_input():
    """Is a pipe; its other end."""
    (here, there), before = os.pipe(), os.dup(0)
    os.dup2(here, 0)
    yield there
    os.dup2(before, 0)
    os.close(here)
    os.close(before)
