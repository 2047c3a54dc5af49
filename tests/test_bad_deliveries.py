"""What bad input gets: a clear answer, or a rejection that can be looked at; never a lost alarm."""

import socket

import orjson
import pytest
from sqlmodel import select

from api.app import create_app
from records import Alarm, Receipt
from records.database import open_session
from tasks.access import tokens
from tasks.network import alarm_sources, receipts
from tasks.network.alarm_formats import FORMATS
from tests.real_alertmanager import serving
from tests.test_alarm_formats import ALERT, OMC, huawei, link, trap, webhook
from workflows.receipts import parse_receipts

DOWN = trap("1.3.6.1.6.3.1.1.5.3", {})
OID = "1.3.6.1.2.1.2.2.1.2.1"
TMF = {"id": "9", "alarmedObject": {"id": "HZ-1"}, "probableCause": "lossOfSignal"}
TMF |= {"perceivedSeverity": "major", "alarmRaisedTime": "2026-03-11T02:14:05+08:00"}
HEAD = b"alarm_id,device_id,start_timestamp,end_timestamp\n"
DEEP = orjson.dumps(OMC)[:-1] + b',"x":' + b"[" * 500 + b"]" * 500 + b"}"


def some(base, **changed):
    return orjson.dumps(base | changed)


BAD = [  # kind, body, alarms that are kept, what the rejection says; "" where it is none
    ("omc", some(OMC)[:-9], 0, "breaks off"),
    ("omc", orjson.dumps([OMC, OMC])[:-9], 0, "breaks off"),
    ("omc", some(OMC) + b"\n" + some(OMC, alarmId="2")[:-9], 1, "breaks off"),
    ("omc", orjson.dumps([OMC, 7, OMC | {"alarmStatus": 5}]), 1, "1 are kept: item 2"),
    ("omc", b"[" * 9_000, 0, "JSON is wrong"),
    ("omc", DEEP, 1, ""),
    ("omc", b"[" + some(OMC, alarmId="2") + b"," + DEEP + b"]", 2, ""),
    ("omc", b'{"alarmTitle": "\\ud800"}', 0, "JSON is wrong"),
    ("omc", some(OMC, addInfo="a\0b", neName="HZ\0-1"), 1, ""),
    ("omc", some(OMC, neName="x" * 9_000), 0, "has 1 to 200|must have 1 to 200"),
    ("omc", some(OMC, eventTime="yesterday"), 0, "time “yesterday”"),
    ("omc", some(OMC, eventTime="0001-01-01 00:00:00"), 1, ""),
    ("omc", some(OMC, eventTime="9999-12-31 23:59:59"), 1, ""),
    ("omc", some(OMC, alarmSeq=-1), 1, ""),
    ("omc", b'{"alarmSeq":' + b"9" * 40 + b"," + some(OMC)[1:], 1, ""),
    ("omc", "东街".encode("gbk"), 0, "looks like gbk"),
    ("omc", b"\x1f\x8b\x08" + b"x" * 50, 0, "gzip"),
    ("omc", b"x" * 1_000_000, 0, "JSON is wrong"),
    ("omc", some(OMC, specificProblem="z" * 1_000_000), 1, ""),
    ("alertmanager", orjson.dumps(webhook(ALERT))[:-9], 0, "breaks off"),
    ("alertmanager", orjson.dumps(webhook(ALERT, version="3")), 0, "version 4"),
    ("alertmanager", orjson.dumps(webhook(ALERT, ALERT | {"labels": []})), 1, "item 3"),
    ("alertmanager", orjson.dumps(webhook(ALERT | {"status": "resolved"})), 1, ""),
    ("alertmanager", b"payload=%7B%7D", 0, "JSON is wrong"),
    ("tmf642", some(TMF, alarmedObject=[1]), 0, "does not say which device"),
    ("tmf642", orjson.dumps({"eventType": "AlarmCreateEvent", "event": None}), 0, "JSON object"),
    ("snmp", some(huawei(), varbinds=[1, {"oid": None}]), 0, "cannot be read"),
    ("snmp", some(DOWN, varbinds=[{"oid": OID, "hex": "zz"}]), 0, "cannot be read"),
    ("snmp", some(link(), trap_oid=None), 0, "no trap_oid"),
    ("syslog", bytes(range(256)), 0, "not utf-8"),
    ("syslog", b"<9>" + b"A" * 1_000_000, 0, ""),
    ("syslog", b"<9>1 - h a - - [alarm x=", 0, "cannot be read"),
    ("csv", HEAD + b"R_LOS\n", 0, "does not say which device"),
    ("csv", HEAD + b'"R_LOS,HZ-1,2026-03-11 02:14:05,\n', 0, "not CSV"),
]  # fmt: skip


@pytest.fixture
def sources(session, cast, now):
    for kind in FORMATS:
        alarm_sources.put(session, kind, kind, {"name": kind}, by=cast["mei"], now=now)
    session.commit()


def test_bad_input_of_every_kind_is_kept_and_what_is_good_in_it_counts(engine, sources, now):
    with open_session(engine) as session:
        for kind, body, _, _ in BAD:
            receipts.keep(session, alarm_sources.find_source(session, kind), body, "", now)
    for _ in range(9):
        parse_receipts(engine, now)
    with open_session(engine, readonly=True) as session:
        told = {bytes(one.body): one for one in session.exec(select(Receipt))}
    for kind, body, alarms, why in BAD:
        got = told[body]
        assert (got.alarms, got.state) == (alarms, "rejected" if why else "parsed"), body[:80]
        assert any(part in got.error_en for part in why.split("|")), got.error_en
        assert bool(got.error_zh) == bool(why) and got.error_zh != "读的时候出错", kind


def test_text_of_another_charset_is_never_taken_for_odd_words(engine, session, sources, cast, now):
    """GBK has a word for nearly every pair of bytes, those of UTF-8 too."""
    source = alarm_sources.find_source(session, "omc")
    body = some(OMC, neName="海州", objectName="GE1", specificProblem="信号丢失")
    assert body.decode("gbk")  # which is what makes it dangerous
    for charset in ("gbk", "big5", "latin-1"):
        source.charset = charset
        receipts.keep(session, source, body, "", now)
        session.commit()
        parse_receipts(engine, now)
    assert session.exec(select(Alarm)).all() == []
    told = session.exec(select(Receipt)).all()
    assert ["utf-8" in one.error_en for one in told] == [True] * 3
    receipts.replay(session, told[0], by=cast["dora"], charset="utf-8", now=now)
    session.commit()
    parse_receipts(engine, now)
    assert session.exec(select(Alarm.object)).one() == "海州/GE1"


def test_an_id_that_comes_with_another_body_is_another_delivery(session, sources, now):
    """A sender that counts its deliveries from 1, after each of its starts."""
    source = alarm_sources.find_source(session, "omc")
    first, again, other = (
        receipts.keep(session, source, body, "", now, delivery="1").id
        for body in (b"{}", b"{}", b"[]")
    )
    assert first == again != other


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # of the wire, not the database
def test_a_sender_that_breaks_off_is_not_kept_and_the_next_is_served(
    engine, session, sources, cast, hasher, now
):
    """Over a real port: half a body, no end of a chunk, too much in chunks, no token, rubbish."""
    cast["nora"].roles = ["source"]
    session.add(cast["nora"])
    given = {"name": "x", "scopes": ["alarms:send"], "days": 1, "now": now}
    _, token = tokens.create_token(session, cast["nora"], by=cast["nora"], **given)
    session.commit()
    with serving(create_app(engine, hasher=hasher, clock=lambda: now)) as url:
        port = int(url.rpartition(":")[2])
        mine = f"Authorization: Bearer {token}\r\n"
        assert ask(port, mine + "Content-Length: 100\r\n", b"{") == b""
        assert ask(port, mine + "Transfer-Encoding: chunked\r\n", b"5\r\nab") == b""
        assert b" 401 " in ask(port, "Content-Length: 12000000\r\n", b"{")
        much = b"100000\r\n" + b"x" * 2**20 + b"\r\n"
        assert b" 413 " in ask(port, mine + "Transfer-Encoding: chunked\r\n", much * 13)
        assert b" 413 " in ask(port, mine + "Content-Length: 99999999999\r\n", b"{")
        assert b" 400 " in ask(port, "Content-Length: -1\r\n", b"{")
        assert b" 202 " in ask(port, mine + "Content-Length: 2\r\n", b"{}")
    assert [bytes(one.body) for one in session.exec(select(Receipt))] == [b"{}"]


def ask(port, headers, body):
    """The first line of the answer; b"" where there was none before we hung up."""
    with socket.create_connection(("127.0.0.1", port)) as sender:
        start = "POST /api/alarm-sources/omc/receipts HTTP/1.1\r\nHost: x\r\n"
        sender.sendall(f"{start}{headers}\r\n".encode())
        try:
            sender.sendall(body)
            sender.settimeout(0.2 if len(body) < 9 and "Bearer" in headers else 5)
            return sender.recv(9_000).partition(b"\r\n")[0]
        except TimeoutError:
            return b""
        except (BrokenPipeError, ConnectionResetError):
            return sender.recv(9_000).partition(b"\r\n")[0]
