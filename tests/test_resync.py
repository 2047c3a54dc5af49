"""Resync: a source is asked for all that is active, and what differs here is set right."""

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from sqlmodel import select

from notifications.channels import polling
from records import Alarm, AlarmSource, Entry, Receipt
from records.database import open_session
from tasks import upkeep
from tasks.network import alarm_sources, receipts, resync
from tests.asking import publish_fault, refused, wrong_fields
from workflows import resync as resync_flow
from workflows.receipts import parse_receipts, watch_sources
from workflows.resync import ask_sources

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(scope="module")
def server():
    """A far side: what it answers is `server.told`, what it was asked `server.asked`."""
    told = SimpleNamespace(told=[], status=200, asked=[], size=0, more={})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            told.asked.append((self.path, self.headers.get("Authorization")))
            body, headers = _page(told, self.path)
            self.send_response(told.status)
            for name, value in ({"Content-Length": len(body)} | headers).items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as far:
        threading.Thread(target=far.serve_forever, args=[0.02], daemon=True).start()
        told.url = f"http://127.0.0.1:{far.server_port}/alerts"
        yield told
        far.shutdown()


def _page(told, path):
    """As TMF630 has it, where `size` is set."""
    if not told.size:
        return told.told if isinstance(told.told, bytes) else orjson.dumps(told.told), told.more
    start = int(parse_qs(urlsplit(path).query).get("offset", ["0"])[0])
    page = told.told[start : start + told.size]
    return orjson.dumps(page), {"X-Total-Count": len(told.told)}


@pytest.fixture
def far(server):
    server.told, server.status, server.asked, server.size, server.more = [], 200, [], 0, {}
    return server


@pytest.fixture
def source(session, cast, now, far):
    told = {"name": "Prometheus", "resync_url": far.url, "resync_token": "s3cret"}
    source = alarm_sources.put(
        session, "prom", "alertmanager", told | {"heartbeat_seconds": 60}, by=cast["mei"], now=now
    )
    session.commit()
    return source


@pytest.fixture
def look(engine, source):
    """Ask what is due, read what came; the state of each alarm by its device."""

    def look(now):
        ask_sources(engine, now)
        parse_receipts(engine, now)
        return [(one.object, one.cleared_at) for one in rows(engine, Alarm)]

    return look


def rows(engine, table):
    with open_session(engine, readonly=True) as session:
        return session.exec(select(table).order_by(table.id)).all()


def alert(device, now, state="active"):
    return {
        "labels": {"alertname": "LinkDown", "device": device, "severity": "critical"},
        "annotations": {},
        "fingerprint": f"f-{device}",
        "startsAt": now.isoformat(),
        "endsAt": (now + HOUR).isoformat(),
        "updatedAt": now.isoformat(),
        "status": {"state": state, "silencedBy": [], "inhibitedBy": []},
    }


def deliver(engine, source, now, *alerts, status="firing", **more):
    told = {"version": "4", "groupKey": "g", "truncatedAlerts": more.pop("cut", 0)}
    told["alerts"] = [one | {"status": status} for one in alerts]
    with open_session(engine) as session:
        receipts.keep(session, source, orjson.dumps(told), "", now, **more)
    parse_receipts(engine, now)


def test_a_new_source_is_asked_at_once_and_then_each_hour(engine, far, look, now):
    far.told = [alert("HZ-1", now - HOUR), alert("HZ-2", now, "suppressed")]
    assert look(now) == [("HZ-1", None)]
    assert far.asked == [("/alerts", "Bearer s3cret")]
    [told] = rows(engine, AlarmSource)
    assert (told.resync, told.synced_at, told.resync_at) == ("", now, now + HOUR)
    assert (ask_sources(engine, now + HOUR - SECOND), ask_sources(engine, now + HOUR)) == (0, 1)


def test_what_two_lists_lack_is_over_since_the_first(engine, source, far, look, now):
    deliver(engine, source, now - HOUR, alert("HZ-1", now - HOUR), alert("HZ-2", now - HOUR))
    far.told = [alert("HZ-2", now - HOUR)]
    assert look(now) == [("HZ-1", None), ("HZ-2", None)]
    assert look(now + resync.CONFIRM) == [("HZ-1", now), ("HZ-2", None)]
    told = [one for one in rows(engine, Entry) if one.verb == "resynced"]
    assert [one.particulars["keys"] for one in told] == [
        {"missing": ["prom|#f-HZ-1"]},
        {"ended": ["prom|#f-HZ-1"]},
    ]


def test_one_that_lists_nothing_for_a_moment_ends_nothing(engine, source, far, look, now):
    """An Alertmanager that was started anew, until Prometheus tells it again."""
    deliver(engine, source, now - HOUR, alert("HZ-1", now - HOUR))
    look(now)
    far.told = [alert("HZ-1", now - HOUR)]
    assert look(now + resync.CONFIRM) == [("HZ-1", None)]
    [alarm] = rows(engine, Alarm)
    assert (alarm.missing_at, alarm.tally) == (None, 1)


def test_what_its_own_people_silenced_goes_on(engine, source, far, look, now):
    deliver(engine, source, now - HOUR, alert("HZ-1", now - HOUR))
    far.told = [alert("HZ-1", now - HOUR, "suppressed")]
    look(now)
    assert look(now + resync.CONFIRM) == [("HZ-1", None)]


def test_what_comes_while_the_list_is_made_is_not_missing(engine, source, far, look, now):
    ask_sources(engine, now)
    deliver(engine, source, now + SECOND, alert("HZ-1", now))
    assert rows(engine, Alarm)[0].missing_at is None


def test_what_was_taken_for_over_and_is_listed_is_active_again(engine, source, far, look, now):
    """Prometheus was cut off from Alertmanager, which told “resolved”: its clock never stopped."""
    deliver(engine, source, now - HOUR, alert("HZ-1", now - HOUR))
    over = alert("HZ-1", now - HOUR) | {"endsAt": (now - 50 * MINUTE).isoformat()}
    deliver(engine, source, now - 50 * MINUTE, over, status="resolved")
    far.told = [alert("HZ-1", now - HOUR)]
    look(now)
    active = [one for one in rows(engine, Alarm) if not one.cleared_at]
    assert [one.object for one in active] == ["HZ-1"]
    look(now + HOUR)
    assert len([one for one in rows(engine, Alarm) if not one.cleared_at]) == 1


def test_a_gap_is_asked_about_at_once_and_closed_by_the_list(engine, source, far, look, now):
    look(now)
    deliver(engine, source, now + MINUTE, alert("HZ-1", now), cut=3)
    assert rows(engine, AlarmSource)[0].resync == "wanted"
    far.told = [alert(f"HZ-{n}", now) for n in range(4)]
    assert len(look(now + MINUTE + SECOND)) == 4
    [told] = rows(engine, AlarmSource)
    assert (told.gaps, told.resync) == ({}, "")


def test_a_source_that_cannot_tell_is_asked_again_and_says_why(engine, far, look, now):
    far.status = 503
    look(now)
    look(now + SECOND)
    look(now + MINUTE)
    [told] = rows(engine, AlarmSource)
    assert (told.resync, told.resync_error) == ("wanted", "prom answered 503")
    assert len(far.asked) == 2
    assert [one.verb for one in rows(engine, Entry)] == ["created", "resync failed"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_pauses_before_it_is_asked_again_grow_up_to_an_hour(engine, source, far, look, now):
    far.status, pauses = 503, []
    for _ in range(9):
        look(now)
        [told] = rows(engine, AlarmSource)
        pauses.append((told.resync_at - now) / MINUTE)
        now = told.resync_at
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60] and told.resync_failures == 9
    far.status = 200
    look(now)
    [told] = rows(engine, AlarmSource)
    assert (told.resync_failures, told.resync, told.resync_at) == (0, "", now + HOUR)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_whoever_asks_by_hand_does_not_wait(engine, session, source, cast, far, look, now):
    far.status = 503
    for minute in (0, 1, 3):
        look(now + minute * MINUTE)
    resync.want_by_hand(session, source, by=cast["dora"], now=now + 4 * MINUTE)
    session.commit()
    far.status = 200
    look(now + 4 * MINUTE)
    assert (len(far.asked), rows(engine, AlarmSource)[0].resync_failures) == (4, 0)


def test_a_list_that_cannot_be_read_ends_nothing(engine, source, far, look, now):
    deliver(engine, source, now - HOUR, alert("HZ-1", now - HOUR))
    for told, at in ((b"<html>Please log in", now), ([{"labels": 7}], now + HOUR)):
        far.told = told
        assert look(at) == [("HZ-1", None)]
    [told] = rows(engine, AlarmSource)
    assert told.resync_error.startswith("receipt 3: 1 cannot be read")
    assert (rows(engine, Alarm)[0].missing_at, told.synced_at) == (None, None)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # of the wire, not the database
@pytest.mark.parametrize(
    "more, error",
    [
        ({"X-Total-Count": "9" * 5_000}, ""),
        ({"X-Total-Count": "3"}, "says that there is more"),
        ({"Link": '</alerts>; rel="next"'}, "took more than 0 s for all of its pages"),
        ({"Link": '<http://[bad>; rel="next"'}, "another machine"),
        ({"Link": "garbage;;;"}, ""),
    ],
)
def test_pages_without_end_or_sense_hold_up_no_other_source(
    engine, source, far, look, now, monkeypatch, more, error
):
    monkeypatch.setattr(polling, "LONGEST", 0.05)
    far.told, far.more = [alert("HZ-1", now)] if "Link" in more else [], more
    look(now)
    [told] = rows(engine, AlarmSource)
    assert error in told.resync_error and bool(error) == (told.resync == "wanted")
    assert len(far.asked) < 200


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_whatever_goes_wrong_with_one_source_the_next_is_asked(
    engine, session, source, cast, far, look, now, monkeypatch
):
    told = {"name": "OSS", "resync_url": far.url}
    alarm_sources.put(session, "oss", "tmf642", told, by=cast["mei"], now=now)
    session.commit()
    fetch = resync_flow.fetch_list

    def fetch_or_break(name, *given, **more):
        if name == "prom":
            raise ValueError("unforeseen")
        return fetch(name, *given, **more)

    monkeypatch.setattr(resync_flow, "fetch_list", fetch_or_break)
    look(now)
    prom, oss = rows(engine, AlarmSource)
    assert (prom.resync_error, prom.resync) == ("prom: ValueError", "wanted")
    assert oss.synced_at == now


def test_a_list_that_is_replayed_ends_nothing(engine, source, session, cast, far, look, now):
    look(now)
    deliver(engine, source, now + MINUTE, alert("HZ-1", now))
    receipts.replay(session, session.get_one(Receipt, 1), by=cast["dora"], now=now)
    session.commit()
    assert look(now + 2 * MINUTE) == [("HZ-1", None)]
    assert rows(engine, Alarm)[0].missing_at is None


def test_lists_are_forgotten_sooner_than_what_a_source_sent(engine, session, source, look, now):
    look(now)
    deliver(engine, source, now + SECOND)
    assert upkeep.forget_old(session, now=now + timedelta(days=3)) == 1
    [kept] = session.exec(select(Receipt)).all()
    assert not kept.is_complete


def test_a_list_in_pages_is_one(engine, session, cast, far, now):
    told = {"name": "OSS", "resync_url": far.url}
    alarm_sources.put(session, "oss", "tmf642", told, by=cast["mei"], now=now)
    session.commit()
    far.size = 2
    far.told = [
        {"id": f"{n}", "alarmedObject": {"id": "HZ-1"}, "probableCause": "lossOfSignal"}
        | {"alarmRaisedTime": now.isoformat(), "perceivedSeverity": "major"}
        for n in range(5)
    ]
    assert (ask_sources(engine, now), parse_receipts(engine, now)) == (1, 1)
    assert len(rows(engine, Alarm)) == 5
    assert [path for path, _ in far.asked] == [
        f"/alerts{q}" for q in ("", "?offset=2", "?offset=4")
    ]


def test_an_answer_is_no_sign_of_life(engine, session, far, look, now):
    """What it sends by itself may be lost all the same."""
    publish_fault(session, now)
    look(now + 4 * MINUTE)
    assert watch_sources(engine, now + 4 * MINUTE) == 1
    assert rows(engine, AlarmSource)[0].silent_at


def test_one_that_comes_back_and_all_after_a_restart_are_asked(engine, session, source, look, now):
    publish_fault(session, now)
    look(now)
    watch_sources(engine, now + 4 * MINUTE)
    deliver(engine, source, now + 5 * MINUTE)
    watch_sources(engine, now + 5 * MINUTE)
    assert rows(engine, AlarmSource)[0].resync == "wanted"
    look(now + 5 * MINUTE)
    resync.want_all(session, now=now + 6 * MINUTE)
    session.commit()
    told = [one.particulars["why"] for one in rows(engine, Entry) if one.verb == "resync wanted"]
    assert told == ["silence", "restart"] and ask_sources(engine, now + 6 * MINUTE) == 1


def test_a_dispatcher_has_it_asked_and_nobody_sees_its_token(engine, as_, source, look, now):
    look(now)
    refused(as_("liu").post("/api/alarm-sources/prom/resync"), 403)
    told = as_("dora").post("/api/alarm-sources/prom/resync").json()
    assert (told["resync"], told["has_resync_token"]) == ("wanted", True)
    assert "resync_token" not in told and "s3cret" not in str(rows(engine, Entry))
    mei = as_("mei")
    for url in ("ftp://x", "http://", "http://a b"):
        given = {"kind": "alertmanager", "resync_url": url}
        assert wrong_fields(mei.put("/api/alarm-sources/prom", json=given)) == ["resync_url"]
    given = {"kind": "csv", "name": "x", "resync_url": "http://x"}
    assert wrong_fields(mei.put("/api/alarm-sources/x", json=given)) == ["resync_url"]
    mei.put("/api/alarm-sources/prom", json={"kind": "alertmanager", "resync_url": ""})
    refused(as_("dora").post("/api/alarm-sources/prom/resync"), 409)


def test_a_sender_delivers_the_whole_list_by_itself(engine, as_, cast, session, source, now):
    cast["nora"].roles = ["source"]
    session.add(cast["nora"])
    session.commit()
    deliver(engine, source, now - HOUR, alert("HZ-1", now - HOUR))
    body = orjson.dumps([alert("HZ-2", now)])
    place = "/api/alarm-sources/prom/receipts?complete=true"
    assert as_("nora").post(place, content=body).status_code == 202
    parse_receipts(engine, now)
    first, second = rows(engine, Alarm)
    assert (first.missing_at, second.object) == (now, "HZ-2")
    [shown] = as_("dora").get("/api/alarm-sources/prom/receipts?limit=1").json()["items"]
    assert shown["is_complete"] is True
