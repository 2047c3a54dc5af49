"""What SNMP notifications say, and what becomes of those that lie. Datagrams of a real snmptrap."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import encoder
from pysnmp.proto import api

from tasks.network import alarm_formats
from tasks.network.alarm_formats.reading import Given
from tests.trap_datagrams import V1, V1_LINK_DOWN, V2C, V3_OPEN, V3_SECRET, V3_SHA_256, V3_SIGNED
from workflows.listeners import ber, snmp, usm
from workflows.listeners.ber import Unreadable
from workflows.listeners.settings import BadSetting
from workflows.listeners.v3 import V3, make_users

# A digest of no octets at all, with every length around it set right
V3_EMPTY = V3_SIGNED[:55] + b"\x04\x00" + V3_SIGNED[105:]
for long, short in ((b"\x81\xd9", b"\x81\xa9"), (b"\x04\x50\x30\x4e", b"\x04\x20\x30\x1e")):
    V3_EMPTY = V3_EMPTY.replace(long, short, 1)
AT = datetime(2026, 3, 11, 2, 14, 9, tzinfo=UTC)
LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
IF_INDEX = {"oid": "1.3.6.1.2.1.2.2.1.1.118", "value": 118}
USERS = [
    {"name": "nms", "authentication": "SHA", "passphrase": "authpass123", "secret": "privpass123"},
    {"name": "nms256", "passphrase": "authpass123", "secret": "privpass123"},
    {"name": "signer", "authentication": "SHA-512", "passphrase": "authpass123"},
]


def read(datagram, read_v3=None, at=AT):
    return snmp.read(datagram, "10.21.7.14", at, read_v3)


@pytest.fixture
def v3(tmp_path):
    return V3(make_users(USERS), tmp_path)


def test_a_v2c_trap_is_one_json_object():
    heard = read(V2C)
    assert heard.community == "public"
    assert {**heard.told, "varbinds": heard.told["varbinds"][:2]} == {
        "agent": "10.21.7.14",
        "version": "2c",
        "uptime": 88123411,
        "trap_oid": LINK_DOWN,
        "received_at": "2026-03-11T02:14:09+00:00",
        "varbinds": [IF_INDEX, {"oid": "1.3.6.1.2.1.2.2.1.8.118", "value": 2}],
    }


def test_values_of_each_kind_are_read_and_gbk_is_left_for_who_knows_the_charset():
    values = [{**one, "oid": ""} for one in read(V2C).told["varbinds"][2:]]
    assert [one["value"] for one in values[1:]] == [
        2**64 - 1,
        "10.0.0.9",
        "1.3.6.1.4.1.2011.2",
        "LH-QZ-AGG-03",
    ]
    assert bytes.fromhex(values[0]["hex"]).decode("gbk") == "东街"


def test_gbk_is_text_in_the_charset_of_its_source_and_can_be_replayed_in_another():
    told = {**read(V2C).told, "trap_oid": "1.3.6.1.4.1.3902.4101.1.4.1.1"}
    told["varbinds"].append({"oid": "1.3.6.1.4.1.3902.4101.1.3.1.7", "value": "R_LOS"})
    body, known = json.dumps(told).encode(), Given("zte", AT, mapping="zte")
    [report] = alarm_formats.parse("snmp", body, "gbk", known).reports
    assert report.object == "东街"
    unread = alarm_formats.parse("snmp", body, "utf-8", known)
    assert unread.reports == [] and "gbk" in unread.refusal[1]


def test_a_v1_trap_is_told_as_its_v2_notification():
    told, generic = read(V1).told, read(V1_LINK_DOWN).told
    assert told["trap_oid"] == "1.3.6.1.4.1.2011.0.17" and told["uptime"] == 4711
    assert generic["trap_oid"] == LINK_DOWN and generic["varbinds"][0] == IF_INDEX


def test_whoever_passes_a_trap_on_is_told_beside_whose_it_is():
    told = snmp.read(V1, "10.0.0.1", AT).told
    assert (told["agent"], told["sent_by"]) == ("10.21.7.14", "10.0.0.1")


def test_an_inform_is_answered_with_itself_as_a_response():
    inform = V2C.replace(b"\xa7\x81\xd0", b"\xa6\x81\xd0", 1)
    [reply] = read(inform).replies
    message, rest = api.decodeMessageVersion(reply), reply  # pysnmp reads it as a message
    assert message == api.SNMP_VERSION_2C and rest == V2C.replace(b"\xa7\x81", b"\xa2\x81", 1)


@pytest.mark.parametrize("datagram", [V3_SECRET, V3_SHA_256, V3_SIGNED])
def test_a_v3_trap_is_verified_and_deciphered(v3, datagram):
    told = read(datagram, v3.read).told
    assert told["version"] == "3" and told["user"] in ("nms", "nms256", "signer")
    assert told["trap_oid"] == LINK_DOWN and told["varbinds"][0] == IF_INDEX


@pytest.mark.parametrize(
    "datagram, why",
    [
        (V3_OPEN, "must sign"),  # pysnmp 7.1.30 lets this in
        (V3_SECRET[:-1] + b"\0", "signature"),
        (V3_SECRET.replace(b"nms", b"nmx"), "not known"),
        (V3_EMPTY, "signature"),
        (V3_SECRET.replace(b"\x01\x02\x03\x04", b"\x01\x02\x03\x05"), "signature"),
    ],
)
def test_a_v3_trap_of_somebody_else_is_refused(v3, datagram, why):
    with pytest.raises(Unreadable, match=why):
        read(datagram, v3.read)


def test_a_copy_that_is_sent_again_later_is_refused_also_after_a_restart(v3, tmp_path):
    read(V3_SECRET, v3.read)
    v3.keep()
    again = V3(make_users(USERS), tmp_path)
    assert again.engine == v3.engine and again.boots == v3.boots + 1
    read(V3_SECRET, again.read, AT + timedelta(seconds=usm.WINDOW))
    with pytest.raises(Unreadable, match="long ago"):
        read(V3_SECRET, again.read, AT + timedelta(seconds=usm.WINDOW + 1))
    assert not tmp_path.joinpath("snmp-engine.json").stat().st_mode & 0o077


def test_a_passphrase_is_never_shown():
    [user] = make_users(USERS[:1]).values()
    assert "pass123" not in repr(user) + str(user)
    with pytest.raises(BadSetting) as refused:
        make_users([{**USERS[0], "authentication": "ROT13"}])
    assert "pass123" not in str(refused.value)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(-(2**31), 2**31 - 1),
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=12),
    st.binary(max_size=300),
)
def test_what_pysnmp_writes_is_read(whole, arcs, octets):
    speaks, name = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C], (1, 3, *arcs)
    values = speaks.Integer(whole), speaks.OctetString(octets), speaks.ObjectIdentifier(name)
    pdu, message = speaks.TrapPDU(), speaks.Message()
    speaks.apiTrapPDU.set_defaults(pdu)
    uptime = [(ber_name, value) for ber_name, value in speaks.apiTrapPDU.get_varbinds(pdu)]
    speaks.apiTrapPDU.set_varbinds(pdu, uptime + [(name, value) for value in values])
    speaks.apiMessage.set_defaults(message)
    speaks.apiMessage.set_pdu(message, pdu)
    bound = read(encoder.encode(message)).told["varbinds"]
    assert {one["oid"] for one in bound} == {".".join(map(str, name))}
    assert bound[0]["value"] == whole and bound[2]["value"] == bound[2]["oid"]
    assert bytes.fromhex(bound[1].get("hex", octets.hex())) == octets
    assert json.dumps(bound)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from([V1, V2C, V3_OPEN]), st.data())
def test_a_datagram_with_any_byte_wrong_is_read_or_refused(datagram, data):
    place = data.draw(st.integers(0, len(datagram) - 1))
    spoilt = bytearray(datagram)
    spoilt[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.sampled_from([len(datagram), place]))
    for read_v3 in (None, lambda found, *_: usm.open_envelope(found)):
        try:
            read(bytes(spoilt[:end]), read_v3)
        except Unreadable as why:
            assert why.zh and why.en


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_rubbish_is_refused(rubbish):
    for datagram in (rubbish, b"\x30\x82\xff\xff" + rubbish, b"\x30\x80" * 2000 + rubbish):
        with pytest.raises(Unreadable):
            read(datagram)
    with pytest.raises(Unreadable):
        ber.read_item(b"\x02\x84\xff\xff\xff\xff", 0, 6)
