"""Vendors' mappings as policies: what could not work is refused; what is published counts."""

import time
from copy import deepcopy

import orjson
import pytest
from sqlmodel import select

from records import Alarm
from tasks import policies
from tasks.network import alarm_sources, receipts
from tasks.network.alarm_formats.mappings import KINDS
from tasks.network.mapping_checks import as_filter
from tasks.policy_checks import check_alone
from tests.asking import refused
from tests.test_alarm_formats import one
from workflows.receipts import parse_receipts

BASE = "1.3.6.1.4.1.3807"
OURS = {
    "zh": "烽火", "en": "FiberHome",
    "traps": {f"{BASE}.1": {"says": "as flagged"}},
    "fields": {"device": [f"{BASE}.2.1"], "cause": [f"{BASE}.2.5"], "flag": [f"{BASE}.2.9"]},
    "flags": {"1": "raise", "0": "clear"},
}  # fmt: skip
LINE = {
    "zh": "烽火",
    "en": "FiberHome",
    "patterns": [{"match": "LOS at (?P<part>\\S+)", "cause": "LOS"}],
}


def changed(content, path, value):
    """With one place changed; None takes it away."""
    content = deepcopy(content)
    *way, last = path.split("/")
    place = content
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    place[last] = value
    if value is None:
        del place[last]
    return content


TRAP = f"traps/{BASE}.1"
WRONG_SNMP = [  # a place, what it becomes, where the finding is
    ("zh", "", "zh"),
    ("odd", 1, "odd"),
    ("traps", {}, "traps"),
    ("traps", {"linkDown": {"says": "raise"}}, "traps.linkDown"),
    (TRAP, "raise", f"traps.{BASE}.1"),
    (f"{TRAP}/says", "rais", f"traps.{BASE}.1.says"),
    (f"{TRAP}/severity", "loud", f"traps.{BASE}.1.severity"),
    (f"{TRAP}/sevrity", "major", f"traps.{BASE}.1.sevrity"),
    ("flags", None, f"traps.{BASE}.1.says"),
    ("flags", {"Fault": "raise"}, "flags.Fault"),
    ("flags", {"1": "up"}, "flags.1"),
    ("fields/cause", None, f"traps.{BASE}.1.cause"),
    ("fields/device", [], "fields.device"),
    ("fields/device", ["sysName.0"], "fields.device.0"),
    ("fields/devise", [BASE], "fields.devise"),
    ("fields/object", [BASE], "split"),
    ("severities", {"1": "loud"}, "severities.1"),
    ("types", [], "types"),
    ("is_no_fault", {"admin": ["2"]}, "is_no_fault.admin"),
    ("is_no_fault", {"device": [2]}, "is_no_fault.device"),
]


@pytest.mark.parametrize("path, value, where", WRONG_SNMP)
def test_a_mapping_of_traps_that_could_not_work_is_refused(path, value, where):
    found = [each.path for each in check_alone("snmp", {"fh": changed(OURS, path, value)})]
    assert f"fh.{where}" in found


PATTERNS = [
    "(?P<part>(a+)+)$",
    "(?:a|a)*b",
    "(x){3,}",
    "(?=x)y",
    r"(?P<part>a)\1",
    "[",
    "(?P<port>x)",
    "x" * 501,
    "(?:(?:x{1000}){1000}){1000}",
    7,
    "",
]


@pytest.mark.parametrize("match", PATTERNS)
def test_a_pattern_that_could_not_work_is_refused(match):
    found = check_alone("syslog", {"fh": changed(LINE, "patterns/0/match", match)})
    assert found and all(each.path.startswith("fh.patterns.0") for each in found)
    assert all(each.zh and each.en for each in found)


@pytest.mark.parametrize(
    "content", [{"fh": 7}, {"F H": OURS}, {"fh": changed(LINE, "patterns", [])}]
)
def test_a_mapping_is_an_object_under_a_plain_name(content):
    assert check_alone("syslog", content) and check_alone("snmp", content)


def test_what_is_right_passes_and_what_is_shipped_too():
    assert check_alone("snmp", {"fh": OURS}) == check_alone("syslog", {"fh": LINE}) == []
    assert [check_alone(key, policies.shipped(key)) for key in KINDS] == [[], []]


def test_no_line_keeps_a_shipped_pattern_busy():
    began = time.process_time()
    for mapping in policies.shipped("syslog").values():
        for each in mapping["patterns"]:
            is_there = as_filter(each["match"])
            for piece in ("%%01A/4/LINK_STATE interface ", "%LINK-3-UPDOWN: Interface x", "%%10"):
                assert not is_there.is_valid((piece * 200)[:4_096])
    assert time.process_time() - began < 1.0
    assert one("syslog", "<9>Mar 11 02:14:05 h %%10IFNET/3/LINK_UPDOWN: GE1 link status is DOWN.")


def test_what_an_owner_publishes_counts_from_the_next_delivery_on(engine, session, cast, now):
    told = {"name": "烽火网管"}
    source = alarm_sources.put(session, "fh", "snmp", told, by=cast["mei"], now=now)
    trap = {"trap_oid": f"{BASE}.1.7", "agent": "10.0.0.1"}
    values = {1: "HZ-1", 5: "R_LOS", 9: "1"}
    trap["varbinds"] = [{"oid": f"{BASE}.2.{n}.0", "value": told} for n, told in values.items()]
    receipt = receipts.keep(session, source, orjson.dumps(trap), "", now)
    session.commit()
    parse_receipts(engine, now)
    assert session.exec(select(Alarm)).all() == []
    content = {**policies.shipped("snmp"), "fiberhome": OURS}
    policies.publish(session, "snmp", content, reason="烽火", by=cast["owen"], now=now)
    session.refresh(receipt)
    receipts.replay(session, receipt, by=cast["dora"], now=now)
    session.commit()
    parse_receipts(engine, now)
    [alarm] = session.exec(select(Alarm)).all()
    assert (alarm.object, alarm.cause) == ("HZ-1", "lossOfSignal")


def test_a_mapping_that_a_source_names_has_to_stay(as_):
    mei, owen = as_("mei"), as_("owen")
    told = {"kind": "syslog", "name": "路由器", "mapping": "fiberhome"}
    refused(mei.put("/api/alarm-sources/routers", json=told), 422)
    content = owen.get("/api/policies/syslog").json()["content"]
    ours = {"content": content | {"fiberhome": LINE}, "reason": "烽火"}
    assert owen.post("/api/policies/syslog", json=ours).status_code == 201
    assert mei.put("/api/alarm-sources/routers", json=told).status_code == 200
    found = owen.post("/api/policies/syslog/checks", json={"content": content}).json()
    assert [each["field"] for each in found["findings"]] == ["fiberhome"]
