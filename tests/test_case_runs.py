"""The two ways of a case, walked to every end through every element; who is asked, and answers."""

import pytest
from sqlmodel import select

from bpmn import cases, checks, forms
from records import Case, CaseAsked, CasePost, WorkOrder
from records.region.groups import GROUPS
from tasks.access.roles import ROLES
from tasks.cases import case_states
from tasks.refusals import Forbidden, Invalid, NotAllowed
from tasks.services import SERVICES
from tests.asking import post, publish, refused, wrong_fields
from tests.case_walks import (
    BLUEPRINTS,
    CASE_FORMS,
    CONSULTATION,
    CONSULTED,
    FORWARDED,
    LINEAR,
    SAID,
    Way,
    example,
)
from tests.test_diagrams import parts
from tests.test_experts import appoint, person

EXPERTS = {  # login: level, skill
    "bill": ("city", "billing"),
    "air": ("city", "wlan"),
    "phone": ("city", "terminals"),
    "mid": ("province", "wlan"),
    "high": ("group", "wlan"),
}
WAYS = {"consultation": CONSULTED, "linear": FORWARDED}

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def way(session, cast, now):
    publish(session, now, CONSULTATION, LINEAR)
    for login, (level, skill) in EXPERTS.items():
        appoint(session, cast, now, login, level, skills=[skill])
    return lambda: Way(session, cast, now)


@pytest.mark.parametrize("name", WAYS)
def test_every_way_of_a_case_comes_to_its_end_by_every_element(way, name):
    visited = set()
    for walk, end in WAYS[name].items():
        one = way()
        walk(one)
        assert (one.run.status, one.run.end, one.case.state) == ("finished", end, end), walk
        assert one.orders() == []
        visited |= one.visited()
    assert BLUEPRINTS[name].nodes.keys() - visited == set()


@pytest.mark.parametrize("bundle", [CONSULTATION, LINEAR])
def test_the_gate_finds_nothing_in_either(bundle, engine):
    known = checks.Known(services=SERVICES, groups=GROUPS, roles=ROLES)
    assert checks.check(bundle, known) == []


def test_all_are_asked_at_once_and_each_has_their_own_order(way):
    one = way().take_down().do("triage")
    assert one.asked() == ["air", "bill", "phone"]
    one.wait(hours=2)
    assert one.asked() == ["air", "bill", "mid", "phone"]  # below, it stays
    one.wait(hours=4)
    assert "high" in one.asked()


def test_the_press_does_not_wait_at_the_city(way):
    one = way().take_down(channel="media").do("triage", parties=["coverage"])
    assert one.asked() == ["mid"]
    assert "high" in one.wait(hours=1).asked()


def test_what_comes_after_the_accepted_answer_is_kept_as_late(way, session):
    one = way().take_down().do("triage")
    first = one.answer("air")
    one.accept(first)
    assert one.answer("bill", "话单没有问题").state == "late"
    ended = session.exec(select(WorkOrder.state).where(WorkOrder.holder == "bill")).one()
    assert ended == "cancelled"
    with pytest.raises(NotAllowed):
        cases.accept(session, one.case, [first.id], by=one.cast["ada"], now=one.now)


def test_only_its_owner_accepts_and_nobody_their_own(way, session):
    one = way().take_down().do("triage")
    row = one.answer("air")
    for by in ("dora", "liu"):
        with pytest.raises(Forbidden):
            one.accept(row, by=by)
    with pytest.raises(Forbidden):
        one.accept(one.answer("ada"))
    with pytest.raises(Forbidden):
        one.accept(one.answer("mei"), by="mei")


def test_an_answer_with_a_script_is_refused_at_once(way, session):
    one = way().take_down().do("triage")
    with pytest.raises(Invalid):
        one.answer("air", "<script>x</script>")
    session.rollback()
    assert session.exec(select(CasePost)).all() == []


def test_an_expert_who_left_keeps_nobody_waiting(way, session):
    one = way().take_down().do("triage")
    for login in one.asked():
        person(session, login).active = False
    one.wait(hours=2)
    left = session.exec(select(CaseAsked.state).where(CaseAsked.level == "city")).all()
    assert set(left) == {"left"} and "mid" in one.asked()


def test_the_owner_stays_the_owner(way, session):
    one = way().take_down().do("triage")
    row = case_states.find(session, one.case.id)
    one.accept(one.answer("bill"))
    assert session.get_one(Case, row.id).owner == "ada"
    assert [order.holder for order in one.orders()] == ["ada"]


def test_cases_over_http(way, as_, session):
    ada, air = as_("ada"), None
    told = post(ada, "cases", words=SAID["words"], channel="hotline", category="wlan")
    assert (told["owner"], told["state"], told["course"]["hops"]) == ("ada", "new", 0)
    place = f"cases/{told['id']}"
    triage = ada.get(f"/api/work-orders?run={told['run_id']}").json()["items"][0]["id"]
    post(ada, f"work-orders/{triage}/acceptance")
    post(ada, f"work-orders/{triage}/completion", answers=example("case_triage.json"))
    air = as_("liu")
    post(ada, f"{place}/posts", text="只有夜里才有", is_customers=True)
    given = post(air, f"{place}/answers", text="商场信号弱", confidence=80)
    told = post(ada, f"{place}/acceptance", answers=[given["id"]])
    assert (told["state"], told["course"]["hops"]) == ("answering", 1)
    assert len(ada.get(f"/api/{place}/posts").json()["items"]) == 2
    assert ada.get("/api/cases?open=true&asked=bill").json()["items"] == []
    assert ada.get(f"/api/{place}/help").json()["articles"] == []


def test_cases_are_refused_over_http(way, as_):
    ada = as_("ada")
    told = post(ada, "cases", words=SAID["words"], channel="hotline")
    place = f"/api/cases/{told['id']}"
    words = refused(ada.put(f"{place}/words", json={"words": "别的"}), 409)
    assert "locked" in words["en"]
    assert wrong_fields(ada.post("/api/cases", json=SAID | {"channel": "pigeon"})) == ["channel"]
    refused(ada.post(f"{place}/acceptance", json={"answers": [1]}), 409)
    refused(as_("liu").post("/api/cases", json=SAID), 403)
    refused(as_("liu").post(f"{place}/withdrawal", json={"reason": "x"}), 403)
    refused(ada.post(f"{place}/draft"), 409)
    refused(ada.get("/api/cases/999"), 404)


@pytest.mark.parametrize("form", CASE_FORMS)
def test_a_form_of_cases_takes_its_examples_and_names_every_field(form, engine):
    schema = CASE_FORMS[form].schema
    for answers in schema["examples"]:
        forms.check_answers(CASE_FORMS[form], answers)
    for part in parts(schema):
        assert part["title"] and part["x-title-en"]
        assert part.get("x-labels", {}).keys() == set(part.get("enum", ()))
