"""Alarms over HTTP: kept before the answer, all or none of a batch; then they become tickets."""

from datetime import timedelta

import pytest
from sqlmodel import select

from records import Alarm
from records.database import open_session
from tasks.network import alarm_sources
from tests.asking import post, publish_fault, refused, wrong_fields
from workflows.alarms import open_tickets
from workflows.repeats import tell_tickets

LOST = {"source": "ems-3", "object": "HZ-1/GE1", "cause": "lossOfSignal", "severity": "critical"}
LOST |= {"raised_at": "2026-03-11T02:10:00Z", "text": "光口无光", "raw": {"neType": "MSTP"}}


@pytest.fixture
def ems(as_, cast, session):
    """Nora's account, as that of a source of alarms."""
    cast["nora"].roles = ["source"]
    session.add(cast["nora"])
    session.commit()
    return as_("nora")


def kept(engine):
    """What another connection sees."""
    with open_session(engine, readonly=True) as session:
        return session.exec(select(Alarm).order_by(Alarm.id)).all()


def test_an_alarm_is_kept_before_the_answer_and_not_yet_acted_on(ems, engine):
    answer = ems.post("/api/alarms", json=LOST)
    assert (answer.status_code, answer.json()) == (202, {"taken": 1})
    [alarm] = kept(engine)
    assert (alarm.device_id, alarm.tally, alarm.raw) == (1, 1, {"neType": "MSTP"})
    assert alarm.act_at and alarm.ticket_id is None


def test_a_batch_is_kept_whole_with_repeats_and_clears(ems, engine):
    clear = LOST | {"is_clear": True, "raised_at": "2026-03-11T02:12:00+00:00"}
    other = LOST | {"cause": "linkDown"}
    answer = ems.post("/api/alarms/batches", json={"alarms": [LOST, LOST, other, clear]})
    assert (answer.status_code, answer.json()) == (202, {"taken": 4})
    down, lost = sorted(kept(engine), key=lambda alarm: alarm.cause)
    assert (lost.tally, lost.cleared_at.minute, down.cleared_at) == (2, 12, None)


def test_one_bad_alarm_refuses_its_batch_and_is_named(ems, engine, now):
    late = (now + timedelta(hours=1)).isoformat()
    for change, field in [
        ({"object": " "}, "1.object"),
        ({"severity": "bad"}, "1.severity"),
        ({"raised_at": late}, "1.raised_at"),
        ({"raised_at": "0001-01-01T00:00:00+10:00"}, "1.raised_at"),
        ({"raised_at": "2026-03-11T02:10:00"}, "alarms.1.raised_at"),
        ({"colour": "red"}, "alarms.1.colour"),
        ({"raw": {"n": 10**30}}, "alarms.1.raw"),
        ({"raw": {"text": "\0"}}, "alarms.1.raw"),
    ]:
        answer = ems.post("/api/alarms/batches", json={"alarms": [LOST, LOST | change]})
        assert wrong_fields(answer) == [field]
    assert wrong_fields(ems.post("/api/alarms/batches", json={"alarms": []})) == ["alarms"]
    assert wrong_fields(ems.post("/api/alarms", json=LOST | {"cause": ""})) == ["0.cause"]
    assert kept(engine) == []


def test_only_a_source_sends_alarms_and_it_does_nothing_else(ems, as_, engine):
    for login in ("dora", "root", "owen", "liu"):
        told = refused(as_(login).post("/api/alarms", json=LOST), 403)
        assert told["permission"] == "alarms:send"
    refused(ems.get("/api/tickets"), 403)
    refused(ems.post("/api/runs", json={"diagram": "fault_handling"}), 403)
    assert kept(engine) == []


def test_nobody_speaks_for_a_source_that_has_an_account_of_its_own(
    ems, engine, session, cast, clock, now
):
    """Or whoever may send could end the alarms of others."""
    told = {"name": "东区 OMC", "sender": "liu"}
    alarm_sources.put(session, "omc-1", "omc", told, by=cast["mei"], now=now)
    alarm_sources.put(session, "omc-2", "omc", {"name": "西区"}, by=cast["mei"], now=now)
    session.commit()
    for name in ("omc-1", "baton"):
        alone = {"alarms": [LOST, LOST | {"source": name, "is_clear": True}]}
        refused(ems.post("/api/alarms", json=LOST | {"source": name}), 403)
        assert name in refused(ems.post("/api/alarms/batches", json=alone), 403)["en"]
    assert wrong_fields(ems.post("/api/alarms", json=LOST | {"source": "omc-1|x"})) == ["0.source"]
    assert kept(engine) == []
    assert ems.post("/api/alarms", json=LOST | {"source": "omc-2"}).status_code == 202
    off = {"is_active": False}
    alarm_sources.put(session, "omc-2", "omc", off, by=cast["mei"], now=now)
    session.commit()
    clock.now += timedelta(seconds=5)
    refused(ems.post("/api/alarms", json=LOST | {"source": "omc-2"}), 403)


def test_alarms_become_one_ticket_and_later_ones_are_added_to_it(ems, as_, engine, session, now):
    """追单: another one at once, repeats within a minute and all together."""
    publish_fault(session, now)
    post(ems, "alarms", **LOST)
    held = now + timedelta(seconds=10)
    assert [open_tickets(engine, at) for at in (now, held, held)] == [0, 2, 0]
    post(ems, "alarms/batches", alarms=[LOST, LOST, LOST | {"source": "ems-4"}])
    assert [open_tickets(engine, held), tell_tickets(engine, held)] == [1, 0]
    minute = now + timedelta(minutes=1)
    assert [tell_tickets(engine, at) for at in (minute, minute)] == [1, 0]

    [ticket] = as_("dora").get("/api/tickets?source=alarm").json()["items"]
    assert (ticket["state"], ticket["alarms"], ticket["calls"]) == ("dispatched", 4, 0)
    assert [alarm.ticket_id for alarm in kept(engine)] == [ticket["id"]] * 2
    [order] = as_("dora").get(f"/api/work-orders?ticket={ticket['id']}").json()["items"]
    assert order["element"] == "accept_alarm"


def test_alarms_are_found_by_what_they_say(ems):
    clear = LOST | {"is_clear": True}
    post(ems, "alarms/batches", alarms=[LOST, clear, LOST | {"object": "X-9", "cause": "power"}])
    for query, found in {
        "active=true": [2],
        "active=false": [1],
        "source=ems-3&sort=id": [1, 2],
        "object=HZ-1/GE1": [1],
        "cause=power": [2],
        "severity=minor": [],
        "ticket=1": [],
    }.items():
        items = ems.get(f"/api/alarms?{query}").json()["items"]
        assert [item["id"] for item in items] == found, query
    assert ems.get("/api/alarms/1").json()["text"] == "光口无光"
    refused(ems.get("/api/alarms/9"), 404)
    assert wrong_fields(ems.get(f"/api/alarms?ticket={10**30}")) == ["ticket"]
