"""Groups of alarms over HTTP: seen with what they hit; taken over and split by hand."""

import pytest
from sqlmodel import select

from records import Alarm, AlarmGroup, Entry, Ticket
from tasks.network import alarms
from tests.asking import post, publish_fault, refused
from workflows.alarms import open_tickets


@pytest.fixture
def two(engine, session, cast, now):
    """One about the bank's device, one about an object that nobody knows."""
    publish_fault(session, now)
    told = {"source": "ems", "raised_at": now, "severity": "critical", "cause": "sourceSilent"}
    reports = [alarms.Report(object=name, **told) for name in ("HZ-1", "X-9")]
    other = alarms.Report(object="HZ-1/GE9", **told | {"severity": "major"})
    alarms.receive(session, [*reports, other], now=now)
    session.commit()
    open_tickets(engine, now)


def test_a_group_shows_its_alarms_what_it_hits_and_why(two, as_):
    dora = as_("dora")
    [known] = dora.get("/api/alarm-groups?open=true&kind=device").json()["items"]
    assert (known["root_object"], known["alarms"], known["priority"]) == ("HZ-1", 2, "P1")
    place = f"/api/alarm-groups/{known['id']}"
    assert dora.get(place).json()["decision"]["result"]["notice_minutes"] == 5
    members = dora.get(f"{place}/members").json()["items"]
    assert {one["object"] for one in members} == {"HZ-1", "HZ-1/GE9"}
    impact = dora.get(f"{place}/impact").json()
    assert (impact["circuits"], impact["hits"][0]["grade"]) == (1, "AAA")
    assert dora.get("/api/alarm-groups?action=discrepancy").json()["items"][0]["priority"] == "P4"


def test_a_group_takes_over_another_with_its_ticket(two, as_, engine, session, now):
    refused(as_("liu").post("/api/alarm-groups/1/takeovers", json={"group": 2, "reason": "x"}), 403)
    told = {"group": 2, "reason": "同一机房"}
    assert post(as_("dora"), "alarm-groups/1/takeovers", **told)["alarms"] == 3
    refused(as_("dora").post("/api/alarm-groups/1/takeovers", json=told), 409)
    open_tickets(engine, now)
    session.expire_all()
    assert session.get_one(AlarmGroup, 2).taken_over_by == 1
    open_ones = select(Ticket).where(Ticket.source == "alarm", Ticket.state != "merged")
    assert len(session.exec(open_ones).all()) == 1
    [entry] = session.exec(select(Entry).where(Entry.verb == "took over")).all()
    assert (entry.by, entry.particulars["reason"]) == ("dora", "同一机房")


def test_alarms_leave_for_a_group_of_their_own(two, as_, engine, session, now):
    dora, told = as_("dora"), {"reason": "两处故障"}
    ids = dict(session.exec(select(Alarm.object, Alarm.id)).all())
    session.rollback()
    place = "/api/alarm-groups/1/releases"
    refused(dora.post(place, json=told | {"alarms": [ids["X-9"]]}), 404)
    refused(dora.post(place, json=told | {"alarms": [ids["HZ-1"], ids["HZ-1/GE9"]]}), 409)
    new = post(dora, "alarm-groups/1/releases", **told, alarms=[ids["HZ-1/GE9"]])
    assert (new["root_object"], new["alarms"]) == ("HZ-1/GE9", 1)
