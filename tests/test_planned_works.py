"""Planned works: what they explain is kept and not acted on; what still stands at the end is."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from records import Alarm, Circuit, Entry, Hop, PlannedWork, Section, Site
from tasks.network import alarm_holds, alarms, planned_works
from tasks.network.alarms import Report
from tasks.refusals import Forbidden, Invalid, NotAllowed
from tests.asking import post, publish_fault, refused, wrong_fields
from workflows.alarms import open_tickets
from workflows.planned_works import turn_windows

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def plan(session, cast, now):
    """Work from now on for two hours, on HZ-1 where nothing else is said."""

    def plan(by="dora", **told):
        listed = {} if told.keys() & {"sites", "sections", "circuits"} else {"devices": ["HZ-1"]}
        times = {"starts_at": now, "ends_at": now + 2 * HOUR}
        told = {"title": "割接", "reason": "抢修", **listed, **times, **told}
        work = planned_works.create(session, told, by=cast[by], now=now)
        session.commit()
        return work

    return plan


@pytest.fixture
def tell(session, cast, now):
    def tell(minutes, object="HZ-1/GE1", **changed):
        at = now + minutes * MINUTE
        alarms.receive(session, [Report("ems", object, "linkDown", at, **changed)], now=at)
        session.commit()
        rows = select(Alarm).order_by(Alarm.id).execution_options(populate_existing=True)
        last = session.exec(rows).all()[-1]
        session.commit()
        return last

    return tell


@pytest.fixture
def turn(engine, session):
    """What the timed work does to windows then; how many it opened or ended."""

    def turn(at):
        session.commit()
        done = turn_windows(engine, at)
        session.expire_all()
        return done

    return turn


@pytest.fixture
def acted(session, now):
    """Objects of the alarms that are acted on so many minutes later; the others are held back."""

    def acted(minutes):
        at = now + minutes * MINUTE
        left = alarm_holds.hold_back(session, alarms.due(session, now=at), now=at)
        found = sorted(session.get_one(Alarm, key).object for key in left)
        session.commit()
        session.expire_all()
        return found

    return acted


def test_what_stands_at_the_end_of_the_window_is_acted_on_then(
    session, turn, plan, tell, acted, now
):
    work, clear, stands, other = plan(), tell(1, "HZ-1/1"), tell(1, "HZ-1/2"), tell(1, "HZ-2/1")
    assert acted(2) == ["HZ-2/1"]
    assert (clear.planned_work_id, stands.act_at, other.planned_work_id) == (work.id, None, None)
    tell(3, "HZ-1/1", is_clear=True)
    assert turn(now) == 1 and turn(now + 2 * HOUR) == 1
    session.expire_all()
    assert (work.state, work.shielded, work.woken) == ("over", 2, 1)
    assert (stands.planned_work_id, stands.act_at) == (None, now + 2 * HOUR)
    assert (clear.planned_work_id, clear.act_at) == (work.id, None)
    session.commit()
    verbs = select(Entry.verb).where(Entry.subject == f"planned work:{work.id}").order_by(Entry.id)
    assert session.exec(verbs).all() == ["planned", "opened", "over"]


def test_the_timed_work_acts_on_what_is_not_held_back(engine, session, plan, tell, now):
    publish_fault(session, now)
    plan()
    tell(1, "HZ-1/1"), tell(1, "HZ-2/1")
    late = now + 10 * MINUTE
    while open_tickets(engine, late):
        pass
    rows = session.exec(
        select(Alarm).order_by(col(Alarm.id)).execution_options(populate_existing=True)
    ).all()
    assert [bool(row.planned_work_id) for row in rows] == [True, False]
    assert [row.group_id is None for row in rows] == [True, False]


def test_a_window_holds_from_its_beginning_until_its_end_whenever_it_is_turned(plan, tell, acted):
    plan()
    tell(1, "HZ-1/1")
    assert acted(2) == []  # nothing has opened it yet
    tell(119.9, "HZ-1/2")
    assert acted(121) == ["HZ-1/2"]  # nothing has ended it yet
    tell(122, "HZ-1/3")
    assert acted(123) == ["HZ-1/2", "HZ-1/3"]


def test_a_repeat_or_a_worse_one_does_not_wake_what_is_shielded(plan, tell, acted):
    plan()
    tell(1)
    assert acted(2) == []
    assert tell(3, severity="critical").act_at is None
    assert acted(100) == []


@pytest.mark.parametrize("first, second", [(1, 3), (3, 1)])
def test_of_windows_that_overlap_the_last_to_end_counts(
    turn, plan, tell, acted, now, first, second
):
    for hours in (first, second):
        plan(ends_at=now + hours * HOUR)
    tell(1)
    assert acted(2) == []
    turn(now)
    turn(now + HOUR)
    assert acted(61) == []
    turn(now + 3 * HOUR)
    assert acted(181) == ["HZ-1/GE1"]


def test_what_flaps_in_a_window_is_acted_on_after_it(turn, plan, tell, acted, now):
    plan()
    for n in range(12):
        row = tell(n / 2, is_clear=n % 2 == 1)
    assert (acted(7), row.is_flapping) == ([], True)
    turn(now)
    turn(now + 2 * HOUR)
    assert acted(121) == ["HZ-1/GE1"]


def test_a_window_that_passed_while_nothing_ran_is_over(session, turn, plan, now):
    work = plan()
    assert [turn(now + 3 * HOUR), turn(now + 3 * HOUR)] == [1, 0]
    session.expire_all()
    assert (work.state, work.woken) == ("over", 0)


def test_a_change_while_it_is_open_wakes_what_it_explains_no_more(
    session, turn, plan, tell, acted, cast, now
):
    work = plan(devices=["HZ-1", "HZ-2"])
    turn(now)
    tell(1, "HZ-1/1"), tell(1, "HZ-2/1")
    assert acted(2) == []
    told = {"devices": ["HZ-1"], "ends_at": now + HOUR}
    planned_works.change(session, work, told, by=cast["dora"], now=now + 3 * MINUTE)
    session.commit()
    assert acted(3) == ["HZ-2/1"]
    assert work.shielded == 1
    session.commit()
    assert turn(now + HOUR) == 1
    assert acted(61) == ["HZ-1/1", "HZ-2/1"]
    with pytest.raises(NotAllowed):
        planned_works.change(session, work, told, by=cast["dora"], now=now + HOUR)


def test_a_cancellation_while_it_is_open_wakes_all(session, turn, plan, tell, acted, cast, now):
    work = plan()
    turn(now)
    tell(1)
    assert acted(2) == []
    told = {"by": cast["nora"], "now": now + 3 * MINUTE}
    with pytest.raises(Invalid):
        planned_works.cancel(session, work, reason=" ", **told)
    planned_works.cancel(session, work, reason="取消", **told)
    assert acted(4) == ["HZ-1/GE1"] and work.woken == 1
    with pytest.raises(NotAllowed):
        planned_works.cancel(session, work, reason="取消", **told)


@pytest.mark.parametrize(
    "listed, held",
    [
        ({"sites": ["HZ-DJ"]}, {"HZ-1/GE1", "HZ-1", "HZ-2/GE2"}),
        ({"devices": ["HZ-1/GE1"]}, {"HZ-1/GE1", "HZ-2/GE2"}),
        ({"sections": ["S-1"]}, {"HZ-1/GE1", "HZ-2/GE2"}),
        ({"circuits": ["HD-DIA-1"]}, {"HZ-1/GE1", "HZ-2/GE2", "HD-DIA-1"}),
        ({"devices": ["HZ-2/GE9"]}, set()),
    ],
    ids=lambda told: "" if isinstance(told, set) else str(told),  # a set has no order
)
def test_work_explains_what_it_lists_and_the_ways_that_lead_through_it(
    session, plan, tell, acted, listed, held
):
    """HD-DIA-1 leads by HZ-1/GE1 over the section S-1 to HZ-2/GE2."""
    section = Section(code="S-1", from_site_id=1, to_site_id=2)
    session.add(section)
    session.flush()
    for hop, port, on in zip(
        session.exec(select(Hop).order_by(col(Hop.id))).all(),
        ("GE1", "GE2"),
        (1, None),
        strict=True,
    ):
        hop.port, hop.section_id = port, on and section.id
    plan(**listed)
    told = {"HZ-1/GE1", "HZ-1", "HZ-2/GE2", "HZ-2/GE3", "HZ-2", "HD-DIA-1", "nowhere/1"}
    for object in told:
        tell(1, object)
    assert set(acted(2)) == told - held


def test_work_on_one_way_does_not_explain_the_other(session, plan, tell, acted):
    circuit, hops = (
        session.exec(select(Circuit)).one(),
        session.exec(select(Hop).order_by(col(Hop.id))).all(),
    )
    hops[0].port = "GE1"
    session.add(Hop(circuit_id=circuit.id, route="backup", seq=1, device_id=2, port="GE7"))
    plan(devices=["HZ-1"])
    tell(1, "HZ-2/GE7")
    assert acted(2) == ["HZ-2/GE7"]


def test_one_way_through_the_work_darkens_a_port_and_only_all_of_them_a_whole_device(
    session, plan, tell, acted
):
    first, site = session.exec(select(Circuit)).one(), session.exec(select(Site)).first()
    more = first.model_dump(exclude={"id", "code"})
    session.add(Circuit(code="HD-DIA-2", **more))
    session.flush()
    site.kind = "customer"
    for hop in session.exec(select(Hop).order_by(col(Hop.id))).all():
        hop.port = "GE1"
    other = session.exec(select(Circuit.id).where(Circuit.code == "HD-DIA-2")).one()
    session.add(Hop(circuit_id=other, seq=1, device_id=1, port="GE1"))
    plan(circuits=["HD-DIA-1"])
    for object in ("HZ-1/GE1", "HZ-1"):
        tell(1, object)
    assert acted(2) == ["HZ-1"]


def test_work_that_is_planned_wrongly_is_refused_by_its_field(session, plan, now):
    for field, wrong in [
        ("title", {"title": " "}),
        ("reason", {"reason": ""}),  # it begins at once
        ("ends_at", {"ends_at": now - HOUR}),
        ("ends_at", {"ends_at": now + 25 * HOUR}),
        ("starts_at", {"starts_at": now - HOUR}),
        ("sites", {"devices": []}),
        ("devices.1", {"devices": ["HZ-1", "HZ-9/1"]}),
        ("devices", {"devices": ["HZ-1"] * 1_001}),
    ]:
        with pytest.raises(Invalid) as refusal:
            plan(**wrong)
        assert [each["field"] for each in refusal.value.facts["fields"]] == [field]
    assert session.exec(select(PlannedWork)).all() == []


def test_only_who_may_plans_work(plan):
    with pytest.raises(Forbidden):
        plan(by="liu")


def test_planned_works_over_http(as_, now):
    dora = as_("dora")
    told = {"title": "扩容", "sites": ["HZ-DJ"], "starts_at": (now + 80 * HOUR).isoformat()}
    told["ends_at"] = (now + 84 * HOUR).isoformat()
    made = post(dora, "planned-works", **told)
    assert (made["state"], made["is_emergency"], made["created_by"]) == ("planned", False, "dora")
    place = f"/api/planned-works/{made['id']}"
    changed = dora.patch(place, json={"starts_at": now.isoformat(), "ends_at": made["starts_at"]})
    assert wrong_fields(changed) == ["reason", "ends_at"]
    assert dora.patch(place, json={"title": "割接"}).json()["title"] == "割接"
    assert len(as_("ada").get("/api/planned-works?state=planned").json()["items"]) == 1
    assert dora.get("/api/planned-works?state=open").json()["items"] == []
    refused(as_("ada").post(f"{place}/cancellation", json={"reason": "x"}), 403)
    assert (
        post(dora, f"planned-works/{made['id']}/cancellation", reason="x")["state"] == "cancelled"
    )
    refused(dora.post(f"{place}/cancellation", json={"reason": "x"}), 409)
    refused(dora.get("/api/planned-works/99"), 404)
