"""Inspections of rooms: the diagram walked to every end, checklists, findings, leads, reports."""

from datetime import timedelta
from itertools import chain

import pytest
from sqlmodel import col, select

from bpmn import checks, forms, inspections
from records import Discrepancy, Entry, Lead, Measurement, Notice, Ticket
from records.region.groups import GROUPS
from tasks.access.roles import ROLES
from tasks.inspections import inspection_reports, leads, results
from tasks.refusals import Invalid, NotAllowed
from tasks.services import SERVICES
from tests.asking import post, publish, refused, wrong_fields
from tests.fault_walks import FAULT
from tests.inspection_walks import ENDS, ROOM, ROOM_BLUEPRINT, ROOM_FORMS, Room, filled
from workflows.inspections import open_tickets, tell_overdue


@pytest.fixture(params=["sqlite"])
def engine(request):
    """Runs are proven on both elsewhere."""
    kept = request.getfixturevalue(request.param)
    yield kept.engine.execution_options()
    kept.empty()


@pytest.fixture
def room(session, cast, now):
    publish(session, now, ROOM)
    return Room(session, cast, now)


def test_the_gate_finds_nothing():
    known = checks.Known(services=SERVICES, groups=GROUPS, roles=ROLES)
    assert checks.check(ROOM, known) == []


@pytest.mark.parametrize("form", ROOM_FORMS)
def test_a_form_accepts_its_examples(form):
    for answers in ROOM_FORMS[form].schema["examples"]:
        forms.check_answers(ROOM_FORMS[form], answers)


@pytest.mark.parametrize("field, form, wrong", [
    ("who", "inspection_appointment.json", {"outcome": "agreed"}),
    ("starts_at", "inspection_appointment.json", {"outcome": "moved", "who": "王敏"}),
    ("signed_by", "inspection_signature.json", {"is_signed": True}),
    ("is_read", "inspection_report.json", {"is_read": False, "summary": "好"}),
])  # fmt: skip
def test_a_form_refuses_what_is_missing(field, form, wrong):
    with pytest.raises(Invalid) as refusal:
        forms.check_answers(ROOM_FORMS[form], wrong)
    assert field in {each["field"] for each in refusal.value.facts["fields"]}


def test_every_way_comes_to_its_end_and_by_every_element(session, room):
    for walk, (end, state) in ENDS.items():
        walk(room)
        session.refresh(room.row)
        assert (room.run.status, room.run.end, room.row.state) == ("finished", end, state)
    steps = session.exec(select(Entry).where(col(Entry.subject).startswith("run:")))
    told = chain(*(entry.particulars.get("steps", []) for entry in steps))
    visited = {step["element"] for step in told if step["state"] == "done"}
    assert ROOM_BLUEPRINT.nodes.keys() - visited == set()


def test_what_is_found_becomes_a_ticket_a_discrepancy_and_a_lead(engine, session, cast, now):
    publish(session, now, ROOM, FAULT)
    room = Room(session, cast, now)
    room.begin().do("appoint").arrive()
    needs = [{"what": "年底扩容到 200M", "wanted_by": "2026-12-01"}]
    told = filled(session, room.row, water="no", cpe="HG8245") | {"needs": needs}
    room.do("inspect", "liu", **told).sign()
    graded = {row.item: (row.severity, row.action) for row in room.findings()}
    assert graded == {
        "water": ("urgent", "ticket"),
        "cpe": ("minor", "discrepancy"),
        "need": ("minor", "lead"),
    }
    lead = session.exec(select(Lead)).one()
    assert (lead.what, lead.source) == (needs[0]["what"], f"inspection:{room.row.id}")
    assert session.exec(select(Discrepancy.found)).one() == "HG8245"
    session.commit()
    assert (open_tickets(engine, room.now), open_tickets(engine, room.now)) == (1, 0)
    ticket = session.exec(select(Ticket)).one()
    assert room.findings()[0].outcome == f"ticket:{ticket.id}"
    session.commit()
    late = room.now + timedelta(days=9)
    assert (tell_overdue(engine, late), tell_overdue(engine, late)) == (1, 0)
    told = session.exec(select(Notice).where(Notice.template == "finding_overdue")).all()
    assert {notice.person_id for notice in told} == {room.field.liu.id}


def test_light_is_compared_with_the_first_and_the_last_time(session, room):
    room.begin().do("appoint").arrive().inspect(received_power=-12)
    first = room.row
    room.begin(room.now.replace(day=26)).do("appoint").arrive().inspect(received_power=-16)
    rows = select(Measurement).where(Measurement.item == "received_power")
    was, now_ = session.exec(rows.order_by(col(Measurement.id))).all()
    assert (was.inspection_id, was.verdict, was.last) == (first.id, "good", None)
    assert (now_.verdict, now_.last, now_.recorded) == ("worse", -12, "-12")


def test_all_that_is_missing_or_strange_is_named_and_nothing_is_kept(session, room, now):
    room.begin()
    told = filled(session, room.row)
    told["measured"][0].pop("value")
    told["measured"][1]["said"] = "perhaps"
    told["measured"] += [{"item": "ghost", "said": "yes"}, told["measured"][2]]
    gone = told["measured"].pop(3)
    with pytest.raises(Invalid) as refusal:
        results.check(session, room.row, told)
    fields = [each["field"] for each in refusal.value.facts["fields"]]
    count = len(told["measured"])
    strays = [f"measured.{count - 2}.item", f"measured.{count - 1}.item"]
    assert fields == [*strays, "measured.0.value", "measured.1.said", "measured.said" if "said" in
                      gone else "measured.value"]  # fmt: skip
    with pytest.raises(NotAllowed, match="start the visit first"):
        results.take(session, room.row, filled(session, room.row), by="liu", now=now)
    assert session.exec(select(Measurement)).all() == []


def test_there_is_no_report_without_measurements_and_a_signature(session, room):
    room.begin().do("appoint").arrive()
    with pytest.raises(NotAllowed, match="no report"):
        inspection_reports.report_of(session, room.row)
    room.inspect()
    with pytest.raises(NotAllowed, match="no report"):
        inspection_reports.report_of(session, room.row)
    room.sign().do("report")
    told = inspection_reports.report_of(session, room.row)
    assert len(told["lines"]) == 12 and told["signature"]["signed_by"] == "王敏"
    titles = session.exec(select(Notice.title).where(Notice.template == "inspection_report")).all()
    assert titles and all(room.row.number in title for title in titles)


def test_what_somebody_has_gone_to_is_not_called_off(session, room):
    room.begin().do("appoint").arrive().inspect()
    with pytest.raises(NotAllowed):
        inspections.call_off(session, room.row, reason="x", by="mei", now=room.now)


def test_over_http_from_the_wish_to_the_report(session, room, as_, now):
    mei, liu = as_("mei"), as_("liu")
    by_at = (now + timedelta(days=20)).isoformat()
    wish = {"customer": "C-1", "site": "HZ-CB", "by_at": by_at}
    asked = post(mei, "inspections", **wish)
    assert (asked["kind"], asked["state"]) == ("request", "open")
    refused(mei.post("/api/inspections", json=wish | {"by_at": now.isoformat()}), 422)
    refused(mei.post("/api/inspections", json=wish | {"site": "nowhere"}), 404)
    refused(liu.post("/api/inspections", json=wish), 403)
    session.commit()
    room.begin().do("appoint").arrive()
    place = f"/api/inspections/{room.row.id}"
    lines = mei.get(f"{place}/checklist").json()
    assert len(lines) == 12 and lines[0]["unit"] == "celsius"
    told = filled(session, room.row, earthing=7)["measured"]
    session.commit()
    assert liu.post(f"{place}/check", json={"measured": told}).json()["not_good"] == ["earthing"]
    assert wrong_fields(liu.post(f"{place}/check", json={"measured": told[1:]}))
    refused(mei.get(f"{place}/report"), 409)
    room.inspect(earthing=7).sign(words="谢谢")
    page = mei.get(f"{place}/report", headers={"Accept-Language": "zh"})
    assert "接地电阻" in page.text and "谢谢" in page.text
    paper = mei.get(f"{place}/report?as=pdf", headers={"Accept-Language": "en"})
    assert paper.headers["content-type"] == "application/pdf" and paper.content[:5] == b"%PDF-"
    full = mei.get(place).json()
    assert full["state_zh"] == "客户已签" and len(full["measurements"]) == 12
    found = mei.get("/api/findings?severity=major").json()["items"]
    assert [(each["item"], each["nature_en"]) for each in found] == [("earthing", "danger")]
    day = {"since": now.isoformat(), "until": (now + timedelta(days=9)).isoformat()}
    assert mei.get("/api/inspections/plan", params=day).json()[0]["held"] == 1
    assert mei.get("/api/inspection-needs?state=open").json()["items"][0]["key"] == asked["key"]
    assert len(mei.get("/api/inspections?state=signed").json()["items"]) == 1
    refused(mei.post(f"{place}/cancellation", json={"reason": "x"}), 409)


def test_a_lead_is_taken_and_closed_once(session, room, as_, cast, now):
    told = {"what": "扩容", "source": "inspection:1", "by": "liu", "now": now}
    lead = leads.note(session, room.field.bank.id, **told)
    session.commit()
    mei = as_("mei")
    assert post(mei, f"leads/{lead.id}/acceptance")["owner"] == "mei"
    assert post(mei, f"leads/{lead.id}/closing", is_won=True, note="已签")["state_zh"] == "已成交"
    refused(mei.post(f"/api/leads/{lead.id}/closing", json={"is_won": True, "note": "x"}), 409)
    assert mei.get("/api/leads?state=won").json()["items"][0]["id"] == lead.id
