"""The replay: a small trace becomes tickets, and the scripted shift closes every one over HTTP."""

import pytest
from sqlmodel import col, delete, select

from api.beginning import PASSWORD, prepare
from records import Alarm, Hop, Run, Ticket, history
from records.database import connect, open_session
from records.region import NoRegion, seed
from records.schema import NotMigrated
from workflows.replay import replay
from workflows.traces import BadTrace

TRACE = """\
alarm_id,device_id,start_timestamp,end_timestamp
3,device_1,0,60
3,device_1,90,90
6,device_2,30,500
6,device_12,40,40
"""


@pytest.fixture
def trace(tmp_path, monkeypatch):
    """A file in a home that has no database yet."""
    monkeypatch.setenv("BATON_HOME", str(tmp_path))
    path = tmp_path / "trace.csv"
    path.write_text(TRACE)
    return path


@pytest.fixture
def home(trace, sqlite_database):
    """The migrated database of that home."""
    engine = connect(sqlite_database())
    yield engine
    engine.dispose()


def leave_few_circuits(home):
    """Each customer who is hit gets a ticket, and is called back."""
    with open_session(home) as session:
        session.exec(delete(Hop).where(col(Hop.circuit_id) % 12 != 0))


@pytest.mark.slow
def test_a_trace_ends_with_every_ticket_closed_and_history_whole(home, trace, hasher, now, capsys):
    seed(home, "XS", now=now, password_hash=hasher.hash(PASSWORD))
    leave_few_circuits(home)
    assert prepare(home)
    told = replay(trace, password=PASSWORD)
    assert told == {"alarms in": 4, "tickets opened": 3, "alarms appended": 1, "tickets closed": 3}
    assert "median seconds per step" in capsys.readouterr().out

    with open_session(home, readonly=True) as session:
        assert set(session.exec(select(Ticket.state))) == {"closed"}
        assert set(session.exec(select(Run.status))) == {"finished"}
        assert None not in session.exec(select(Alarm.ticket_id)).all()
        assert list(history.breaks(session)) == []


def test_what_is_not_ready_for_a_replay_says_what_to_do_first(trace, request):
    with pytest.raises(NotMigrated, match="migrate"):
        replay(trace, password=PASSWORD)
    request.getfixturevalue("home")
    with pytest.raises(NoRegion, match="records seed"):
        replay(trace, password=PASSWORD)
    with pytest.raises(BadTrace, match="no file"):
        replay(trace.with_name("nowhere.csv"), password=PASSWORD)
