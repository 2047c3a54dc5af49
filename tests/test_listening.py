"""Listening: what is sent over real sockets is kept, whoever sent it, and nothing ends it."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings

import pytest
from sqlalchemy import func, text, update
from sqlmodel import Session, col, select

from records import AlarmSource, Receipt, Shift
from records.database import connect
from tests.trap_datagrams import V2C, V3_OPEN, V3_SECRET
from workflows import lateness
from workflows.check_in import CheckIn
from workflows.listeners import keeping, sockets
from workflows.listeners.settings import BadSetting, Settings, read_settings
from workflows.listening import Listener, listen

USER = {
    "name": "nms",
    "authentication": "SHA",
    "passphrase": "authpass123",
    "secret": "privpass123",
}
KNOWN = {
    "senders": [
        {"source": "hw-ems", "kind": "snmp", "community": "public", "networks": ["127.0.0.0/8"]},
        {"source": "zte-ems", "user": "nms"},
        {"source": "routers", "kind": "syslog", "networks": ["127.0.0.1", "::1"]},
    ],
    "users": [USER],
}
LINE = (
    "<189>Jun 18 04:24:32 host %%01IFNET/4/LINK_STATE(l)[12345]: 接口 has entered the DOWN state."
)


def settings():
    given = {"BATON_SNMP": "127.0.0.1:0", "BATON_SYSLOG": "127.0.0.1:0"}
    return read_settings({**given, "BATON_LISTEN": json.dumps(KNOWN)})


@pytest.fixture
def engine(sqlite_database):
    """Sockets are the same with either database; tests/test_arrivals.py has both."""
    engine = connect(sqlite_database())
    yield engine
    engine.dispose()


@pytest.fixture
def sources(session, now):
    kinds = {"hw-ems": "snmp", "zte-ems": "snmp", "routers": "syslog"}
    session.add_all(
        AlarmSource(key=key, name=key, kind=kind, created_at=now) for key, kind in kinds.items()
    )
    session.commit()


@pytest.fixture
def listener(engine, sources, tmp_path, monkeypatch):
    monkeypatch.setenv("BATON_HOME", str(tmp_path))
    monkeypatch.setenv("SNMP_PERSISTENT_DIR", str(tmp_path / "snmp"))  # no boots of other tests
    monkeypatch.setattr(keeping, "EVERY", 0.02)
    listener = Listener(engine, settings())
    yield listener
    listener.close()


def port(listener, kind):
    return next(one.port for one in listener.datagrams if one.kind == kind)


def send(listener, kind, *datagrams):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for one in datagrams:
            sender.sendto(one, ("127.0.0.1", port(listener, kind)))


def kept(engine, count, seconds=60.0):
    """The receipts with their sources' keys, when there are so many."""
    until = time.monotonic() + seconds
    while True:
        with Session(engine) as session:
            rows = select(AlarmSource.key, Receipt).join(
                Receipt, col(Receipt.source_id) == AlarmSource.id
            )
            found = [(key, row) for key, row in session.exec(rows.order_by(col(Receipt.id)))]
        if len(found) >= count or time.monotonic() > until:
            assert len(found) == count
            return found
        time.sleep(0.02)


def test_traps_and_lines_are_kept_under_their_sources(engine, listener):
    send(listener, "snmp", V2C, V3_SECRET)
    (source, trap), (other, signed) = kept(engine, 2)
    send(listener, "syslog", LINE.encode("gbk"))
    *_, (third, line) = kept(engine, 3)
    assert [source, other, third] == ["hw-ems", "zte-ems", "routers"]
    assert {trap.state, signed.state, line.state} == {"waiting"}
    assert json.loads(trap.body)["trap_oid"] == "1.3.6.1.6.3.1.1.5.3"
    assert json.loads(signed.body)["user"] == "nms"
    assert line.body == LINE.encode("gbk")
    assert line.content_type.startswith("text/plain; sender=127.0.0.1:")


def test_what_is_nobodys_or_cannot_be_read_is_kept_to_be_looked_at(engine, listener):
    send(listener, "snmp", V2C.replace(b"public", b"pubIic"), V3_OPEN, b"\x30\x84rubbish")
    told = kept(engine, 3)
    assert {key for key, _ in told} == {"unknown-snmp"}
    assert [(row.state, bool(row.error_zh)) for _, row in told] == [("rejected", True)] * 3
    assert [row.error_en.split(":")[0] for _, row in told[:2]] == [
        "127.0.0.1 is of no source",
        "“nms” must sign and encipher as was agreed",
    ]
    assert told[1][1].body == V3_OPEN


def test_a_source_that_was_closed_loses_nothing(engine, listener, session):
    session.exec(update(AlarmSource).where(AlarmSource.key == "routers").values(is_active=False))
    session.commit()
    send(listener, "syslog", LINE.encode())
    [(key, row)] = kept(engine, 1)
    assert key == "unknown-syslog" and "No active source “routers”" in row.error_en


def test_equal_lines_each_count(engine, listener):
    send(listener, "syslog", *[LINE.encode()] * 3)
    assert len(kept(engine, 3)) == 3


def test_a_huge_line_is_cut_and_the_cut_is_noted(engine, listener):
    with socket.create_connection(("127.0.0.1", listener.streams.port)) as sender:
        sender.sendall(b"<1>" + b"x" * 200_000 + b"\n<2>next\n")
        (_, huge), (_, after) = kept(engine, 2)
    assert huge.size == 65_536 and "note=cut" in huge.content_type
    assert after.body == b"<2>next"


def test_while_the_database_is_away_what_was_heard_waits(engine, listener, monkeypatch):
    monkeypatch.setattr(keeping, "AGAIN", 0.05)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE receipt RENAME TO away"))
    send(listener, "syslog", b"<1>first", b"<1>second")
    time.sleep(0.1)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO receipt"))
    assert [row.body for _, row in kept(engine, 2)] == [b"<1>first", b"<1>second"]
    assert listener.keeper.failed == 0


def test_an_inform_is_answered_once_it_is_kept(engine, listener):
    inform = V2C.replace(b"\xa7\x81\xd0", b"\xa6\x81\xd0", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(30)
        sender.sendto(inform, ("127.0.0.1", port(listener, "snmp")))
        answer = sender.recv(1_000)
    assert answer == V2C.replace(b"\xa7\x81\xd0", b"\xa2\x81\xd0", 1)
    assert len(kept(engine, 1, seconds=0)) == 1


def test_a_flood_of_rubbish_is_counted_but_does_not_fill_the_disk(engine, listener):
    send(listener, "snmp", *[b"\x30\x84rubbish"] * 250, V2C)
    assert len(kept(engine, 201)) == 201
    assert listener.keeper.uncounted == 50


def test_a_full_queue_says_what_it_lost(engine, listener):
    lateness.take_failures()  # of other tests
    listener.waiting.most = 0
    send(listener, "snmp", V2C)
    while not listener.waiting.dropped:
        time.sleep(0.01)
    own = CheckIn(engine, "listen")
    listener.note(own)
    own.beat(is_over=True)
    with Session(engine) as session:
        row = session.exec(select(Shift).where(Shift.flow == "listen")).one()
    assert row.failed == 1 and "1 found the queue full" in row.error


@pytest.mark.parametrize("is_inform", [False, True])
def test_a_real_sender_of_v3_is_heard(engine, listener, is_inform):
    asyncio.run(notify(port(listener, "snmp"), "inform" if is_inform else "trap"))
    [(key, row)] = kept(engine, 1)
    told = json.loads(row.body)
    assert (key, told["version"], told["user"]) == ("zte-ems", "3", "nms")
    assert told["varbinds"] == [{"oid": "1.3.6.1.2.1.2.2.1.1.118", "value": 118}]


def test_an_inform_with_a_wrong_passphrase_is_kept_to_be_looked_at(engine, listener):
    with pytest.raises(AssertionError):
        asyncio.run(notify(port(listener, "snmp"), "inform", "anotherpass"))
    [(key, row)] = kept(engine, 1)
    assert (key, row.state) == ("unknown-snmp", "rejected") and "wrong signature" in row.error_en


async def notify(to, kind, passphrase=USER["passphrase"]):
    """pysnmp sends it, and for an inform awaits the answer."""
    from pysnmp.hlapi.v3arch import asyncio as speaks

    engine = speaks.SnmpEngine()
    user = speaks.UsmUserData(
        USER["name"],
        passphrase,
        USER["secret"],
        authProtocol=speaks.usmHMACSHAAuthProtocol,
        privProtocol=speaks.usmAesCfb128Protocol,
    )
    told = speaks.NotificationType(speaks.ObjectIdentity("1.3.6.1.6.3.1.1.5.3"))
    told.add_varbinds(("1.3.6.1.2.1.2.2.1.1.118", speaks.Integer32(118)))
    target = await speaks.UdpTransportTarget.create(("127.0.0.1", to), timeout=30, retries=0)
    context = speaks.ContextData()
    failed, *_ = await speaks.send_notification(engine, user, target, context, kind, told)
    engine.close_dispatcher()
    assert not failed


@pytest.mark.filterwarnings("default:NOT TESTED")
@pytest.mark.parametrize("version", ["2c", "3", "inform"])
def test_the_real_snmptrap_is_heard(engine, listener, version):
    say(require("snmptrap"), version, f"127.0.0.1:{port(listener, 'snmp')}")
    [(key, row)] = kept(engine, 1)
    assert key == ("hw-ems" if version == "2c" else "zte-ems")
    assert json.loads(row.body)["varbinds"] == [{"oid": "1.3.6.1.2.1.2.2.1.1.118", "value": 118}]


@pytest.mark.filterwarnings("default:NOT TESTED")
@pytest.mark.parametrize("options", [["--udp", "--rfc5424"], ["--tcp", "--octet-count"], ["--tcp"]])
def test_the_real_logger_is_heard(engine, listener, options):
    place = ["--server", "127.0.0.1", "--port", str(listener.streams.port)]
    subprocess.run([require("logger"), *options, *place, "端口 DOWN"], check=True, timeout=60)
    [(key, row)] = kept(engine, 1)
    assert key == "routers" and row.body.endswith("端口 DOWN".encode())


def require(program):
    found = shutil.which(program)
    if found is None:
        warnings.warn(f"NOT TESTED: {program} is not on this machine", stacklevel=2)
        pytest.skip(f"{program} is not on this machine: apt-get install snmp bsdutils")
    return found


def say(snmptrap, version, place):
    signed = ["-v3", "-u", "nms", "-l", "authPriv", "-a", "SHA", "-A", USER["passphrase"]]
    signed += ["-x", "AES", "-X", USER["secret"]]
    ways = {"2c": ["-v2c", "-c", "public"], "3": signed, "inform": [*signed, "-Ci"]}
    told = ["", "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.2.1.2.2.1.1.118", "i", "118"]
    subprocess.run([snmptrap, *ways[version], place, *told], check=True, timeout=60)


def test_it_listens_until_it_is_told_to_stop_and_keeps_the_last(engine, sources, tmp_path):
    stop, told = threading.Event(), []

    def hear(place):
        told.append(place)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(LINE.encode(), ("127.0.0.1", int(place.split()[-1])))
        stop.set()

    listen(engine, stop, Settings(syslog=("127.0.0.1", 0), rules=settings().rules), hear)
    assert told[0].startswith("syslog on UDP")
    with Session(engine) as session:
        assert session.exec(select(func.count()).select_from(Receipt)).one() == 1
        row = session.exec(select(Shift).where(Shift.flow == "listen")).one()
    assert row.ended_at and row.done == 1


def test_the_command_listens_until_ctrl_c(engine, sources, tmp_path):
    told = {"BATON_SYSLOG": "127.0.0.1:0", "BATON_LISTEN": json.dumps(KNOWN)}
    told |= {"BATON_DATABASE_URL": engine.url.render_as_string(), "BATON_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "workflows", "listen"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | told) as listening:
        place = listening.stdout.readline().split()[-1]
        with socket.create_connection(("127.0.0.1", int(place))) as sender:
            sender.sendall(b"<1>down\n")
            assert kept(engine, 1)[0][0] == "routers"
        listening.send_signal(signal.SIGINT)
        assert listening.wait(10) == 0


def test_a_port_that_is_taken_is_told(engine):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        with pytest.raises(BadSetting, match="choose another port"):
            Listener(engine, Settings(snmp=other.getsockname()))


def test_any_port_is_one_that_is_free_on_udp_and_tcp(monkeypatch):
    taken, bind = [], sockets.bind

    def bind_late(address, kind):
        if kind == socket.SOCK_DGRAM and len(taken) < 3:  # somebody was quicker
            taken.append(bind(address, kind))
        return bind(address, kind)

    monkeypatch.setattr(sockets, "bind", bind_late)
    datagrams, stream = sockets.bind_both(("127.0.0.1", 0))
    assert datagrams.getsockname() == stream.getsockname()
    for one in [*taken, datagrams, stream]:
        one.close()
