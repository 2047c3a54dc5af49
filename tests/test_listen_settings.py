"""Where to listen, whose it is, and the queue between the sockets and the disk."""

import threading

import pytest

from workflows.listeners.settings import BadSetting, Senders, read_settings
from workflows.listeners.waiting import Arrival, Waiting
from workflows.supervising import listener_wanted

RULES = """{"senders": [
  {"source": "hw-ems", "kind": "snmp", "networks": ["10.9.0.0/24"], "community": "haidong"},
  {"source": "zte-ems", "user": "nms"},
  {"source": "lab", "port": 2162},
  {"source": "routers", "kind": "syslog", "networks": ["10.9.0.0/16", "fd00::/8"]}]}"""


@pytest.mark.parametrize(
    "told, source",
    [
        (("snmp", "10.9.0.8", "haidong", "", 1162), "hw-ems"),
        (("snmp", "::ffff:10.9.0.8", "haidong", "", 1162), "hw-ems"),
        (("snmp", "10.9.0.8", "public", "", 1162), ""),
        (("snmp", "10.9.1.8", "haidong", "", 1162), ""),
        (("snmp", "192.0.2.1", "", "nms", 1162), "zte-ems"),
        (("syslog", "192.0.2.1", "", "", 2162), "lab"),
        (("syslog", "10.9.7.7", "", "", 5514), "routers"),
        (("syslog", "fd00::7%eth0", "", "", 5514), "routers"),
        (("syslog", "fe80::7", "", "", 5514), ""),
    ],
)
def test_the_first_rule_that_fits_says_whose_it_is(told, source):
    assert Senders(read_settings({"BATON_LISTEN": RULES}).rules).source_of(*told) == source


def test_nothing_listens_without_a_setting_and_an_address_may_be_of_ipv6():
    assert not read_settings({})
    assert read_settings({"BATON_SNMP": "[::1]:162"}).snmp == ("::1", 162)


def test_the_supervisor_keeps_a_listener_where_a_setting_asks_for_it(tmp_path, monkeypatch):
    monkeypatch.setenv("BATON_HOME", str(tmp_path))
    monkeypatch.delenv("BATON_SNMP", raising=False)
    monkeypatch.delenv("BATON_SYSLOG", raising=False)
    assert listener_wanted() is None
    monkeypatch.setenv("BATON_SNMP", "127.0.0.1:1162")
    assert listener_wanted().command == ["workflows", "listen"]


def test_a_full_queue_holds_a_stream_back(now):
    waiting, stop = Waiting(most=1), threading.Event()
    one = Arrival("syslog", b"x", ("127.0.0.1", 1), 1, now)
    assert waiting.put(one) and not waiting.put(one)
    threading.Timer(0.05, lambda: waiting.take(1)).start()
    assert waiting.put_patiently(one, stop) and waiting.dropped == 1
    stop.set()
    assert not waiting.put_patiently(one, stop)


@pytest.mark.parametrize(
    "told, why",
    [
        ({"BATON_SNMP": "localhost"}, "BATON_SNMP=localhost: an address and a port"),
        ({"BATON_LISTEN": "/nowhere.json"}, "No such file"),
        ({"BATON_LISTEN": "{"}, "no JSON"),
        ({"BATON_LISTEN": '{"sender": []}'}, "has two lists"),
        ({"BATON_LISTEN": '{"users": [{"name": "x", "passphrase": "short"}]}'}, "8 characters"),
        ({"BATON_LISTEN": '{"senders": [{"networks": []}]}'}, "sender 1 needs “source”"),
        ({"BATON_LISTEN": '{"senders": [{"source": "x", "networks": ["x"]}]}'}, "networks of"),
        ({"BATON_LISTEN": '{"users": [{"name": "x", "secret": "12345678"}]}'}, "no passphrase"),
    ],
)
def test_a_wrong_setting_is_told(told, why):
    with pytest.raises(BadSetting, match=why):
        read_settings(told)
