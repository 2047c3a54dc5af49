"""How each kind of source tells its alarms: pure, from bytes to reports."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.network import alarm_formats
from tasks.network.alarm_formats.names import cause_of
from tasks.network.alarm_formats.reading import Given
from tasks.network.alarm_formats.times import read_time
from tasks.network.sequences import follow_sequence

NOW = datetime(2026, 3, 10, 18, 14, 10, tzinfo=UTC)  # 02:14:10 of the next day in Shanghai
AT = NOW - timedelta(seconds=5)
ALERT = {
    "status": "firing",
    "labels": {
        "alertname": "BfdDown", "device": "LH-QZ-AGG-03", "port": "GE1/0/7", "severity": "critical",
    },
    "annotations": {"summary": "BFD down to CPE"},
    "startsAt": "2026-03-11T02:14:05+08:00",
    "endsAt": "0001-01-01T00:00:00Z",
    "fingerprint": "a1c0ffee9c2d",
}  # fmt: skip
OMC = {
    "alarmSeq": 40211, "alarmTitle": "R_LOS", "alarmStatus": 1, "alarmType": "communicationsAlarm",
    "origSeverity": 1, "eventTime": "2026-03-11 02:14:05", "alarmId": "88411207",
    "specificProblem": "接收线路侧信号丢失", "neUID": "3302QZ0M02", "neName": "东街-MSTP-02",
    "objectName": "槽12端口4", "addInfo": "",
}  # fmt: skip
HUAWEI, ZTE = "1.3.6.1.4.1.2011.2.15.1.7.1", "1.3.6.1.4.1.3902.4101.1"


def webhook(*alerts, **changed):
    told = {"version": "4", "groupKey": "g", "truncatedAlerts": 0, "alerts": list(alerts)}
    return told | changed


def trap(oid, fields, **more):
    varbinds = [{"oid": key, "value": value} for key, value in fields.items()]
    return {"agent": "10.9.0.8", "version": "2c", "trap_oid": oid, "varbinds": varbinds, **more}


def huawei(flag="Fault", at="2026-03-11,02:14:05.0,+8:0"):
    told = {1: "东街-MSTP-02", 3: "Frame=0,Slot=12,Port=4", 4: "Communication", 5: at, 6: "R_LOS"}
    told |= {7: "Critical", 10: flag, 13: 4471209}
    return trap(f"{HUAWEI}.0.3", {f"{HUAWEI}.{n}.0": value for n, value in told.items()})


def zte(kind, severity=3):
    told = {1: 77, 3: "2026-03-11 02:14:05", 4: 1, 6: severity, 7: "光口 LOS", 14: "LOS"}
    told |= {15: "海城站,OIXG4A[0-1-13]-10GE:1"}
    return trap(f"{ZTE}.4.1.{kind}", {f"{ZTE}.3.1.{n}.0": value for n, value in told.items()})


def link(oid=3, admin=1):
    base = "1.3.6.1.2.1.2.2.1"
    told = {f"{base}.1.118": 118, f"{base}.7.118": admin, f"{base}.8.118": 2}
    return trap(f"1.3.6.1.6.3.1.1.5.{oid}", told, received_at="2026-03-11T02:14:05+08:00")


def parse(kind, told, charset="utf-8", **given):
    body = told if isinstance(told, bytes) else told.encode() if isinstance(told, str) else None
    given = Given(source="s", now=NOW, receipt_id=1, **given)
    return alarm_formats.parse(kind, orjson.dumps(told) if body is None else body, charset, given)


def one(kind, told, **given):
    parsed = parse(kind, told, **given)
    assert parsed.refusal is None, parsed.refusal
    [report] = parsed.reports
    return report


def brief(report):
    return report.object, report.cause, report.severity, report.raised_at, report.is_clear


def test_an_alert_that_fires_and_is_resolved():
    raised = one("alertmanager", webhook(ALERT))
    told = ("LH-QZ-AGG-03/GE1/0/7", "communicationsProtocolError", "critical", AT, False)
    assert brief(raised) == told
    assert (raised.external_id, raised.text) == ("a1c0ffee9c2d", "BFD down to CPE")
    end = {"status": "resolved", "endsAt": "2026-03-11T02:14:09+08:00"}
    cleared = one("alertmanager", webhook(ALERT | end))
    assert cleared.is_clear and cleared.raised_at == AT + timedelta(seconds=4)
    assert cleared.key == raised.key and cleared.raw["labels"] == ALERT["labels"]


def test_alerts_that_were_cut_off_are_missing_until_the_group_is_whole():
    signs = parse("alertmanager", webhook(ALERT, truncatedAlerts=7)).signs
    assert [(sign.what, sign.group, sign.tally) for sign in signs] == [("missing", "g", 7)]


def test_an_alert_that_fires_while_all_is_well_is_a_sign_of_life():
    alive = ALERT | {"labels": {"alertname": "Watchdog"}}
    parsed = parse("alertmanager", webhook(alive))
    assert [sign.what for sign in parsed.signs] == ["missing", "heartbeat"]
    assert parsed.refusal is None and parsed.reports == []


@pytest.mark.parametrize(
    "change, is_clear",
    [({}, False), ({"state": "cleared"}, True), ({"perceivedSeverity": "cleared"}, True)],
)
def test_an_alarm_of_tmf642_bare_and_as_an_event(change, is_clear):
    alarm = {
        "id": "9", "externalAlarmId": "x-9", "alarmedObject": {"id": "HZ-1/GE1"},
        "alarmType": "equipmentAlarm", "perceivedSeverity": "major", "probableCause": "R_LOS",
        "specificProblem": "光口无光", "alarmRaisedTime": "2026-03-11T02:14:05+08:00",
        "plannedOutageIndicator": "inService", "x": 1,
    } | change  # fmt: skip
    event = {"eventType": "AlarmStateChangeEvent", "event": {"alarm": alarm}}
    for told in (alarm, event, [event]):
        report = one("tmf642", told)
        assert (report.object, report.cause, report.is_clear) == (
            "HZ-1/GE1",
            "lossOfSignal",
            is_clear,
        )
        assert (report.external_id, report.alarm_type) == ("x-9", "equipmentAlarm")
        assert report.raw == alarm


def test_objects_of_an_omc_one_many_or_a_line_each():
    raised = one("omc", OMC)
    assert brief(raised) == ("东街-MSTP-02/槽12端口4", "lossOfSignal", "critical", AT, False)
    assert (raised.sequence, raised.external_id) == (40211, "88411207")
    lines = "\n".join(orjson.dumps(OMC | {"alarmStatus": n}).decode() for n in (1, 0))
    for told in (lines, [OMC, OMC | {"alarmStatus": 0}]):
        assert [report.is_clear for report in parse("omc", told).reports] == [False, True]
    assert [sign.what for sign in parse("omc", {"msgType": "heartbeat"}).signs] == ["heartbeat"]
    assert one("omc", OMC, devices={"3302QZ0M02": "HZ-2"}).object == "HZ-2/槽12端口4"


def test_traps_of_if_mib_and_a_port_that_somebody_switched_off():
    down, up = one("snmp", link()), one("snmp", link(4))
    assert brief(down) == ("10.9.0.8/ifIndex 118", "linkDown", "major", AT, False)
    assert up.is_clear and up.key == down.key
    assert parse("snmp", link(admin=2)).reports == []


def test_traps_of_huawei_by_their_flag():
    raised, cleared = one("snmp", huawei()), one("snmp", huawei("Recovery"))
    told = ("东街-MSTP-02/Frame=0,Slot=12,Port=4", "lossOfSignal", "critical", AT, False)
    assert brief(raised) == told
    assert (raised.alarm_type, raised.external_id) == ("communicationsAlarm", "4471209")
    assert cleared.is_clear and cleared.key == raised.key
    assert parse("snmp", huawei("Acknowledge")).reports == []
    beat = parse("snmp", trap("1.3.6.1.4.1.2011.2.15.1.7.2.0.2", {}))
    assert [sign.what for sign in beat.signs] == ["heartbeat"]


def test_traps_of_zte_by_their_kind_in_gbk():
    body = orjson.dumps(zte(1)).decode().encode("gbk")
    raised = parse("snmp", body, "gbk").reports[0]
    assert brief(raised) == ("海城站/OIXG4A[0-1-13]-10GE:1", "lossOfSignal", "major", AT, False)
    assert one("snmp", zte(2)).is_clear and one("snmp", zte(1, severity=6)).is_clear
    signs = [parse("snmp", zte(kind)).signs[0].what for kind in (3, 5, 11, 12)]
    assert signs == ["other", "resync wanted", "resync running", "resync over"]


def test_octets_of_a_trap_are_text_in_the_sources_charset():
    octets, name = "海城站,GE1/0/7".encode("gbk"), f"{ZTE}.3.1.15.0"
    told = [one for one in zte(1)["varbinds"] if one["oid"] != name]
    told.append({"oid": name, "value": f"0x{octets.hex()}", "hex": octets.hex()})
    body = orjson.dumps(zte(1) | {"varbinds": told})
    assert parse("snmp", body.decode().encode("gbk"), "gbk").reports[0].object == "海城站/GE1/0/7"
    assert "it looks like gbk: replay it as gbk" in parse("snmp", body).refusal[1]


RFC_5674 = (
    '<165>1 2026-03-11T02:14:05+08:00 HZ-1 evt - ID47 [ex@1 a="b\\"c"]'
    '[alarm resource="GE1" probableCause="8" perceivedSeverity="{}" eventType="communication"]'
    " \N{BYTE ORDER MARK}光口无光"
)
VRP = (
    "<189>Mar 11 02:14:05 HZ-1 %%01IFNET/4/LINK_STATE(l)[12345]: The line protocol IP on the "
    "interface GigabitEthernet0/0/1 has entered the {} state."
)
COMWARE = "<188>Mar 11 02:14:05 HZ-1 %%10IFNET/3/LINK_UPDOWN: GE1/0/1 link status is {}."
IOS = "<189>Mar 11 02:14:05 HZ-1 %LINK-3-UPDOWN: Interface GE0/1, changed state to {}"


def test_a_line_of_syslog_with_an_alarm_in_its_structured_data():
    raised = one("syslog", RFC_5674.format("critical"))
    assert brief(raised) == ("HZ-1/GE1", "lossOfSignal", "critical", AT, False)
    assert raised.text == "光口无光" and raised.raw["ex"] == {"a": 'b"c'}
    assert one("syslog", RFC_5674.format("cleared")).is_clear


@pytest.mark.parametrize(
    "line, part, cause",
    [
        (VRP, "GigabitEthernet0/0/1", "communicationsProtocolError"),
        (COMWARE, "GE1/0/1", "linkDown"),
        (IOS, "GE0/1", "linkDown"),
    ],
)
def test_a_vendors_line_of_syslog(line, part, cause):
    down, up = one("syslog", line.format("DOWN")), one("syslog", line.format("UP"))
    assert brief(down) == (f"HZ-1/{part}", cause, "major", AT, False)
    assert up.is_clear and up.key == down.key


def test_what_is_said_on_syslog_and_is_no_alarm_is_none():
    parsed = parse("syslog", "<13>Mar 11 02:14:05 HZ-1 sshd: hello\n" + VRP.format("DOWN"))
    assert len(parsed.reports) == 1 and parsed.refusal is None


def test_a_trace_as_csv_with_the_ends_of_what_is_over():
    lines = (
        "alarm_id,device_id,start_timestamp,end_timestamp\nR_LOS,HZ-1,{0},{0}\nLOF,HZ-1,{0},{1}\n"
    )
    start = AT.timestamp()
    reports = parse("csv", lines.format(start, start + 3)).reports
    assert [(one.cause, one.is_clear) for one in reports] == [
        ("lossOfSignal", False), ("lossOfFrame", False), ("lossOfFrame", True)
    ]  # fmt: skip
    assert parse("csv", "a,b\n1,2\n").refusal[1].startswith("The first line")


def test_one_bad_alarm_is_told_and_the_others_are_kept():
    parsed = parse("omc", [OMC, OMC | {"alarmStatus": 7}, 5, OMC | {"neName": "", "neUID": ""}])
    assert len(parsed.reports) == 1
    zh, en = parsed.refusal
    assert en.startswith("3 cannot be read, 1 are kept: item 2 has the alarmStatus 7, not 1 or 0")
    assert "第 3 条须为 JSON 对象" in zh and "第 4 条没有说是哪台设备" in zh


@pytest.mark.parametrize(
    "kind, body, charset, why",
    [
        ("omc", b'{"alarmSeq": 4', "utf-8", "The JSON breaks off at its end, line 1 column 15"),
        ("omc", b'{"a" 4}', "utf-8", "The JSON is wrong, line 1 column 6"),
        ("omc", b"[" * 5_000, "utf-8", "The JSON"),
        ("omc", '{"neName": "东街"}'.encode("gbk"), "utf-8", "Byte 12 is not utf-8; it looks"),
        ("omc", '{"n": "东"}'.encode() + b"\xff", "gbk", "Byte 9 is not gbk"),
        ("alertmanager", b'{"version": "3", "alerts": []}', "utf-8", "This is no webhook"),
        ("alertmanager", b"7", "utf-8", "is not a JSON object"),
        ("syslog", b'<1>1 - h a - - [alarm x=', "utf-8", "1 cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_where_and_why(kind, body, charset, why):
    parsed = parse(kind, body, charset)
    assert parsed.refusal[1].startswith(why) and parsed.reports == []


def test_a_time_that_cannot_be_is_the_time_of_receipt_and_is_noted():
    parsed = parse("omc", OMC | {"eventTime": "2026-03-12 02:14:10"})
    [report] = parsed.reports
    assert report.raised_at == NOW and report.raw["told_at"] == "2026-03-11T18:14:10+00:00"
    assert parsed.skews == [-86_400.0]


def test_an_empty_delivery_of_any_kind_is_a_sign_of_life():
    for kind in alarm_formats.FORMATS:
        parsed = parse(kind, b" \n")
        assert parsed.refusal is None and parsed.signs[0].what == "heartbeat"


@pytest.mark.parametrize(
    "told",
    [
        "2026-03-11T02:14:05+08:00", "2026-03-11 02:14:05", "2026-03-11,02:14:05.0,+8:0",
        "2026-03-11,02:14:05,+08:00", "2026/03/11 02:14:05", "20260311021405", 1773166445,
        1773166445000, "07 EA 03 0B 02 0E 05 00 2B 08 00", "0x07EA030B020E0500",
    ],
)  # fmt: skip
def test_times_in_the_layouts_of_vendors(told):
    assert read_time(told, "Asia/Shanghai", NOW) == AT


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(alarm_formats.FORMATS)),
    st.binary(max_size=60) | st.text().map(str.encode),
)
def test_no_bytes_break_a_reader(kind, body):
    parse(kind, body)
    parse(kind, b'{"version": "4", "alerts": [' + body + b"]}", "gbk")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*OMC, *ALERT, "alerts", "varbinds", "trap_oid", "oid", "event", "eventType"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["alertmanager", "omc", "tmf642", "snmp"]), JSON)
def test_no_json_breaks_a_reader(kind, told):
    parse(kind, told)
    parse(kind, webhook(told, truncatedAlerts=told))


def test_a_number_that_is_missing_is_a_gap_until_it_comes():
    assert follow_sequence(None, [], [5, 6, 9]) == (9, [[7, 8]])
    assert follow_sequence(9, [[7, 8]], [7, 6, 10]) == (10, [[8, 8]])
    assert follow_sequence(10, [[8, 8]], [8]) == (10, [])
    assert follow_sequence(40_000, [], [1, 2]) == (2, [])
    last, ranges = follow_sequence(2, [], range(4, 1_000, 2))
    assert (last, len(ranges), ranges[0][0]) == (998, 100, 3)


@pytest.mark.parametrize(
    "last, gaps, numbers, told",
    [
        (40_000, [], [3, 4], (4, [[1, 2]])),  # it began again, and its first two were lost
        (40_000, [], [3, 1, 2], (3, [])),
        (40_000, [[7, 8]], [7], (40_000, [[8, 8]])),  # that one was missing
        (40_000, [], [39_000, 40_001], (40_001, [])),  # late, or told twice
        (3, [], [1, 2, 4], (4, [])),  # not in their order, at its first start
        (2**63, [], [0, 1], (1, [])),
        (5, [], [-7, 6], (6, [])),
    ],
)
def test_a_source_that_begins_again_is_told_from_what_is_late(last, gaps, numbers, told):
    assert follow_sequence(last, gaps, numbers) == told


def test_a_cause_that_nobody_knows_stays_as_it_is_told():
    assert (cause_of("MS-AIS"), cause_of("自定义告警")) == ("alarmIndicationSignal", "自定义告警")


def test_the_examples_of_the_page_are_alarms():
    kinds = {"omc-east": "omc", "oss": "tmf642", "ems": "snmp", "logs": "syslog", "traces": "csv"}
    page = (Path(__file__).parent.parent / "docs" / "alarms.md").read_text(encoding="utf-8")
    found = re.findall(r"(?:echo|printf) '([^']+)' \| send (\S+)", page)
    assert [source for _, source in found] == list(kinds)
    for body, source in found:
        assert one(kinds[source], body.replace("\\n", "\n")).severity in ("critical", "major")
