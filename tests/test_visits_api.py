"""Visits over HTTP: planned, crewed, explained, done; and how each is refused."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from icalendar import Calendar
from sqlmodel import select

from notifications.channels import smtp
from notifications.outbox import claim, deliver
from records import Notice
from records.database import open_session
from tests.asking import post, refused, wrong_fields
from tests.field import DAY, Field
from workflows.visits import remind_of_visits, watch_calibrations, watch_certificates

JOBS = [{"subject": "order:5", "kind": kind} for kind in ("cpe", "test")]
PLAN = {"site": "HZ-CB", "customer": 1, "jobs": JOBS}
CREW = {"people": ["liu"], "vehicle": "V1", "instruments": ["T1"]}

# What is SQL of its own is asked of both databases; rules need but one.
on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def field(session, cast, now):
    field = Field(session, cast, now)
    field.times = {name: at.isoformat() for name, at in field.window()._asdict().items()}
    return field


def test_a_visit_from_plan_to_end(as_, field, clock, now):
    dora, liu = as_("dora"), as_("liu")
    visit = post(dora, "visits", **PLAN, **field.times)
    place = f"visits/{visit['id']}"
    assert (visit["state_zh"], visit["customer"], len(visit["jobs"])) == ("已计划", "海东银行", 2)
    found = dora.get(f"/api/{place}/suggestions").json()
    assert [each["people"] for each in found] == [["kai"], ["liu"]] and found[0]["reasons"][0]["zh"]
    assert dora.put(f"/api/{place}/crew", json=CREW).json()["state"] == "crewed"
    post(dora, f"{place}/explanation")
    assert post(dora, f"{place}/confirmation", who="王敏")["confirmed_by"] == "王敏"
    sooner = {name: at.isoformat() for name, at in field.window(0)._asdict().items()}
    moved = dora.put(f"/api/{place}/window", json=sooner | {"reason": "改期"}).json()
    assert (moved["state"], moved["confirmed_at"]) == ("crewed", None)
    clock.now = now + timedelta(hours=1)
    post(liu, f"{place}/start", unexplained="电话已约定")
    results = {str(job["id"]): {"is_done": True, "measured": {"mbps": 98}} for job in visit["jobs"]}
    assert post(liu, f"{place}/completion", results=results)["state"] == "finished"
    month = {"since": now.isoformat(), "until": (now + 30 * DAY).isoformat()}
    told = dora.get("/api/visits/figures", params=month).json()
    assert (told["visits_per_subject"], told["explained_share"]) == (1.0, 0.0)
    again = post(dora, "visits", **PLAN, reason="不通", **_after(field))
    assert again["state"] == "to_approve" and again["ordinal"] == 2
    assert post(as_("nora"), f"visits/{again['id']}/approval")["approved_by"] == "nora"
    card = liu.get(f"/api/visits/{again['id']}/card").json()
    assert card["before"][0]["people"] == ["Liu"] and card["contacts"][0]["name"] == "王敏"
    assert [each["id"] for each in dora.get("/api/visits?subject=order:5").json()["items"]] == [
        visit["id"],
        again["id"],
    ]
    assert len(dora.get("/api/visits?person=liu&state=finished").json()["items"]) == 1


def _after(field):
    return {name: at.isoformat() for name, at in field.window(5)._asdict().items()}


@on_one
def test_how_visits_are_refused(as_, field, now):
    dora, liu = as_("dora"), as_("liu")
    refused(liu.post("/api/visits", json=PLAN | field.times), 403)
    refused(dora.post("/api/visits", json=PLAN | field.times | {"site": "nowhere"}), 404)
    assert wrong_fields(dora.post("/api/visits", json=PLAN | field.times | {"jobs": []})) == [
        "jobs"
    ]
    visit = post(dora, "visits", **PLAN, **field.times)
    place = f"/api/visits/{visit['id']}"
    assert wrong_fields(dora.put(f"{place}/crew", json=CREW | {"instruments": []})) == [
        "instruments"
    ]
    dora.put(f"{place}/crew", json=CREW)
    refused(as_("ada").post(f"{place}/start", json={}), 403)
    assert wrong_fields(liu.post(f"{place}/start", json={})) == ["unexplained"]
    post(liu, f"visits/{visit['id']}/start", unexplained="电话")
    odd = {"results": {"x": {"is_done": True}, "0": 7}}
    assert wrong_fields(liu.post(f"{place}/completion", json=odd)) == ["results.0"]
    told = refused(dora.post(f"{place}/cancellation", json={"reason": "x"}), 409)
    assert told["state"] == "on_site"


@on_one
@pytest.mark.both_databases
def test_the_second_of_two_who_want_one_van_is_told_who_has_it(as_, field):
    dora = as_("dora")
    first, second = (
        post(dora, "visits", **PLAN | {"customer": customer, "jobs": [job]}, **field.times)
        for customer, job in ((1, JOBS[0]), (None, {"subject": "order:6", "kind": "cpe"}))
    )
    dora.put(f"/api/visits/{first['id']}/crew", json=CREW)
    crew = {"people": ["kai"], "vehicle": "V1"}
    told = refused(dora.put(f"/api/visits/{second['id']}/crew", json=crew), 409)
    assert told["taken"] == [{"person": None, "asset": field.van.id, "visit": first["id"]}]


@on_one
def test_teams_assets_certificates_and_absences(as_, field, now):
    mei, dora, liu = as_("mei"), as_("dora"), as_("liu")
    team = mei.put("/api/teams/west", json={"name": "西区班", "city": "海州", "base": "HZ-DJ"})
    assert team.json()["base"] == "HZ-DJ"
    assert mei.put("/api/teams/west/members/kai").status_code == 204
    assert [each["login"] for each in dora.get("/api/teams/west").json()["members"]] == ["kai"]
    meter = {"code": "P1", "kind": "instrument", "type": "power_meter", "name": "光功率计"}
    assert post(mei, "assets", **meter, team="west")["city"] == "海州"
    refused(mei.post("/api/assets", json=meter), 409)
    assert wrong_fields(mei.post("/api/assets", json=meter | {"type": "hammer"})) == ["type"]
    due = {"at": now.isoformat(), "due_at": (now + DAY).isoformat()}
    assert post(mei, "assets/P1/calibration", **due)["calibration_due_at"]
    assert mei.patch("/api/assets/P1", json={"state": "in_repair"}).json()["state"] == "in_repair"
    refused(liu.patch("/api/assets/P1", json={"state": "retired"}), 403)
    ends = {"expires_at": (now + DAY).isoformat(), "level": 3}
    assert mei.put("/api/certificates/liu/power", json=ends).json()["is_valid"]
    assert wrong_fields(mei.put("/api/certificates/liu/juggling", json={})) == ["skill"]
    assert [each["skill"] for each in dora.get("/api/certificates?login=liu").json()["items"]] == [
        "power"
    ]
    gone = mei.delete("/api/certificates/liu/power", params={"reason": "吊销"})
    assert not gone.json()["is_valid"]
    away = post(liu, "bookings", person="liu", purpose="absence", **field.times)
    refused(
        liu.post("/api/bookings", json={"person": "kai", "purpose": "absence", **field.times}), 403
    )
    assert len(dora.get("/api/bookings?person=liu").json()["items"]) == 1
    assert liu.delete(f"/api/bookings/{away['id']}").json()["released_at"]


@on_one
def test_an_invitation_goes_out_with_the_mail_is_replaced_and_ends(
    engine, as_, field, monkeypatch, now
):
    monkeypatch.setenv("BATON_SMTP", "smtp://mail.example")
    monkeypatch.setenv("BATON_MAIL_FROM", "接力 <baton@operator.example>")
    mails = []
    monkeypatch.setattr(smtp, "_hand_over", lambda server, mail: mails.append(bytes(mail)))
    dora, times = as_("dora"), _after(field)
    visit = post(dora, "visits", **PLAN, **times)
    place = f"visits/{visit['id']}"
    dora.put(f"/api/{place}/crew", json=CREW)
    post(dora, f"{place}/explanation")
    dora.put(f"/api/{place}/window", json=field.times | {"reason": "改期"})
    post(dora, f"{place}/cancellation", reason="客户撤单")
    with open_session(engine) as session:
        for claimed in claim(session, "smtp", now=now, limit=9):
            assert deliver(claimed) is None
    events = []
    for mail in mails:
        message = message_from_bytes(mail, policy=policy.default)
        [calendar] = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
        told = Calendar.from_ical(calendar.get_content())
        [event] = told.walk("VEVENT")
        assert calendar["Content-Type"].params["method"] == told["METHOD"]
        assert event["ORGANIZER"] == "mailto:baton@operator.example"
        assert event["ATTENDEE"] == "mailto:wang@bank.example"
        events.append((str(told["METHOD"]), event["SEQUENCE"], event.decoded("DTSTART")))
        assert event["UID"] == f"visit-{visit['id']}@operator.example"
        assert "visit.ics" in [part.get_filename() for part in message.iter_attachments()]
    first, second = field.window(5).starts_at, field.window().starts_at
    assert events == [("REQUEST", 1, first), ("REQUEST", 2, second), ("CANCEL", 3, second)]
    file = dora.get(f"/api/{place}/invitation")
    assert file.headers["content-type"].startswith("text/calendar")
    assert Calendar.from_ical(file.content)["METHOD"] == "CANCEL"


def test_time_reminds_of_visits_and_of_what_runs_out(engine, session, as_, field, now):
    dora = as_("dora")
    visit = post(dora, "visits", **PLAN, **_after(field))
    post(dora, f"visits/{visit['id']}/explanation")
    at = now + 2 * DAY
    assert [remind_of_visits(engine, each) for each in (now, at, at)] == [0, 1, 0]
    for day, told in ((0, 1), (0, 1), (4, 1), (11, 1), (30, 0)):
        assert watch_certificates(engine, now + day * DAY) == told
    assert [watch_calibrations(engine, now + n * DAY) for n in (0, 30)] == [1, 1]
    ends = session.exec(
        select(Notice).where(Notice.template == "certificate_ends", Notice.channel == "inbox")
    ).all()
    assert sorted((each.to, each.facts["days"]) for each in ends) == [
        (login, days) for login in ("kai", "mei") for days in (0, 6, 10)
    ]
