"""Sources of alarms over HTTP: kept before the answer; looked at, corrected, replayed."""

import pytest
from sqlmodel import select

from records import Receipt
from records.database import open_session
from tests.asking import refused, wrong_fields
from workflows.receipts import parse_receipts

PLACE = "/api/alarm-sources/omc-1"
LOST = (
    '{"alarmSeq": 1, "alarmTitle": "R_LOS", "alarmStatus": 1, "neName": "东街-MSTP-01",'
    ' "objectName": "端口4", "eventTime": "2026-03-11 10:14:00", "alarmId": "7"}'
)


@pytest.fixture
def omc(as_, cast, session):
    """A source that only Nora's account may send for."""
    cast["nora"].roles = ["source"]
    session.add(cast["nora"])
    session.commit()
    answer = as_("mei").put(PLACE, json={"kind": "omc", "name": "东区 OMC", "sender": "nora"})
    assert answer.status_code == 200, answer.text
    return as_("nora")


def test_what_a_source_delivers_is_kept_before_the_answer_whatever_it_is(omc, engine):
    for body in (LOST.encode(), "海".encode("gbk"), b"{", b""):
        answer = omc.post(f"{PLACE}/receipts", content=body)
        assert answer.status_code == 202 and answer.json()["resend"] == []
    with open_session(engine, readonly=True) as session:
        told = session.exec(select(Receipt).order_by(Receipt.id)).all()
    assert [one.body for one in told] == [LOST.encode(), "海".encode("gbk"), b"{", b""]


def test_an_answer_asks_for_what_is_missing(omc, engine, now):
    for number in (1, 4):
        omc.post(f"{PLACE}/receipts", content=LOST.replace('Seq": 1', f'Seq": {number}'))
    parse_receipts(engine, now)
    assert omc.post(f"{PLACE}/receipts", content=b"").json()["resend"] == [[2, 3]]


def test_a_delivery_that_is_repeated_under_its_id_is_one(omc):
    def send(name):
        headers = {name: "d-1"}
        return omc.post(f"{PLACE}/receipts", content=LOST, headers=headers).json()["receipt"]

    assert send("Idempotency-Key") == send("Webhook-Id") == send("X-Delivery-Id")


def test_who_may_not_send_is_turned_away(omc, as_, client, cast, session):
    refused(client.post(f"{PLACE}/receipts", content=LOST), 401)
    bad = {"Authorization": "Bearer baton_wrong"}
    refused(client.post(f"{PLACE}/receipts", content=LOST, headers=bad), 401)
    refused(as_("dora").post(f"{PLACE}/receipts", content=LOST), 403)
    cast["ada"].roles = ["source"]
    session.add(cast["ada"])
    session.commit()
    refused(as_("ada").post(f"{PLACE}/receipts", content=LOST), 403)
    refused(omc.post("/api/alarm-sources/nobody/receipts", content=LOST), 404)
    as_("mei").put(PLACE, json={"kind": "omc", "is_active": False})
    refused(omc.post(f"{PLACE}/receipts", content=LOST), 409)


def test_ten_megabytes_are_kept_and_more_than_twelve_are_not(omc):
    assert omc.post(f"{PLACE}/receipts", content=b"x" * 10 * 2**20).status_code == 202
    refused(omc.post(f"{PLACE}/receipts", content=b"x" * (12 * 2**20 + 1)), 413)


def test_what_was_in_another_charset_is_seen_and_replayed(omc, as_, engine, now):
    omc.post(f"{PLACE}/receipts", content=LOST.encode("gbk"))
    parse_receipts(engine, now)
    dora = as_("dora")
    [told] = dora.get(f"{PLACE}/receipts?state=rejected").json()["items"]
    assert "gbk" in told["error_zh"] and dora.get(PLACE).json()["rejected_day"] == 1
    place = f"{PLACE}/receipts/{told['id']}"
    shown = dora.get(place).json()
    assert shown["is_garbled"] and "\ufffd" in shown["text"] and shown["corrected"] is None
    assert dora.post(f"{place}/replay", json={"charset": "gbk"}).json()["state"] == "waiting"
    refused(dora.post(f"{place}/replay", json={}), 409)
    parse_receipts(engine, now)
    shown = dora.get(place).json()
    assert (shown["state"], shown["alarms"], shown["text"]) == ("parsed", 1, LOST)
    [alarm] = dora.get("/api/alarms").json()["items"]
    assert alarm["device_id"] == 1  # known by its name
    assert dora.get(PLACE).json()["rejected_day"] == 0


def test_a_body_that_is_corrected_is_kept_beside_what_came(omc, as_, engine, now):
    omc.post(f"{PLACE}/receipts", content=LOST[:-1])
    parse_receipts(engine, now)
    place, dora = f"{PLACE}/receipts/1", as_("dora")
    assert dora.post(f"{place}/replay", json={"corrected": LOST}).status_code == 202
    parse_receipts(engine, now)
    shown = dora.get(place).json()
    assert (shown["state"], shown["text"], shown["corrected"]) == ("parsed", LOST[:-1], LOST)
    told = {"charset": "latin-1", "corrected": "海"}
    assert wrong_fields(dora.post(f"{place}/replay", json=told)) == ["corrected"]
    assert wrong_fields(dora.post(f"{place}/replay", json={"charset": "x"})) == ["charset"]


def test_bodies_are_for_those_who_may_replay_them(omc, as_):
    omc.post(f"{PLACE}/receipts", content=LOST)
    for path in ("receipts/1", "receipts/2"):
        refused(as_("liu").get(f"{PLACE}/{path}"), 403)
    refused(as_("dora").get(f"{PLACE}/receipts/2"), 404)
    assert as_("liu").get(f"{PLACE}/receipts").json()["items"][0]["state"] == "waiting"


def test_the_health_of_a_source(omc, as_, engine, clock, now):
    mei = as_("mei")
    assert mei.put(PLACE, json={"kind": "omc", "heartbeat_seconds": 60}).json()["state"] == "new"
    omc.post(f"{PLACE}/receipts", content=LOST)
    [told] = as_("liu").get("/api/alarm-sources").json()["items"]
    assert (told["state"], told["waiting"], told["sender"]) == ("ok", 1, "nora")
    parse_receipts(engine, now)
    clock.now = now.replace(minute=20)
    told = mei.get(PLACE).json()
    assert (told["state"], told["waiting"], told["alarms"]) == ("silent", 0, 1)
    assert (told["last_sequence"], told["skew_seconds"]) == (1, 0.0)


def test_a_source_is_set_up_by_those_who_may_and_rightly(omc, as_):
    refused(as_("dora").put(PLACE, json={"kind": "omc", "name": "x"}), 403)
    mei = as_("mei")
    for change, field in [
        ({"kind": "snmp"}, "kind"),
        ({"charset": "ebcdic"}, "charset"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"mapping": "zte"}, "mapping"),
        ({"heartbeat_seconds": 0}, "heartbeat_seconds"),
        ({"name": " "}, "name"),
    ]:
        assert wrong_fields(mei.put(PLACE, json={"kind": "omc"} | change)) == [field]
    told = {"kind": "snmp", "name": "网管", "mapping": "zte", "charset": "gbk"}
    assert wrong_fields(mei.put("/api/alarm-sources/A!", json=told)) == ["key"]
    assert mei.put("/api/alarm-sources/nms", json=told).json()["mapping"] == "zte"
    refused(mei.put("/api/alarm-sources/nms", json={"kind": "snmp", "sender": "nobody"}), 404)
