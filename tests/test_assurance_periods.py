"""Assurance periods and cutovers: walked to every end; freezes, shields, bad input, over HTTP."""

from datetime import timedelta
from itertools import chain

import pytest
from sqlmodel import col, select

from bpmn import checks, forms
from records import Cutover, Entry, Group, Membership, Notice, PlannedWork
from records.region.groups import GROUPS
from tasks.access.roles import ROLES
from tasks.inspections import assurance_periods as periods
from tasks.refusals import Conflict, Invalid
from tasks.services import SERVICES
from tests.asking import post, publish, refused, wrong_fields
from tests.period_walks import (
    CUTOVER,
    CUTOVER_ENDS,
    DAY,
    PERIOD,
    PERIOD_ENDS,
    Cut,
    Period,
    cut_over,
    moved_and_called_off,
    watched_to_its_end,
)


@pytest.fixture(params=["sqlite"])
def engine(request):
    """Runs are proven on both elsewhere."""
    kept = request.getfixturevalue(request.param)
    yield kept.engine.execution_options()
    kept.empty()


@pytest.fixture
def given(engine, session, cast, now):
    publish(session, now, PERIOD.files, CUTOVER.files)
    keys = {"liu": "nsm", "gwen": "duty"}
    groups = {row.key: row.id for row in session.exec(select(Group))}
    for login, key in keys.items():
        session.add(Membership(person_id=cast[login].id, group_id=groups[key]))
    session.commit()
    return engine, session, cast, now


def visited(session):
    steps = session.exec(select(Entry).where(col(Entry.subject).startswith("run:")))
    told = chain(*(entry.particulars.get("steps", []) for entry in steps))
    return {step["element"] for step in told if step["state"] == "done"}


@pytest.mark.parametrize("diagram", [PERIOD, CUTOVER], ids=["assurance_period", "cutover"])
def test_the_gate_finds_nothing_and_forms_accept_their_examples(diagram):
    known = checks.Known(services=SERVICES, groups=GROUPS, roles=ROLES)
    assert checks.check(diagram.files, known) == []
    for form in diagram.forms.values():
        for answers in form.schema["examples"]:
            forms.check_answers(form, answers)


def test_every_way_of_a_period_comes_to_its_end(given, session):
    for walk, end in PERIOD_ENDS.items():
        one = Period(*given)
        walk(one)
        assert (one.run.status, one.run.end, one.row.state) == ("finished", end, end)
    assert PERIOD.blueprint.nodes.keys() - visited(session) == set()


def test_every_way_of_a_cutover_comes_to_its_end(given, session):
    for walk, end in CUTOVER_ENDS.items():
        one = Cut(*given)
        walk(one)
        session.refresh(one.row)
        assert (one.run.status, one.run.end, one.row.state) == ("finished", end, end)
        session.commit()
    frozen_between(Cut(*given))
    assert CUTOVER.blueprint.nodes.keys() - visited(session) == set()


def frozen_between(one):
    """A period that is planned after the approval sends it back."""
    one.begin().do("approve", "mei")
    told = {"name": "临时重保", "level": "A", "starts_at": one.row.starts_at - DAY}
    told["ends_at"] = one.row.ends_at + DAY
    periods.create(one.session, told, [1], by=one.cast["mei"], now=one.now)
    one.wait(one.row.starts_at - timedelta(hours=1))
    assert one.do("plan_again", "nora", starts_at=told["starts_at"].isoformat(),
                  ends_at=one.row.ends_at.isoformat()).run.status == "open"  # fmt: skip


def test_a_period_freezes_the_cutovers_of_its_customers(given, session, cast, now):
    Period(*given).begin(starts_at=now + 20 * DAY, ends_at=now + 30 * DAY)
    with pytest.raises(Conflict, match="Frozen by the assurance period 年终决算"):
        Cut(*given).begin()
    session.rollback()
    assert session.exec(select(Cutover)).all() == []


def test_a_window_shields_and_its_end_ends_it(given, session):
    one = Cut(*given)
    cut_over(one)
    session.refresh(one.row)
    work = session.get_one(PlannedWork, one.row.planned_work_id)
    assert work.devices == one.row.devices and work.state == "cancelled"
    told = session.exec(select(Notice.title).where(Notice.template == "cutover_announced")).all()
    assert told and all(one.row.number in title for title in told)
    assert one.row.after["change"] == {"HZ-1/1": 0.0} and one.row.before["alarms"] == []


def test_a_period_keeps_its_notes(given, session):
    one = Period(*given)
    watched_to_its_end(one)
    session.refresh(one.row)
    assert len(one.row.notes) == 2 and one.row.approved_by == "gwen"


@pytest.mark.parametrize("field, more", [
    ("starts_at", {"starts_at": -1}),
    ("ends_at", {"ends_at": 90}),
    ("ends_at", {"ends_at": 20}),
    ("level", {"level": "Z"}),
    ("name", {"name": " "}),
])  # fmt: skip
def test_a_period_that_cannot_be_is_refused(given, session, now, field, more):
    more = {key: now + n * DAY if isinstance(n, int) else n for key, n in more.items()}
    with pytest.raises(Invalid) as refusal:
        Period(*given).begin(**more)
    assert refusal.value.facts["fields"][0]["field"] == field


@pytest.mark.parametrize("field, more", [
    ("way_back", {"way_back": ""}),
    ("sites", {"devices": []}),
    ("devices.0", {"devices": ["ghost"]}),
    ("starts_at", {"starts_at": timedelta(days=-1)}),
    ("starts_at", {"starts_at": timedelta(days=2)}),  # AAA wants to know five days before
    ("ends_at", {"ends_at": timedelta(days=1)}),
])  # fmt: skip
def test_a_cutover_that_cannot_be_is_refused(given, now, field, more):
    more = {key: now + n if isinstance(n, timedelta) else n for key, n in more.items()}
    with pytest.raises(Invalid) as refusal:
        Cut(*given).begin(**more)
    assert refusal.value.facts["fields"][0]["field"] == field


def test_both_over_http(given, session, as_, now):
    mei, nora = as_("mei"), as_("nora")
    span = {"starts_at": (now + 20 * DAY).isoformat(), "ends_at": (now + 30 * DAY).isoformat()}
    told = {"name": "两会", "level": "B", **span}
    made = post(mei, "assurance-periods", **told, customers=["C-1"])
    place = f"/api/assurance-periods/{made['id']}"
    assert (made["customers"], made["state_zh"]) == (1, "准备中")
    assert wrong_fields(mei.post("/api/assurance-periods", json=told)) == ["customers"]
    ghost = told | {"customers": ["ghost"]}
    assert wrong_fields(mei.post("/api/assurance-periods", json=ghost)) == ["customers.0"]
    assert mei.get(f"{place}/customers").json()["items"][0]["code"] == "C-1"
    work = {"title": "割接", "way_back": "恢复", "devices": ["HZ-1"], **span}
    assert "两会" in refused(nora.post("/api/cutovers", json=work), 409)["detail"]
    past = {"starts_at": (now - DAY).isoformat(), "ends_at": span["ends_at"], "reason": "x"}
    assert wrong_fields(mei.put(f"{place}/dates", json=past)) == ["starts_at"]
    later = {"starts_at": (now + 50 * DAY).isoformat(), "ends_at": (now + 51 * DAY).isoformat()}
    moved = mei.put(f"{place}/dates", json=later | {"reason": "改期"}).json()
    assert moved["starts_at"][:10] == later["starts_at"][:10]
    asked = post(nora, "cutovers", **work)
    assert asked["affected_customers"] == 1 and asked["affected"]["circuits"] == ["HD-DIA-1"]
    gone = post(nora, f"cutovers/{asked['id']}/cancellation", reason="不做了")
    assert gone["state"] == "cancelled"
    refused(nora.post(f"/api/cutovers/{asked['id']}/cancellation", json={"reason": "x"}), 409)
    assert post(mei, f"assurance-periods/{made['id']}/cancellation", reason="x")["state_en"]
    assert len(mei.get("/api/cutovers?state=cancelled").json()["items"]) == 1
    assert len(mei.get("/api/assurance-periods?level=B").json()["items"]) == 1


def test_what_was_moved_is_not_asked_to_be_planned_again(given, session):
    one = Period(*given)
    moved_and_called_off(one)
    drafted = select(Entry).where(Entry.verb == "drafted")
    assert len(session.exec(drafted).all()) == 1
