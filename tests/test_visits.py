"""Visits: one for all that is to be done at an end; a second one with a reason and an approval."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from records import Booking, Entry, Notice, VisitJob
from records.database import open_session
from records.history import breaks
from tasks.field import certificates, crew_cards, visit_figures, visit_sheets, visits
from tasks.field.visit_crews import Crew, assign
from tasks.field.visit_jobs import Job
from tasks.refusals import Conflict, Forbidden, Invalid, NotAllowed, NotFound
from tests.field import CPE, DAY, TEST, Field

# What is SQL of its own is asked of both databases; rules need but one.
on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def field(session, cast, now):
    return Field(session, cast, now)


def told(session, template):
    rows = select(Notice).where(Notice.template == template).order_by(Notice.id)
    return session.exec(rows).all()


def fields(refusal):
    assert all(each["zh"] and each["en"] for each in refusal.value.facts["fields"])
    return [each["field"] for each in refusal.value.facts["fields"]]


def test_jobs_of_one_end_make_one_visit(session, field):
    visit = field.plan(CPE)
    assert field.plan(TEST, CPE, by="nora", days=5).id == visit.id  # the same order: the same visit
    assert field.plan(Job("inspection:2", "inspection"), days=3).id == visit.id
    jobs = visits.jobs_of(session, visit)
    assert [job.kind for job in jobs] == ["cpe", "test", "inspection"]
    assert jobs[0].title == "安装客户端设备 / Install the CPE" and jobs[0].skills == ["router"]
    assert (visit.state, visit.ordinal) == ("planned", 1)


def test_two_that_plan_for_one_end_at_once_make_one_visit(engine, session, field, now):
    def plan(n):
        with open_session(engine) as own:
            told = {"site_id": field.site.id, "customer_id": field.bank.id, "by": "dora"}
            told |= {"window": field.window(), "now": now}
            return visits.plan(own, jobs=[Job(f"order:{n}", "cpe", minutes=20)], **told).id

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(plan, range(6)))) == 1
    assert len(session.exec(select(VisitJob)).all()) == 6


@on_one
def test_what_is_far_off_or_urgent_is_a_visit_of_its_own(session, field):
    first = field.plan(CPE, days=2)
    assert field.plan(Job("inspection:2", "inspection"), days=30).id != first.id
    repair = field.plan(Job("ticket:3", "repair"), days=0)
    assert repair.id != first.id and not repair.is_explained


@on_one
def test_more_to_do_takes_longer(session, field):
    visit = field.plan(CPE)
    field.plan(Job("order:5", "cabling"), Job("order:5", "splicing"))
    assert visit.ends_at - visit.starts_at == timedelta(minutes=195)
    with pytest.raises(Invalid, match="12 hours at most"):
        field.plan(Job("order:6", "survey", minutes=720))


def test_a_second_visit_needs_a_reason_and_somebody_elses_approval(session, field, cast, now):
    field.made(days=1)
    with pytest.raises(Invalid) as refusal:
        field.plan(TEST, days=4)
    assert fields(refusal) == ["reason"]
    again = field.plan(TEST, days=4, reason="端到端测试不通过")
    assert (again.state, again.ordinal) == ("to_approve", 2)
    with pytest.raises(NotAllowed):
        field.send(again)
    for login, refused in (("dora", NotAllowed), ("liu", Forbidden)):
        with pytest.raises(refused):
            visits.approve(session, again, by=cast[login], now=now)
    visits.approve(session, again, by=cast["nora"], now=now)
    field.send(again)
    assert again.state == "crewed"
    assert field.plan(Job("order:9", "cpe"), days=40).ordinal == 1  # for another order


@on_one
def test_a_third_visit_is_for_the_manager_to_approve_or_refuse(session, field, cast, now):
    for days in (1, 2):
        visit = field.plan(TEST, days=days, reason="x")
        if visit.state == "to_approve":
            visits.approve(session, visit, by=cast["nora"], now=now)
        field.send(visit)
        field.go(visit)
        field.done(visit)
    third = field.plan(TEST, days=3, reason="x")
    with pytest.raises(Forbidden):
        visits.approve(session, third, by=cast["nora"], now=now)
    visits.refuse(session, third, reason="先查清原因", by=cast["mei"], now=now)
    assert third.state == "cancelled" and visits.jobs_of(session, third) == []


WRONG = [
    ({"jobs": ()}, "jobs"),
    ({"jobs": (Job("order:5", "dance"),)}, "jobs.0.kind"),
    ({"jobs": (Job("order", "cpe"),)}, "jobs.0.subject"),
    ({"jobs": (Job("order:5", "cpe", skills=("juggling",)),)}, "jobs.0.skills"),
    ({"jobs": (Job("order:5", "cpe", skills=("router:9",)),)}, "jobs.0.skills"),
    ({"jobs": (Job("order:5", "cpe", tools=("hammer",)),)}, "jobs.0.tools"),
    ({"jobs": (Job("order:5", "cpe", minutes=0),)}, "jobs.0.minutes"),
    ({"jobs": (Job("order:5", "cpe", minutes=200),)}, "ends_at"),  # three hours are not enough
    ({"days": -3}, "ends_at"),
    ({"days": 200}, "starts_at"),
]


@on_one
def test_a_plan_that_cannot_be_is_refused_at_its_place(session, field, now):
    for given, path in WRONG:
        told = {"site_id": field.site.id, "customer_id": None, "by": "dora", "now": now}
        told |= {"jobs": given.get("jobs", (CPE,)), "window": field.window(given.get("days", 1))}
        with pytest.raises(Invalid) as refusal:
            visits.plan(session, **told)
        assert fields(refusal) == [path]
    for nowhere in ({"site_id": 99}, {"customer_id": 99}):
        with pytest.raises(NotFound):
            field.plan(**nowhere)
    assert session.exec(select(VisitJob)).all() == []


def test_a_crew_is_booked_with_its_way_there(session, field):
    visit = field.crewed()
    rows = session.exec(select(Booking).order_by(Booking.id)).all()
    assert [row.role for row in rows] == ["lead", "vehicle", "instrument"]
    assert (
        visit.travel_minutes == 23
    )  # 5.6 km through the air, 7.5 by road at 35 km/h, 10 to get ready
    assert rows[0].starts_at == visit.starts_at - timedelta(minutes=23)
    other = field.plan(Job("order:8", "cpe"), customer_id=None)
    with pytest.raises(Conflict, match=f"visit {visit.id}"):
        field.send(other)


@on_one
def test_a_crew_that_may_not_or_lacks_something_is_refused_with_a_sentence(session, field, now):
    climb = field.plan(Job("order:5", "cpe", skills=("climbing:2",)), TEST)
    late = field.plan(Job("order:7", "cpe", skills=("climbing",)), days=16)
    field.tester.calibration_due_at = now + DAY / 2
    scope = field.asset("T2", "instrument", "ethernet_tester", state="in_repair")
    fresh = field.asset("T3", "instrument", "ethernet_tester", calibration_due_at=now + 99 * DAY)
    never = field.asset("T4", "instrument", "ethernet_tester")
    session.flush()
    cases = [
        (climb, {"people": [field.liu]}, "people", "has no Work at height at level 2"),
        (late, {"people": [field.kai]}, "people", "expires on 03-21"),
        (climb, {"instruments": [field.tester]}, "instruments", "calibration of T1 ends on 03-11"),
        (climb, {"instruments": [scope]}, "instruments", "T2 is in repair"),
        (climb, {"instruments": [never]}, "instruments", "never calibrated"),
        (climb, {"instruments": []}, "instruments", "no visit without it"),
        (climb, {"people": [field.kai, field.kai]}, "people", "each person once"),
        (climb, {"people": []}, "people", "1 people at least"),
    ]
    for visit, given, path, sentence in cases:
        crew = {"people": [field.kai], "vehicle": field.van, "instruments": [fresh]} | given
        with pytest.raises(Invalid, match=sentence) as refusal:
            assign(session, visit, Crew(**crew), by="dora", now=now)
        assert path in fields(refusal)
    field.send(climb, field.kai, instruments=[fresh])


@on_one
def test_what_ran_out_or_broke_since_keeps_the_visit_from_starting(session, field, cast, now):
    visit = field.crewed(Job("order:5", "cpe"), TEST)
    field.tester.state = "in_repair"
    with pytest.raises(Invalid, match="in repair") as refusal:
        field.go(visit)
    assert fields(refusal) == ["instruments"]
    field.tester.state = "in_service"
    climb = field.plan(Job("order:8", "cpe", skills=("climbing",)), customer_id=None, days=3)
    field.send(climb, field.kai, vehicle=None, instruments=[])
    reason = {"reason": "体检不合格", "by": cast["mei"], "now": now}
    certificates.withdraw(session, field.kai, "climbing", **reason)
    with pytest.raises(Invalid, match="has no Work at height"):
        field.go(climb)


@on_one
def test_a_visit_starts_with_the_customers_word_and_ends_with_results(session, field, now):
    visit = field.crewed()
    with pytest.raises(Invalid) as refusal:
        visits.start(session, visit, by="liu", now=visit.starts_at)
    assert fields(refusal) == ["unexplained"]
    field.go(visit)
    cpe, test = visits.jobs_of(session, visit)
    done = {"is_done": True}
    for results, path in (
        ({cpe.id: done}, f"results.{test.id}.is_done"),
        ({cpe.id: done, test.id: done}, f"results.{test.id}.measured"),
        ({cpe.id: {"is_done": False}, test.id: done}, f"results.{cpe.id}.reason"),
        ({99: done}, "results.99"),
    ):
        with pytest.raises(Invalid) as refusal:
            visits.finish(session, visit, results, by="liu", now=now + DAY)
        assert fields(refusal) == [path]
    over = visit.starts_at + timedelta(hours=1)
    field.done(visit, over)
    assert (visit.state, cpe.state) == ("finished", "done")
    other = field.plan(Job("order:8", "cpe"), customer_id=None)
    other.starts_at = over + timedelta(minutes=23)
    field.send(other)  # the crew is free since then
    session.commit()
    assert list(breaks(session)) == []


@on_one
def test_a_visit_that_is_moved_keeps_its_crew_where_they_are_free(session, field, now):
    visit, busy = field.crewed(), field.plan(Job("order:8", "cpe"), customer_id=None, days=2)
    field.send(busy, field.liu, vehicle=None, instruments=[])
    told = {"reason": "客户改期", "by": "dora", "now": now}
    assert visits.move(session, visit, field.window(4), **told)
    assert visit.state == "crewed" and visit.sequence == 2
    assert not visits.move(session, visit, field.window(2), **told)
    assert visit.state == "planned"
    session.commit()
    why = session.exec(select(Entry).where(Entry.verb == "released")).one().particulars["reason"]
    assert f"已安排上门 {busy.id}" in why
    with pytest.raises(Invalid):
        visits.move(session, visit, field.window(-3), **told)


@on_one
def test_what_is_not_wanted_any_more_frees_the_crew(session, field, now):
    visit = field.crewed(CPE, Job("audit:2", "audit"))
    told = {"reason": "客户撤单", "by": "system", "now": now}
    assert visits.drop(session, "order:5", **told) == [visit]
    assert [job.kind for job in visits.jobs_of(session, visit)] == ["audit"]
    visits.drop(session, "audit:2", **told)
    assert visit.state == "cancelled" and not visits.bookings.of_visit(session, visit)
    field.crewed(days=1)


@on_one
def test_the_customer_is_told_reminded_and_called(session, field, cast, now):
    visit = field.crewed(days=10)
    with pytest.raises(NotAllowed, match="No explanation sheet"):
        visit_sheets.confirm(session, visit, who="王敏", by="dora", now=now)
    assert visit_sheets.explain(session, visit, by="dora", now=now) == 1
    assert visit.sheet["crew"] == ["Liu"] and len(visit.sheet["prepare"]) == 4
    due = []
    while visit.remind_at:
        due.append(visit.remind_at)
        assert visit_sheets.due(session, now=visit.remind_at) == [visit.id]
        assert visit_sheets.remind(session, visit, now=visit.remind_at)
    assert due == [now + 2 * DAY, now + 4 * DAY, now + 9 * DAY]
    titles = [notice.title for notice in told(session, "visit_explained")]
    assert [title[:5] for title in titles] == ["上门说明:", "请确认上门", "请确认上门"]
    assert {notice.to for notice in told(session, "visit_unconfirmed")} == {"dora"}
    visit_sheets.confirm(session, visit, who="王敏", by="dora", now=now)
    visits.move(session, visit, field.window(11), reason="客户改期", by="dora", now=now)
    assert visit.confirmed_at is None and visit.remind_at  # another time: another word
    assert told(session, "visit_explained")[-1].title.startswith("上门安排有变")


@on_one
def test_a_sheet_that_nobody_would_get_is_refused_unless_they_were_called(session, field, now):
    visit = field.plan(customer_id=None)
    with pytest.raises(NotAllowed, match="by_phone"):
        visit_sheets.explain(session, visit, by="dora", now=now)
    assert visit_sheets.explain(session, visit, by="dora", now=now, by_phone=True) == 0


def test_the_next_crew_sees_who_was_there_and_did_what(session, field):
    field.made(TEST, results={"note": "尾纤已换"})
    again = field.plan(Job("ticket:4", "repair"), days=5)
    [before] = crew_cards.card_of(session, again).before
    assert before.people == ["Liu"] and before.jobs[0]["result"]["note"] == "尾纤已换"


def test_visits_are_counted_and_what_was_explained_before(session, field, cast, now):
    visit = field.crewed()
    visit_sheets.explain(session, visit, by="dora", now=now)
    visit_sheets.confirm(session, visit, who="王敏", by="dora", now=now)
    field.go(visit)
    field.done(visit)
    second = field.plan(TEST, days=3, reason="不通")
    visits.approve(session, second, by=cast["nora"], now=now)
    field.send(second)
    field.go(second)
    field.done(second)
    found = visit_figures.count_visits(session, "order", now, now + 30 * DAY)
    assert (found.visits, found.subjects, found.visits_per_subject) == (2, 1, 2.0)
    assert (found.wanted_sheet, found.explained_share, found.again) == (2, 0.5, 1)
    assert visit_figures.count_visits(session, "ticket", now, now + 30 * DAY).visits == 0
