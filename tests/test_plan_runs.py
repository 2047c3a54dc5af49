"""Plans that run: every shipped one walked to every end, called out, reserved, judged."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from sqlmodel import select

from bpmn import checks, plan_runs
from records import Entry, Notice, PlanResource, PlanRun, Reservation
from records.database import open_session
from records.region.groups import GROUPS
from tasks.access.roles import ROLES
from tasks.faults import intake
from tasks.plans import reservations
from tasks.refusals import Conflict, Forbidden, Invalid, NotAllowed
from tasks.services import SERVICES
from tests.asking import post, refused, wrong_fields
from tests.plan_walks import (
    CUT_FIRST,
    CUT_LAST,
    FLOWS,
    KEYS,
    PLAN_ENDS,
    RUNNER,
    RUNNER_BLUEPRINT,
    Walk,
    publish_plans,
    stock,
)
from workflows.plans import watch_runs

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def published(session, cast, now):
    publish_plans(session, now)
    return session


@pytest.fixture
def walk(session, cast, now):
    """A cable is cut, and its plan is asked for; the stock is there."""
    publish_plans(session, now, "cable_cut")
    stock(session)
    return Walk(session, cast, now)


@on_one
def test_every_way_of_every_plan_comes_to_its_end(published, cast, now):
    visited = set()
    nodes = set(RUNNER_BLUEPRINT.nodes)
    for way, (key, state) in PLAN_ENDS.items():
        one = Walk(published, cast, now, key)
        way(one)
        assert (one.run.status, one.plan_run.state, one.orders()) == ("finished", state, {}), way
        assert state in one.run.end
        visited |= one.visited()
        nodes |= one.blueprint.nodes.keys()
    assert nodes - visited == {"resource_there", "note_arrival", "arrived"}


@on_one
def test_what_arrives_is_noted(walk):
    walk.begin(mode="auto")
    row = walk.session.exec(select(Reservation).order_by(Reservation.id)).first()
    walk.later(12).say("arrive", row.id).say("arrive", row.id)
    walk.session.refresh(row)
    assert row.arrived_at == walk.now and walk.verbs().count("resource arrived") == 1
    assert {"resource_there", "note_arrival", "arrived"} <= walk.visited()


@pytest.mark.parametrize("bundle", [RUNNER, *FLOWS.values()], ids=["runner", *KEYS])
def test_the_gate_finds_nothing(bundle):
    known = checks.Known(services=SERVICES, groups=GROUPS, roles=ROLES)
    assert checks.check(bundle, known) == []


def test_who_is_called_answers_and_takes_command(walk):
    walk.begin(mode="auto").later(3)
    called = {call.party for call in walk.calls()}
    assert called == {"commander", "communications", "dispatch", "line", "transport", "field",
                      "province"}  # fmt: skip
    walk.say("acknowledge", answer="在路上")
    assert (walk.plan_run.commander, walk.calls()[0].acked_at) == ("mei", walk.now)
    with pytest.raises(Forbidden):
        walk.say("acknowledge", answer="来了", by="owen")
    told = walk.session.exec(select(Notice.template).where(Notice.person_id == walk.cast["mei"].id))
    assert set(told) == {"plan_called"}


def test_nobody_gets_what_another_plan_has(walk):
    walk.begin(mode="auto")
    other = walk.again().begin(mode="auto", subject="case:2")
    otdr = walk.session.exec(select(PlanResource).where(PlanResource.code == "otdr")).one()
    reserve = partial(reservations.reserve, walk.session, other.plan_run, otdr, 1, now=other.now)
    with pytest.raises(Conflict, match="reserved for"):
        reserve(by=walk.cast["mei"])
    with pytest.raises(Forbidden):
        reserve(by=walk.cast["ada"])
    [entry] = [e for e in other.entries(f"plan run:{other.plan_run.id}") if e.verb == "reserved"]
    short = {each["kind"] for each in entry.particulars["short"]}
    assert short == {"otdr", "splicer", "cable", "joint", "repair_van"}
    walk.say("abort", reason="误报")
    assert reserve(by=walk.cast["mei"]).quantity == 1


def test_two_who_ask_at_once_are_one_with_a_trace(engine, session, cast, now):
    publish_plans(session, now, "cable_cut")
    ticket = intake.open_ticket(session, source="alarm", started_at=now, by="alarms", now=now)
    subject, barrier = f"ticket:{ticket.id}", Barrier(2)
    session.commit()

    def ask(login):
        barrier.wait(timeout=10)
        with open_session(engine) as own:
            given = {"subject": subject, "reason": f"{login}来报"}
            return plan_runs.activate(own, "cable_cut", **given, by=cast[login], now=now)[1]

    with ThreadPoolExecutor() as pool:
        assert sorted(pool.map(ask, ("ada", "dora"))) == [False, True]
    [run] = session.exec(select(PlanRun)).all()
    entries = session.exec(select(Entry).where(Entry.subject == f"plan run:{run.id}"))
    reasons = {e.verb: e.particulars.get("reason") for e in entries}
    assert run.merged == 1
    assert {reasons["proposed"], reasons["asked for again"]} == {"ada来报", "dora来报"}


@on_one
def test_what_the_plan_wants_is_told_once_it_is_late(engine, walk):
    walk.begin(mode="auto").later(31)
    for _ in range(2):  # the second time there is nothing to say
        watch_runs(engine, walk.now)
    walk.session.refresh(walk.plan_run)
    verbs = walk.verbs()
    assert verbs.count("note missed") == 1
    assert walk.plan_run.late == ["cut_tell", "cut_locate"]
    assert verbs.count("nobody answered") == 7
    assert walk.plan_run.act_at > walk.now
    walk.note()
    assert walk.plan_run.note_at == walk.now + timedelta(minutes=30)


@on_one
def test_a_run_is_judged_by_more_than_restoration(walk):
    walk.begin(mode="auto").later(10).do("cut_tell").later(10).note()
    walk.do("cut_locate", "cut_switch", customer_told=True).later(20)
    walk.do("cut_permits", "cut_crews", customer_told=False)
    walk.later(60).do("cut_splice").do("cut_test", *CUT_LAST, customer_told=False).finish()
    score = walk.plan_run.score
    assert score["in_time"] == {"done": 10, "of": 10, "ratio": 1.0}
    assert score["informed"] == {"told": 3, "of": 5, "time": 0.5, "ratio": 0.55}
    assert (score["restored"]["minutes"], score["total"]) == (100, 82.0)


@on_one
def test_what_is_said_at_a_wrong_time_is_refused(walk):
    walk.begin()
    with pytest.raises(NotAllowed):
        walk.note()
    with pytest.raises(NotAllowed):
        walk.say("escalate", level="province", reason="x")
    walk.do("confirm")
    with pytest.raises(Invalid):
        walk.say("escalate", level="city", reason="x")
    with pytest.raises(Invalid):
        walk.note("<script>alert(1)</script>")
    walk.say("escalate", level="group", reason="跨省")
    for text in ("<script>x</script>", "好 <img src=x>", "</b>"):
        with pytest.raises(Invalid) as refusal:
            walk.do("cut_tell", evidence=text)
        walk.session.rollback()
        assert refusal.value.facts["fields"][0]["field"] == "evidence"
    walk.do("cut_tell", evidence="光功率 <10 dBm").do(*CUT_FIRST[1:])
    walk.do("cut_splice", "cut_test", *CUT_LAST).do("assess")
    with pytest.raises(NotAllowed):
        walk.say("abort", reason="太晚")


def test_a_run_over_http(as_, session, cast, now, clock):
    publish_plans(session, now, "cable_cut")
    stock(session)
    ada, mei, liu = as_("ada"), as_("mei"), as_("liu")
    asked = {
        "plan": "cable_cut",
        "reason": "多条中断",
        "case": {"impact": "outage", "circuits": 12},
    }
    run = post(ada, "plan-runs", **asked, city="海州")
    place = f"plan-runs/{run['id']}"
    assert (run["state"], run["fired"][0]["rows"], run["level"]) == ("proposed", [2], "city")
    assert post(mei, "plan-runs", **asked, city="海州")["merged"] == 1
    refused(liu.post("/api/plan-runs", json=asked), 403)
    refused(ada.post("/api/plan-runs", json=asked | {"subject": "ticket:99"}), 404)
    assert wrong_fields(ada.post("/api/plan-runs", json=asked | {"subject": "moon:1"})) == [
        "subject"
    ]
    [order] = run["work_orders"]
    post(mei, f"work-orders/{order['id']}/acceptance")
    post(mei, f"work-orders/{order['id']}/completion", answers={"is_confirmed": True})
    shown = ada.get(f"/api/{place}").json()
    assert (shown["state"], shown["commander"], len(shown["work_orders"])) == ("active", "mei", 5)
    assert len(shown["reservations"]) == 5 and shown["bridge"] == f"PLAN-{run['id']}"
    arrived = f"{place}/reservations/{shown['reservations'][0]['id']}/arrival"
    assert post(liu, arrived)["reservations"][0]["arrived_at"]
    assert post(liu, f"{place}/acknowledgement", answer="十分钟到")["calls"]
    assert post(liu, f"{place}/notes", text="断点已定位", customer_told=True)["customer_told"]
    assert len(ada.get(f"/api/{place}/notes").json()["items"]) == 1
    refused(liu.post(f"/api/{place}/escalation", json={"level": "group", "reason": "x"}), 403)
    assert post(mei, f"{place}/escalation", level="group", reason="跨省")["level"] == "group"
    taken = mei.post(f"/api/{place}/reservations", json={"resource": "otdr", "quantity": 1})
    assert refused(taken, 409)["en"].startswith("0 of otdr")
    assert post(mei, f"{place}/calling-off", reason="误报")["state"] == "aborted"
    refused(mei.post(f"/api/{place}/calling-off", json={"reason": "x"}), 409)
    verbs = [one["verb"] for one in ada.get(f"/api/{place}/timeline").json()["items"]]
    assert verbs[0] == "proposed" and verbs[-1] == "called off"
    assert ada.get(f"/api/{place}/comparison").json()["runs"]["real"] == {"count": 0}
    assert [one["id"] for one in ada.get("/api/plan-runs?state=aborted").json()["items"]] == [1]
