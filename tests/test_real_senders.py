"""Real senders, from their own command to the row of an alarm: Alertmanager, snmptrap, logger."""

import json
import shutil
import subprocess
import time
import warnings
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from api.app import create_app
from records import Alarm, Receipt
from records.database import connect, open_session
from tasks.access import tokens
from tasks.network import alarm_sources
from tests import real_alertmanager
from workflows.listeners import keeping
from workflows.listeners.settings import read_settings
from workflows.listening import Listener
from workflows.receipts import parse_receipts
from workflows.resync import ask_sources

pytestmark = pytest.mark.filterwarnings("default:NOT TESTED")
USER = {"name": "nms", "passphrase": "authpass123", "secret": "privpass123"}  # SHA-256, AES
SENDERS = [{"source": "ems", "kind": "snmp"}, {"source": "routers", "kind": "syslog"}]
OPEN = ["-v2c", "-c", "public"]
SIGNED = ["-v3", "-u", "nms", "-l", "authPriv", "-a", "SHA-256", "-A", USER["passphrase"]]
SIGNED += ["-x", "AES", "-X", USER["secret"]]
PORT = "1.3.6.1.2.1.2.2.1"  # ifEntry
HUAWEI = "1.3.6.1.4.1.2011.2.15.1.7.1"


@pytest.fixture
def engine(sqlite_database):
    """What they send is the same with either database."""
    engine = connect(sqlite_database())
    yield engine
    engine.dispose()


@pytest.fixture
def sources(session, cast):
    """Each kind, where this machine, which all of them speak from, is our HZ-1."""
    told = {"name": "x", "devices": {"127.0.0.1": "HZ-1"}}
    for key, kind in {"prom": "alertmanager", "ems": "snmp", "routers": "syslog"}.items():
        alarm_sources.put(session, key, kind, told, by=cast["mei"], now=datetime.now(UTC))
    session.commit()


@pytest.fixture
def listener(engine, sources, tmp_path, monkeypatch):
    monkeypatch.setenv("BATON_HOME", str(tmp_path))
    monkeypatch.setenv("SNMP_PERSISTENT_DIR", str(tmp_path / "snmp"))  # no boots of other tests
    monkeypatch.setattr(keeping, "EVERY", 0.02)
    given = {"BATON_SNMP": "127.0.0.1:0", "BATON_SYSLOG": "127.0.0.1:0"}
    given["BATON_LISTEN"] = json.dumps({"senders": SENDERS, "users": [USER]})
    listener = Listener(engine, read_settings(given))
    yield listener
    listener.close()


@pytest.fixture
def token(session, cast):
    cast["nora"].roles = ["source"]
    session.add(cast["nora"])
    told = {"name": "am", "scopes": ["alarms:send"], "days": 1, "now": datetime.now(UTC)}
    _, secret = tokens.create_token(session, cast["nora"], by=cast["nora"], **told)
    session.commit()
    return secret


@pytest.fixture
def alertmanager(engine, sources, token, hasher, tmp_path):
    """A real one, which sends to us through a real port."""
    if real_alertmanager.PROGRAM is None:
        skip(real_alertmanager.MISSING)
    with real_alertmanager.serving(create_app(engine, hasher=hasher)) as baton:
        hook = f"{baton}/api/alarm-sources/prom/receipts"
        with real_alertmanager.running(tmp_path, hook, token) as started:
            yield started


def skip(why):
    warnings.warn(f"NOT TESTED: {why}", stacklevel=2)
    pytest.skip(why)


def run(program, *options):
    """As a person would type it."""
    found = shutil.which(program)
    if found is None:
        skip(f"{program} is not on this machine: apt-get install snmp bsdutils")
    subprocess.run([found, *options], check=True, timeout=60)


def heard(engine, fits=bool, table=Alarm, seconds=60.0):
    """The rows, read from what came, once they fit."""
    until = time.monotonic() + seconds
    while True:
        parse_receipts(engine, datetime.now(UTC))
        with open_session(engine, readonly=True) as session:
            rows = session.exec(select(table).order_by(table.id)).all()
        if fits(rows):
            return rows
        assert time.monotonic() < until, rows
        time.sleep(0.02)


def test_a_real_alertmanager_fires_repeats_and_resolves(engine, alertmanager):
    alertmanager.tell("HZ-1", port="GE1")
    [alarm] = heard(engine)
    assert (alarm.object, alarm.cause, alarm.severity) == ("HZ-1/GE1", "linkDown", "critical")
    assert (alarm.text, alarm.device_id) == ("HZ-1 链路中断", 1)
    heard(engine, lambda rows: len(rows) > 2, Receipt)  # it repeats what goes on
    assert [one.tally for one in heard(engine)] == [1]
    alertmanager.tell("HZ-1", is_over=True, port="GE1")
    [over] = heard(engine, lambda rows: rows[0].cleared_at)
    assert over.id == alarm.id and {one.state for one in heard(engine, table=Receipt)} == {"parsed"}


def test_a_real_alertmanager_lists_what_it_never_sent(engine, session, cast, alertmanager):
    url = f"{alertmanager.url}/api/v2/alerts"
    told = {"resync_url": url}
    alarm_sources.put(session, "prom", "alertmanager", told, by=cast["mei"], now=datetime.now(UTC))
    session.commit()
    alertmanager.tell("HZ-1")
    alertmanager.tell("HZ-2", route="nobody")
    assert ask_sources(engine, datetime.now(UTC)) == 1
    rows = heard(engine, lambda rows: len(rows) == 2)
    assert {one.object for one in rows} == {"HZ-1", "HZ-2"}
    assert {one.tally for one in rows} == {1}


@pytest.mark.parametrize("speaks", [OPEN, SIGNED], ids=["v2c", "v3"])
def test_the_real_snmptrap_makes_alarms(engine, listener, speaks):
    place = f"127.0.0.1:{listener.datagrams[0].port}"
    told = {f"{PORT}.7.118": "i 1", f"{PORT}.8.118": "i 2", f"{PORT}.2.118": "s GE0/1"}
    link = [word for oid, value in told.items() for word in (oid, *value.split())]
    run("snmptrap", *speaks, place, "", "1.3.6.1.6.3.1.1.5.3", *link)
    told = {1: "HZ-2", 3: "槽12端口4", 6: "R_LOS", 7: "Critical", 10: "Fault", 13: "4471209"}
    fields = [word for n, value in told.items() for word in (f"{HUAWEI}.{n}.0", "s", value)]
    run("snmptrap", *speaks, place, "", f"{HUAWEI}.0.3", *fields)
    rows = heard(engine, lambda rows: len(rows) == 2)
    down, lost = sorted(rows, key=lambda row: row.object)
    assert (down.object, down.cause, down.device_id) == ("HZ-1/GE0/1", "linkDown", 1)
    assert (lost.object, lost.cause, lost.severity) == (
        "HZ-2/槽12端口4",
        "lossOfSignal",
        "critical",
    )


@pytest.mark.parametrize("way", [["--udp"], ["--tcp", "--octet-count"]], ids=["udp", "tcp"])
def test_the_real_logger_makes_an_alarm_of_rfc_5674(engine, listener, way):
    place = ["--server", "127.0.0.1", "--port", str(listener.streams.port)]
    told = {"resource": "HZ-1/GE1", "probableCause": "8", "perceivedSeverity": "major"}
    words = [word for name, value in told.items() for word in ("--sd-param", f'{name}="{value}"')]
    run("logger", *way, *place, "--rfc5424", "--sd-id", "alarm@1", *words, "光路中断")
    [alarm] = heard(engine)
    assert (alarm.object, alarm.cause, alarm.text) == ("HZ-1/GE1", "lossOfSignal", "光路中断")
