"""Inspections of rooms: the diagram walked to every end, checklists, findings, leads, reports."""

from itertools import chain

import pytest
from sqlmodel import col, select

from bpmn import checks, forms, inspections
from records import Discrepancy, Entry, Lead, Measurement, Notice, Ticket
from records.region.groups import GROUPS
from tasks.access.roles import ROLES
from tasks.inspections import inspection_reports, results
from tasks.refusals import Invalid, NotAllowed
from tasks.services import SERVICES
from tests.asking import publish
from tests.fault_walks import FAULT
from tests.inspection_walks import ENDS, ROOM, ROOM_BLUEPRINT, ROOM_FORMS, Room, filled
from workflows.inspections import open_tickets


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


def test_what_is_found_becomes_a_ticket_a_discrepancy_and_a_lead(engine, session, room, cast, now):
    publish(session, now, FAULT)
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
