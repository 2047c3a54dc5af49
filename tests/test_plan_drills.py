"""Drills: in virtual time, with nothing that leaves the house, beside what really was."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bpmn import plan_drills
from records import Notice, Plan, PlanResource, PlanRun, PointsEntry, Reservation
from tasks.refusals import Forbidden, NotFound
from tests.asking import post, refused
from tests.plan_walks import CUT_FIRST, CUT_LAST, KEYS, Walk, publish_plans, stock
from workflows.plans import watch_plans, watch_resources

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
WHY = {"reason": "春季演练", "city": "海州"}


@on_one
def test_any_plan_runs_in_rehearsal_and_tells_nobody(session, cast, now):
    publish_plans(session, now)
    stock(session)
    for key in KEYS:
        case = {"case": {"warning": "red"}} if key == "typhoon_flood" else {}
        run = plan_drills.rehearse(session, key, by=cast["owen"], now=now, **WHY, **case)
        session.commit()
        assert (run.state, run.is_drill, run.title[:4]) == ("closed", True, "【演练】")
        assert run.score["in_time"]["ratio"] == 1.0, key
    assert session.exec(select(Notice)).all() == []
    assert all(row.is_drill for row in session.exec(select(Reservation)))
    assert all(plan.drilled_at for plan in session.exec(select(Plan)))


@on_one
def test_a_drill_takes_as_long_as_it_really_took_and_is_compared(session, cast, now):
    publish_plans(session, now, "cable_cut")
    stock(session)
    walk = Walk(session, cast, now).begin(mode="auto").later(70)  # the permits took 70 minutes
    walk.do(*CUT_FIRST).later(30).do("cut_splice", "cut_test", *CUT_LAST).finish()
    told = {"by": cast["mei"], "now": walk.now + timedelta(days=1)}
    drill = plan_drills.rehearse(session, "cable_cut", **told, **WHY)
    session.commit()
    compared = {one["element"]: one for one in drill.review["comparison"]["nodes"]}
    assert compared["cut_permits"] == {
        "element": "cut_permits", "title": "开挖许可与交管 / Digging permits", "limit": 60,
        "this": 70.0, "drills": None, "real": 70.0,
    }  # fmt: skip
    assert drill.late == ["cut_tell", "cut_locate", "cut_switch", "cut_crews", "cut_permits"]
    assert drill.review["comparison"]["runs"]["real"]["count"] == 1


@on_one
def test_a_live_drill_is_done_by_people_and_holds_nothing(as_, session, cast, now):
    publish_plans(session, now, "cable_cut")
    stock(session)
    mei, ada = as_("mei"), as_("ada")
    live = post(mei, "plan-drills", plan="cable_cut", is_live=True, **WHY)
    [order] = live["work_orders"]
    post(mei, f"work-orders/{order['id']}/acceptance")
    post(mei, f"work-orders/{order['id']}/completion", answers={"is_confirmed": True})
    assert mei.get("/api/plan-resources/otdr").json()["free"] == 2
    again = {"plan": "cable_cut", **WHY}
    assert refused(mei.post("/api/plan-drills", json=again), 409)["en"].startswith("This plan is")
    refused(ada.post("/api/plan-drills", json=again), 403)
    post(mei, f"plan-runs/{live['id']}/calling-off", reason="改期")
    drill = post(mei, "plan-drills", **again)
    assert (drill["state"], drill["review"]["comparison"]["runs"]["drills"]) == (
        "closed", {"count": 0},
    )  # fmt: skip
    assert session.exec(select(Notice)).all() == []
    [shown] = ada.get("/api/plan-runs?is_drill=true&state=closed").json()["items"]
    assert shown["id"] == drill["id"]


@on_one
def test_a_drill_beside_a_real_run_disturbs_nothing(session, cast, now):
    publish_plans(session, now, "cable_cut")
    stock(session)
    walk = Walk(session, cast, now).begin(mode="auto")
    drill = plan_drills.rehearse(session, "cable_cut", by=cast["mei"], now=now, **WHY)
    session.commit()
    assert (drill.state, walk.kept().plan_run.state) == ("closed", "active")
    rows = session.exec(select(Reservation)).all()
    assert [row.is_drill for row in rows if row.released_at is None] == [False] * 5
    with pytest.raises(Forbidden):
        plan_drills.rehearse(session, "cable_cut", by=cast["liu"], now=now, **WHY)
    with pytest.raises(NotFound):
        plan_drills.rehearse(session, "moonlight", by=cast["mei"], now=now, **WHY)
    assert len(session.exec(select(PlanRun)).all()) == 2


@on_one
def test_who_comes_to_a_live_drill_earns_points(session, cast, now):
    publish_plans(session, now, "cable_cut")
    walk = Walk(session, cast, now).begin(mode="auto", is_drill=True)
    walk.say("acknowledge", answer="到", by="liu").do(
        *CUT_FIRST, "cut_splice", "cut_test", *CUT_LAST
    )
    walk.finish()
    [entry] = session.exec(select(PointsEntry))
    assert (entry.kind, entry.person_id, entry.points) == ("drill_done", cast["liu"].id, 5)


@on_one
def test_reviews_drills_and_resources_that_are_due_are_told(engine, session, cast, now):
    publish_plans(session, now, "cable_cut")
    stock(session)
    row = session.exec(select(PlanResource).where(PlanResource.code == "otdr")).one()
    row.check_at = now + timedelta(days=10)
    session.commit()
    soon = now + timedelta(days=170)
    assert (watch_plans(engine, soon), watch_resources(engine, soon)) == (1, 1)
    assert (watch_plans(engine, soon), watch_resources(engine, soon)) == (0, 0)
    told = session.exec(select(Notice.person_id, Notice.template, Notice.subject)).all()
    assert sorted(set(told)) == sorted([
        (cast["mei"].id, "plan_due", "plan:cable_cut"),
        (cast["liu"].id, "plan_due", "plan resource:otdr"),
    ])  # fmt: skip
    session.refresh(row)
    assert (row.state, row.check_at) == ("not_ready", soon + timedelta(days=7))
