"""When rooms are inspected: needs, days, crews; two planners side by side; a year in small."""

from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from records import (
    AssurancePeriod,
    AssuredCustomer,
    Booking,
    Circuit,
    Customer,
    Inspection,
    InspectionNeed,
    Visit,
)
from tasks import policies
from tasks.inspections import needs, planner, rooms
from tasks.inspections.periods import DAY, period_at
from tasks.inspections.rooms import Cycle
from tasks.refusals import Invalid
from tests.asking import publish
from tests.inspection_walks import ROOM, Room
from workflows.inspections import plan

MONTHLY = Cycle(1, 3)


@pytest.fixture
def room(session, cast, now):
    publish(session, now, ROOM)
    return Room(session, cast, now)


def planned(session):
    session.expire_all()
    mine = select(Inspection).where(Inspection.state != "cancelled")
    rows = session.exec(mine.order_by(col(Inspection.id))).all()
    session.commit()  # nothing waits for us
    return rows


def states(session):
    session.expire_all()
    rows = session.exec(select(InspectionNeed).order_by(InspectionNeed.key)).all()
    session.commit()
    return {row.key: row.state for row in rows}


def test_a_bank_of_grade_aaa_is_inspected_each_month_on_working_days(engine, session, room, now):
    assert plan(engine, now) > 0 and plan(engine, now) == 0
    march, april = planned(session)
    assert [row.kind for row in (march, april)] == ["periodic"] * 2
    assert (march.starts_at.month, april.starts_at.month) == (3, 4)
    assert all(row.starts_at.weekday() < 5 for row in (march, april))
    assert set(states(session).values()) == {"planned"}


def test_what_is_near_gets_a_visit_with_a_crew_and_a_run(engine, session, room, now):
    plan(engine, now)
    first = planned(session)[0]
    near = first.starts_at - 5 * DAY
    plan(engine, near)
    session.expire_all()
    visit = session.get_one(Visit, first.visit_id)
    assert (first.state, visit.state, visit.starts_at) == ("sent", "crewed", first.starts_at)
    booked = session.exec(select(Booking.person_id).where(Booking.visit_id == visit.id)).all()
    assert room.field.liu.id in booked and first.run_id


def test_an_opening_is_put_on_the_inspection_that_is_planned_anyway(engine, session, room, now):
    plan(engine, now)
    session.exec(select(Circuit)).one().opened_at = now
    session.commit()
    plan(engine, now + timedelta(hours=1))
    assert len(planned(session)) == 2
    opening = next(key for key in states(session) if key.startswith("opening"))
    assert states(session)[opening] == "planned"


def test_an_assurance_period_that_moves_takes_its_inspection_along(engine, session, room, now):
    session.exec(select(Customer)).one().grade = "std"
    told = {"name": "两会", "level": "A", "created_by": "mei", "created_at": now}
    period = AssurancePeriod(**told, starts_at=now + 30 * DAY, ends_at=now + 40 * DAY)
    session.add(period)
    session.flush()
    session.add(AssuredCustomer(period_id=period.id, customer_id=room.field.bank.id))
    session.commit()
    plan(engine, now)
    [was] = planned(session)
    assert was.kind == "assurance" and now + 16 * DAY <= was.starts_at <= now + 27 * DAY
    session.get_one(AssurancePeriod, period.id).starts_at += 40 * DAY
    session.commit()
    plan(engine, now)
    [is_] = planned(session)
    assert is_.id != was.id and now + 56 * DAY <= is_.starts_at <= now + 67 * DAY
    session.get_one(AssurancePeriod, period.id).state = "cancelled"
    session.commit()
    plan(engine, now)
    assert planned(session) == [] and set(states(session).values()) == {"dropped"}


def test_a_grade_that_falls_calls_off_what_nobody_went_to(engine, session, room, now):
    plan(engine, now)
    session.exec(select(Customer)).one().grade = "std"
    session.commit()
    plan(engine, now)
    assert planned(session) == []


def test_a_lead_who_is_away_makes_it_another_time(engine, session, room, cast, now):
    plan(engine, now)
    first = planned(session)[1]
    away = {"starts_at": first.starts_at - DAY, "ends_at": first.ends_at + DAY}
    told = {"purpose": "absence", "booked_by": "liu", "booked_at": now}
    session.add(Booking(person_id=room.field.liu.id, **away, **told))
    session.commit()
    near = first.starts_at - 9 * DAY
    for _ in range(2):
        plan(engine, near)
    again = planned(session)[-1]
    assert not away["starts_at"] <= again.starts_at <= away["ends_at"]
    assert "planned" in states(session).values() and "open" not in states(session).values()


def test_two_planners_side_by_side_plan_once(engine, session, room, now):
    both = [Thread(target=plan, args=(engine, now)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    plan(engine, now)
    assert len(planned(session)) == 2


def test_a_need_that_nobody_could_meet_is_said_to_be_missed(engine, session, room, now):
    room.field.liu.skills = []
    session.commit()
    plan(engine, now)
    assert set(states(session).values()) == {"open"}
    plan(engine, now + 30 * DAY)
    assert "missed" in states(session).values()


def test_asked_for_twice_it_is_one_and_never_tomorrow(session, room, cast, now):
    told = {"by_at": now + 20 * DAY, "by": cast["mei"], "now": now}
    asked = [needs.ask(session, room.field.bank, room.field.site.id, **told) for _ in range(2)]
    assert asked[0].id == asked[1].id
    with pytest.raises(Invalid, match="At the earliest in 3 days"):
        needs.ask(session, room.field.bank, room.field.site.id, **told | {"by_at": now + DAY})


def test_quarters_begin_when_they_begin_there(now):
    begins, ends = period_at(now, 3)
    assert (begins.isoformat(), ends.month) == ("2026-01-01T00:00:00+08:00", 4)


def test_rooms_that_were_chosen_stay_chosen_until_the_next_period():
    made = [rooms.Room(1, site, "AAA", False, circuits, False) for site, circuits in
            ((1, 9), (2, 5), (3, 4), (4, 1))]  # fmt: skip
    first = rooms.pick(made, lambda room: MONTHLY, {})
    assert [room.site_id for room, _ in first] == [1, 2, 3]
    kept = rooms.pick(made, lambda room: MONTHLY, {(1, 4): "here"})
    assert [room.site_id for room, _ in kept] == [4, 1, 2]


def test_holidays_and_make_up_workdays_count(session, now):
    days = planner.Days(needs.calendar_of(session), ["09:00"])
    begins = now.replace(month=2, day=13)
    found = [day[0][0].day for day in days.within(begins, begins + 12 * DAY, 90)]
    assert found == [14, 24]  # the Spring Festival of 2026 is over on the 23rd


@pytest.mark.parametrize("key, path, value, en", [
    ("checklists", "items.temperature.unit", "fahrenheit", "No “fahrenheit”"),
    ("checklists", "items.temperature.good", [27, 18], "two numbers"),
    ("checklists", "rooms.cabinet.items", ["ghost"], "No “ghost”"),
    ("inspections", "planning.slots", ["25:00"], "times"),
    ("inspections", "assurance.levels", {}, "at least one"),
    ("inspections", "planning.opening_grades", ["AAAA"], "Grades"),
])  # fmt: skip
def test_a_policy_that_would_not_work_is_not_published(session, key, path, value, en):
    content = dict(policies.shipped(key))
    *ways, last = path.split(".")
    place = content
    for way in ways:
        place[way] = dict(place[way])
        place = place[way]
    place[last] = value
    found = policies.find_wrong(session, key, content)
    assert any(each.path.startswith(path) and en in each.en for each in found)


def test_the_database_refuses_two_inspections_of_one_lead_at_one_time(session, room, now):
    room.begin()
    copy = "INSERT INTO inspection (customer_id, site_id, kind, room, state, from_at, by_at,"
    copy += " starts_at, ends_at, lead_id, crew, planned_by, planned_at, inspected_by, remarks,"
    copy += " signature, closing, revision) SELECT customer_id, site_id, kind, room, state,"
    copy += " from_at, by_at, starts_at, ends_at, lead_id, crew, planned_by, planned_at,"
    copy += " inspected_by, remarks, signature, closing, revision FROM inspection"
    with pytest.raises(Exception, match=r"ix_inspection_slot|inspection\.lead_id"):
        session.execute(text(copy))
