"""Customers' archives: counted, confirmed, kept; consent; readiness; what should be replaced."""

from datetime import timedelta

import pytest
from sqlmodel import select

from records import (
    ArchiveSection,
    Audit,
    Circuit,
    Customer,
    Device,
    Discrepancy,
    Readiness,
    Replacement,
)
from tasks import policies
from tasks.archive import archives, consents, discrepancies, readiness
from tasks.policy_checks import check_alone
from tasks.refusals import NotAllowed
from tests.asking import post, refused, wrong_fields
from workflows.archives import count_archives, count_readiness, rank_replacements

DAY = timedelta(days=1)
SIGNED = {"scope": "run_analysis", "given_by": "王敏", "given_at": "2026-03-01T00:00:00Z"}


def section(told, name):
    return next(each for each in told["sections"] if each["section"] == name)


def test_a_night_counts_every_archive_once_and_then_only_what_changed(engine, session, cast, now):
    assert count_archives(engine, now) == 6
    assert count_archives(engine, now) == 0
    session.exec(select(Customer)).one().industry = "finance"
    session.commit()
    assert count_archives(engine, now) == 1


def test_what_is_missing_is_named_in_both_languages(as_):
    told = as_("mei").get("/api/archives/1").json()
    business, topology = section(told, "business"), section(told, "topology")
    assert business["completeness"] == 62  # no account manager, no industry
    assert business["missing_zh"] == ["客户经理", "所属行业"]
    assert topology["missing_en"] == ["where both ends are", "ports"]
    assert section(told, "contacts")["completeness"] == 62  # one of three, and no duty
    assert section(told, "history")["due_at"] is None


def test_a_confirmed_section_is_due_again_as_its_grade_says(session, as_, clock):
    mei, place = as_("mei"), "/api/archives?section=contacts&due_before=2026-05-30T00:00:00Z"
    told = post(mei, "archives/1/confirmations", sections=["contacts"], note="电话核对")
    due = section(told, "contacts")
    assert (due["confirmed_by"], due["due_at"][:10], due["is_stale"]) == (
        "mei",
        "2026-05-10",
        False,
    )
    assert [each["section"] for each in mei.get(place).json()["items"]] == ["contacts"]
    refused(as_("liu").post("/api/archives/1/confirmations", json={"sections": ["contacts"]}), 403)
    clock.now += 61 * DAY
    row = session.exec(select(ArchiveSection).where(ArchiveSection.section == "contacts")).one()
    assert row.due_at < clock.now


def test_what_is_kept_by_hand_completes_a_section(as_):
    mei, place = as_("mei"), "/api/archives/1/sections/plans"
    assert section(mei.get("/api/archives/1").json(), "plans")["completeness"] == 0
    facts = {"plan": "HD-AAA-01", "drilled": "2026-01-15"}
    assert mei.put(place, json={"facts": facts}).json()["completeness"] == 100
    assert mei.put(place, json={"facts": {"plan": None}}).json()["missing"] == ["kept"]
    assert wrong_fields(mei.put(place, json={"facts": {"colour": "red"}})) == ["colour"]


def test_only_a_consent_that_counts_now_lets_work_begin(session, as_, now):
    mei = as_("mei")
    with pytest.raises(NotAllowed):
        consents.require_consent(session, 1, "run_analysis", now=now)
    session.rollback()
    given = SIGNED | {"expires_at": "2027-03-01T00:00:00Z"}
    told = post(mei, "archives/1/consents", **given)
    assert told["is_valid"]
    assert section(mei.get("/api/archives/1").json(), "consent")["completeness"] == 100
    assert consents.require_consent(session, 1, "run_analysis", now=now).given_by == "王敏"
    assert consents.find_valid(session, 1, "run_analysis", now=now + 400 * DAY) is None
    session.rollback()
    withdrawn = post(mei, f"archives/consents/{told['id']}/withdrawal", reason="客户来函")
    assert not withdrawn["is_valid"]


@pytest.mark.parametrize(
    "change, field",
    [({"scope": "all"}, "scope"), ({"expires_at": "2036-01-01T00:00:00Z"}, "expires_at"),
     ({"given_at": "2026-04-01T00:00:00Z"}, "given_at")],
)  # fmt: skip
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_consent_that_cannot_be_is_refused(as_, change, field):
    given = SIGNED | {"expires_at": "2027-03-01T00:00:00Z"} | change
    assert wrong_fields(as_("mei").post("/api/archives/1/consents", json=given)) == [field]


def test_readiness_is_reach_times_accuracy_times_linkage(engine, session, cast, now):
    circuit = session.exec(select(Circuit)).one()
    circuit.manageability = "partial"
    told = {"kind": "wrong_value", "source": "ticket:1", "by": "liu", "now": now}
    discrepancies.raise_one(session, object="HZ-1", field="serial", **told)  # a device on its way
    audited = {"circuit_id": circuit.id, "customer_id": circuit.customer_id, "risk": 1.0}
    session.add(
        Audit(
            period="2026-02",
            state="done",
            checked=10,
            wrong=1,
            drawn_at=now,
            done_at=now,
            **audited,
        )
    )
    session.commit()
    assert (count_readiness(engine, now), count_readiness(engine, now)) == (1, 0)
    row = session.exec(select(Readiness)).one()
    # One of three records stands open: a circuit and two hops. Nobody manages the account.
    assert (row.reach, row.accuracy, row.linkage) == (0.5, 0.6, 0.75)
    assert (row.score, row.audited) == (0.225, 1)
    session.exec(select(Discrepancy)).one().settled_at = now
    session.commit()
    assert readiness.look(session, 1, now=now).accuracy == 0.9


def test_gear_nobody_sees_is_ranked_by_whom_it_carries(engine, session, as_, now):
    devices = session.exec(select(Device).order_by(Device.id)).all()
    devices[0].manageability = "none"
    session.commit()
    assert rank_replacements(engine, now) == 1
    mei = as_("mei")
    [told] = mei.get("/api/archives/replacements?state=open").json()["items"]
    assert (told["device"], told["score"], told["key_customers"]) == ("HZ-1", 50, 1)
    place, plan = (
        f"/api/archives/replacements/{told['id']}/decision",
        {"state": "planned", "note": "MSAP"},
    )
    assert wrong_fields(mei.put(place, json=plan)) == ["planned_for"]
    assert mei.put(place, json=plan | {"planned_for": "2026-09-01T00:00:00Z"}).is_success
    rank_replacements(engine, now)
    assert session.exec(select(Replacement.state)).one() == "planned"  # what was decided stays
    devices[0].manageability = "full"
    session.add(devices[0])
    session.commit()
    rank_replacements(engine, now)
    assert session.exec(select(Replacement.state)).one() == "done"


@pytest.mark.parametrize("part, value", [("work", {}), ("scopes", {"x": {}}), ("colour", {"a": 1})])
def test_a_policy_of_archives_that_would_not_work_is_refused(part, value):
    assert check_alone("archives", {**policies.shipped("archives"), part: value})


def test_customers_with_due_sections_come_best_grade_first(engine, session, cast, now):
    session.add(Customer(code="C-9", name="海州医院", grade="AA"))
    session.add(Customer(code="C-8", name="小店", grade="std"))
    session.commit()
    count_archives(engine, now)
    grades = [
        session.get_one(Customer, id).grade
        for id in archives.due_customers(session, now=now, limit=9)
    ]
    assert grades == ["AAA", "AA"]
