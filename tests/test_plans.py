"""Plans as records: four required parts, versions that never change, circuits, resources."""

import copy

import orjson
import pytest
from sqlmodel import select

from bpmn import library, plans
from records import PlanResource, PlanVersion, Run, Version
from tasks.plans import cases, plan_checks, resources
from tasks.plans import plans as written
from tasks.refusals import Conflict, Forbidden, Invalid, NotAllowed, NotFound
from tests.asking import post, refused, wrong_fields
from tests.plan_walks import FLOWS, KEYS, Walk, publish_plans, stock

SHIPPED = orjson.loads((plans.SHIPPED / "cable_cut.json").read_bytes())
CONTENT = {key: value for key, value in SHIPPED.items() if key != "owner"}
NODE = {
    "element": "a",
    "title": "定位 / Locate",
    "group": "line",
    "limit": 20,
    "asks": ["evidence", "customer_told"],
}
POWERS = {name: {"zh": name, "en": name} for name in ("command", "speak", "enter")}
WHOLE = {
    "table": "cable_cut_criteria",
    "parties": [
        {"key": "x", "zh": "班组", "en": "x", "group": "line", "duties": ["做"],
         "powers": ["command", "speak"]},
    ],
    "resources": [{"kind": "otdr", "quantity": 1, "place": "city"}],
}  # fmt: skip
AROUND = {
    "nodes": [NODE],
    "modes": {"propose", ""},
    "powers": POWERS,
    "kinds": {"otdr": {"zh": "仪表", "en": "OTDR"}},
    "members": {"line": 2, "empty": 0},
    "stock": {"otdr": 1},
}
LACKS = {  # what is changed in the plan, or around it: the fields that are named
    "criteria": ({"table": ""}, {}, ["criteria"]),
    "table": ({}, {"modes": None}, ["criteria"]),
    "mode": ({}, {"modes": {"perhaps"}}, ["criteria"]),
    "flow": ({}, {"nodes": None}, ["flow"]),
    "key nodes": ({}, {"nodes": []}, ["flow"]),
    "a limit": ({}, {"nodes": [NODE | {"limit": None}]}, ["flow.a"]),
    "a lane": ({}, {"nodes": [NODE | {"group": ""}]}, ["flow.a"]),
    "customer told": ({}, {"nodes": [NODE | {"asks": ["evidence"]}]}, ["flow.a"]),
    "parties": ({"parties": []}, {}, ["parties"]),
    "a party of the node": ({}, {"nodes": [NODE | {"group": "field"}]}, ["parties"]),
    "resources": ({"resources": []}, {}, ["resources"]),
    "stock": ({}, {"stock": {}}, ["resources.0.quantity"]),
}
PARTY_LACKS = {  # what is changed in a party: the field that is named
    "nobody": ({"group": ""}, "parties.0.group"),
    "no such group": ({"group": "moon"}, "parties.0.group"),
    "an empty group": ({"group": "empty"}, "parties.0.group"),
    "a duty": ({"duties": [" "]}, "parties.0.duties"),
    "a power": ({"powers": ["command", "speak", "fly"]}, "parties.0.powers"),
    "a commander": ({"powers": ["speak"]}, "parties"),
}

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def lacks(content, around):
    return [one.path for one in plan_checks.find_wrong(content, plan_checks.Around(**around))]


def test_a_whole_plan_lacks_nothing():
    assert lacks(WHOLE, AROUND) == []


@pytest.mark.parametrize("name", LACKS)
def test_a_plan_that_lacks_a_part_is_told_which(name):
    changes, around, fields = LACKS[name]
    assert lacks(WHOLE | changes, AROUND | around) == fields


@pytest.mark.parametrize("name", PARTY_LACKS)
def test_a_duty_that_is_nobodys_is_told(name):
    changes, field = PARTY_LACKS[name]
    content = copy.deepcopy(WHOLE)
    content["parties"][0] |= changes
    assert field in lacks(content, AROUND)


@on_one
def test_the_shipped_plans_are_whole_once_there_are_people_and_stock(session, cast, now):
    publish_plans(session, now)
    stock(session)
    found = {plan.key: plans.find_wrong(session, plan) for plan in written.published(session)}
    assert found["cable_cut"] == []
    assert {one["field"] for one in found["typhoon_flood"]} == {
        f"resources.{n}.quantity" for n in range(4)
    }


@on_one
def test_a_version_keeps_the_diagrams_that_it_was_published_with(session, cast, now):
    publish_plans(session, now, "cable_cut")
    stock(session)
    plan, first = written.current(session, "cable_cut")
    walk = Walk(session, cast, now).begin(mode="auto")
    bundle = FLOWS["cable_cut"]
    changed = {name: text.replace(b'value="25"', b'value="20"') for name, text in bundle.items()}
    library.publish(session, changed, by="owen", now=now)
    assert plans.is_diagram_newer(session, first)
    second = plans.publish(session, plan, reason="定位提前", by=cast["mei"], now=now)
    limits = [{n["element"]: n["limit"] for n in v.nodes}["cut_locate"] for v in (first, second)]
    assert (limits, first.version_id != second.version_id) == ([25, 20], True)
    assert session.get_one(Run, walk.plan_run.run_id).version_id == first.version_id
    current = library.current(session, "emergency_plan")
    assert session.get_one(Version, current.version_id).number == 1


@on_one
def test_the_same_once_more_is_the_same_version(session, cast, now):
    publish_plans(session, now, "cable_cut")
    stock(session)
    plan = written.find(session, "cable_cut")
    plans.publish(session, plan, reason="一样", by=cast["mei"], now=now)
    assert plans.publish_shipped(session, now) == 0  # the others lack their diagrams
    assert [row.number for row in session.exec(select(PlanVersion))] == [1]


@on_one
def test_a_plan_is_written_published_and_withdrawn(session, cast, now):
    publish_plans(session, now, "cable_cut")
    stock(session)
    plan = written.write(session, "mine", {"title": "我的"}, by=cast["mei"], now=now)
    with pytest.raises(Invalid) as refusal:
        plans.publish(session, plan, reason="试", by=cast["mei"], now=now)
    fields = {each["field"] for each in refusal.value.facts["fields"]}
    assert fields == {"criteria", "flow", "parties", "resources"}
    written.change(session, plan, CONTENT, by=cast["mei"], now=now)
    assert plans.publish(session, plan, reason="试", by=cast["mei"], now=now).number == 1
    with pytest.raises(Forbidden):
        plans.publish(session, plan, reason="试", by=cast["ada"], now=now)
    written.withdraw(session, plan, reason="不用了", by=cast["mei"], now=now)
    with pytest.raises(NotAllowed):
        written.current(session, "mine")
    with pytest.raises(NotFound):
        written.current(session, "yours")


@on_one
@pytest.mark.parametrize("text", ["<script>x</script>", "<img src=x onerror=y>", "a\u202eb"])
def test_scripts_and_html_are_refused_everywhere(session, cast, now, text):
    by = {"by": cast["mei"], "now": now}
    party = {**CONTENT["parties"][0], "duties": [text]}
    for told in ({"title": text}, {"title": "好", "parties": [party]}):
        with pytest.raises(Invalid):
            written.write(session, "mine", told, **by)
    told = {"name": text, "place": "库", "quantity": 1, "keeper": "liu"}
    with pytest.raises(Invalid):
        resources.add(session, "GEN-1", "generator", told, **by)


@on_one
def test_a_table_says_which_row_fired(session, cast, now):
    publish_plans(session, now)
    _, version = written.current(session, "cable_cut")
    made = plans.decide(session, version, cases.fill({"impact": "outage", "circuits": 12}))
    assert (made["rows"], made["result"]) == ([2], {"mode": "propose", "level": "city"})
    _, flood = written.current(session, "typhoon_flood")
    red = plans.decide(session, flood, cases.fill({"warning": "red"}))
    assert red["result"] == {"mode": "auto", "level": "group"}
    with pytest.raises(Invalid):
        cases.fill({"circuits": "many"})


def test_plans_over_http(as_, session, cast, now):
    publish_plans(session, now)
    stock(session)
    mei, ada = as_("mei"), as_("ada")
    keys = [one["key"] for one in ada.get("/api/plans").json()["items"]]
    assert keys == sorted(KEYS)
    shown = ada.get("/api/plans/cable_cut").json()
    assert (shown["version"], shown["lacks"], shown["nodes"][0]["limit"]) == (1, [], 15)
    case = {"case": {"impact": "outage", "aaa": 3}}
    assert post(ada, "plans/cable_cut/matching", **case)["rows"] == [3]
    refused(ada.post("/api/plans", json={"key": "x1", "title": "x"}), 403)
    made = post(mei, "plans", key="mine", title="我的")
    assert {one["field"] for one in made["lacks"]} == {"criteria", "flow", "parties", "resources"}
    lacking = mei.post("/api/plans/mine/publication", json={"reason": "试"})
    assert set(wrong_fields(lacking)) == {"criteria", "flow", "parties", "resources"}
    assert mei.patch("/api/plans/mine", json=CONTENT).json()["lacks"] == []
    assert post(mei, "plans/mine/publication", reason="试")["version"] == 1
    assert mei.patch("/api/plans/mine", json={"title": "新"}).json()["draft"] == {"title": "新"}
    assert post(mei, "plans/mine/review", note="无需改")["review_at"]
    place = "/api/plans/customer_recovery/circuits/HD-DIA-1"
    assert mei.put(place, json={"note": "4G 备用"}).json()["note"] == "4G 备用"
    linked = mei.get("/api/plans/customer_recovery/circuits").json()["items"]
    assert [one["circuit"] for one in linked] == ["HD-DIA-1"]
    assert mei.delete(place).status_code == 204
    refused(mei.delete(place), 404)
    assert post(mei, "plans/mine/withdrawal", reason="x")["state"] == "withdrawn"
    assert len(mei.get("/api/plans/mine/versions").json()["items"]) == 1


def test_resources_over_http(as_, session, cast, now):
    mei, liu, ada = as_("mei"), as_("liu"), as_("ada")
    told = {
        "code": "GEN-1",
        "kind": "generator",
        "name": "油机",
        "place": "东街库",
        "keeper": "liu",
    }
    assert post(mei, "plan-resources", **told, quantity=2, city="海州")["free"] == 2
    refused(mei.post("/api/plan-resources", json=told | {"quantity": 1}), 409)
    unknown = {**told, "code": "G2", "kind": "boat", "quantity": 1}
    assert wrong_fields(mei.post("/api/plan-resources", json=unknown)) == ["kind"]
    nobody = {**told, "code": "G2", "keeper": "ghost", "quantity": 1}
    refused(mei.post("/api/plan-resources", json=nobody), 404)
    check = {"quantity": 1, "is_ready": True, "note": "一台送修"}
    refused(ada.post("/api/plan-resources/GEN-1/checks", json=check), 403)
    assert post(liu, "plan-resources/GEN-1/checks", **check)["quantity"] == 1
    place = "/api/plan-resources/GEN-1"
    assert mei.patch(place, json={"keeper": "nora"}).json()["keeper"] == "nora"
    assert mei.get("/api/plan-resources?kind=generator").json()["items"][0]["state"] == "ready"
    assert wrong_fields(mei.patch(place, json={"place": ""})) == ["place"]
    refused(mei.get("/api/plan-resources/none"), 404)
    with pytest.raises(Conflict):
        resources.add(
            session, "GEN-1", "generator", {"name": "x", "place": "y", "keeper": "liu"},
            by=cast["mei"], now=now,
        )  # fmt: skip
    assert session.exec(select(PlanResource.quantity)).one() == 1
