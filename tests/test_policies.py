"""Policies: versions that never change, checked before they count, published by who may."""

from copy import deepcopy

import pytest
from sqlmodel import select

from bpmn import library
from records import Entry, Policy
from records.policies import Policed
from tasks import policies
from tasks.network import alarm_rules
from tasks.policy_checks import check_alone
from tasks.policy_warnings import warnings_of
from tasks.recipients import names
from tasks.refusals import Forbidden, Invalid, NotFound
from tasks.sla.calendars import calendars_of
from tasks.sla.clock_definitions import definitions_of
from tasks.sla.clocks import read
from tasks.sla.suspensions import check_suspension
from tests.asking import post, publish_fault, refused, wrong_fields
from tests.clock_stories import CALENDARS, at, opened, stop, told
from tests.fault_walks import FAULT
from tests.test_alarm_formats import huawei, link, parse, zte

STOPS = deepcopy(dict(policies.shipped("suspensions")))


def changed(key, path, value):
    """The shipped content with one place changed; None takes it away."""
    content = deepcopy(dict(policies.shipped(key)))
    *way, last = path.split("/")
    place = content
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    place[last] = value
    if value is None:
        del place[last]
    return content


@pytest.fixture
def publish(session, cast, now):
    def do(key, content, by="owen"):
        told = {"reason": "试行", "by": cast[by], "now": now}
        policy = policies.publish(session, key, content, **told)
        session.commit()
        return policy

    return do


@pytest.mark.parametrize("key", policies.names())
def test_what_comes_with_baton_passes_its_check(key):
    assert check_alone(key, policies.shipped(key)) == []


def test_a_database_without_any_goes_by_what_came_with_baton(session):
    found = policies.current(session, "suspensions")
    assert (found.number, found.content) == (0, STOPS)


def test_a_new_version_counts_and_the_old_one_stays(session, publish):
    first = publish("suspensions", STOPS | {"max_hours": 12})
    second = publish("suspensions", STOPS | {"max_hours": 8})
    assert (first.number, second.number) == (1, 2)
    assert policies.current(session, "suspensions").content["max_hours"] == 8
    assert policies.load(session, "suspensions", 1).content["max_hours"] == 12
    assert [each.number for each in policies.versions(session, "suspensions")] == [2, 1]


def test_the_same_content_again_is_the_same_version(session, publish):
    assert publish("suspensions", STOPS).number == publish("suspensions", STOPS).number == 1
    published = select(Entry).where(Entry.subject == "policy:suspensions")
    assert len(session.exec(published).all()) == 1


def test_what_is_shipped_is_published_once_and_again_when_it_is_newer(session, now, monkeypatch):
    for _ in range(2):
        policies.publish_shipped(session, now)
    assert {policy.number for policy in session.exec(select(Policy))} == {1}
    newer = STOPS | {"max_hours": 12}
    monkeypatch.setattr(policies, "shipped", lambda key: newer if key == "suspensions" else {})
    policies.publish_shipped(session, now)
    assert policies.current(session, "suspensions").number == 2


def test_what_an_owner_published_stays(session, publish, now, monkeypatch):
    publish("suspensions", STOPS | {"max_hours": 12})
    policies.publish_shipped(session, now)
    assert policies.current(session, "suspensions").content["max_hours"] == 12


def test_what_was_rolled_back_was_never_there(session, cast, now):
    told = {"reason": "x", "by": cast["owen"], "now": now}
    policies.publish(session, "suspensions", STOPS | {"max_hours": 12}, **told)
    assert policies.current(session, "suspensions").content["max_hours"] == 12
    session.rollback()
    assert policies.current(session, "suspensions").number == 0


def test_only_who_may_publishes_and_says_why(session, cast, now, publish):
    with pytest.raises(Forbidden):
        publish("suspensions", STOPS, by="dora")
    with pytest.raises(Invalid):
        policies.publish(session, "suspensions", STOPS, reason=" ", by=cast["mei"], now=now)
    with pytest.raises(NotFound):
        publish("weather", STOPS)


def test_a_suspension_keeps_to_the_policy_of_now(session, cast, now, publish):
    publish("suspensions", changed("suspensions", "reasons/no_access", None))
    told = {"evidence": "照片", "resume_at": now.replace(hour=3), "renewals": 0}
    with pytest.raises(Invalid) as refusal:
        check_suspension(session, reason="no_access", **told, by=cast["dora"], now=now)
    assert "customer_time" in refusal.value.en


WRONG = {  # key and path: a value that is refused there
    ("suspensions", "max_hours"): 0,
    ("suspensions", "dispatcher_hours"): True,
    ("suspensions", "reasons"): {},
    ("suspensions", "never/no_access"): {"zh": "进场", "en": "Access"},  # and a reason
    ("suspensions", "reasons/no_access"): {"zh": "没有英文"},
    ("suspensions", "max_days"): 3,
    ("calendars", "zone"): "Mars/Olympus",
    ("calendars", "calendars"): [],
    ("calendars", "calendars/24x7"): None,
    ("calendars", "calendars/office/week/mon"): [["12:00", "08:30"]],
    ("calendars", "calendars/office/week/tue"): [["08:30", "12:00"], ["11:00", "18:00"]],
    ("calendars", "calendars/office/week/wed"): [["8:30", "25:00"]],
    ("calendars", "calendars/office/week/holi"): [],
    ("calendars", "calendars/office/make_up"): [],
    ("calendars", "calendars/office/years"): {},
    ("calendars", "calendars/office/years/2026"): None,  # a gap
    ("calendars", "calendars/office/years/2027/holidays"): {},
    ("calendars", "calendars/office/years/2027/workdays"): {"2026-02-14": "x"},
    ("calendars", "calendars/office/years/2027/holidays/2027-02-30"): "x",
    ("calendars", "calendars/office/years/2027/workdays/2027-01-01"): "both",
    ("clocks", "clocks"): {},
    ("clocks", "clocks/accept/en"): " ",
    ("clocks", "clocks/accept/zh"): "长" * 101,
    ("clocks", "clocks/accept/kind"): "XLA",
    ("clocks", "clocks/accept/unit"): "fortnights",
    ("clocks", "clocks/accept/limit"): 0,
    ("clocks", "clocks/accept/start"): [],
    ("clocks", "clocks/accept/stop"): ["acepted"],
    ("clocks", "clocks/accept/pause"): "suspended",
    ("clocks", "clocks/accept/resume"): [],
    ("clocks", "clocks/accept/cancel"): [{"verb": "merged", "wenn": {}}],
    ("clocks", "clocks/accept/reset"): [{"verb": "reopened", "until": "x"}],
    ("clocks", "clocks/accept/color"): "red",
    ("clocks", "clocks/judge/stop"): ["accepted"],  # which starts it
    ("clocks", "clocks/restore"): None,
    ("clocks", "clocks/accept/lengthened_by"): ["posponed"],
    ("clocks", "clocks/accept/pause/0/at"): ["since"],
    ("clocks", "clocks/report/limit"): 0.5,
    ("calendars", "calendars/office/week"): {"mon": [["08:30", "09:00"]]},
    ("recipients", "levels"): None,
    ("recipients", "rules/team_lead/level"): [],
    ("recipients", "rules/team_lead/otherwise"): "team_lead",
    ("recipients", "rules/team_lead/group"): 7,
    ("recipients", "skills"): [],
    ("words", "restored/zh"): 7,
    ("alarms", "hold_off/default"): -1,
    ("alarms", "hold_off/causes/lossOfSignal"): "10 s",
    ("alarms", "flapping/times"): 1,
    ("alarms", "flapping/often"): 5,
    ("alarms", "window/longest_seconds"): 60,  # shorter than one step of it
    ("alarms", "layers/3/causes"): ["lossOfSignal"],  # and another layer
    ("alarms", "layers/2/zh"): "",
    ("alarms", "default_layer"): "roof",
    ("alarms", "consequences"): None,
    ("suspensions", "reasons/"): {"zh": "无", "en": "None"},
}


@pytest.mark.parametrize("place, value", WRONG.items(), ids=map("/".join, WRONG))
def test_what_would_not_work_is_refused_at_its_place(place, value):
    key, path = place
    found = check_alone(key, changed(key, path, value))
    assert found
    assert any(each.path.startswith(path.replace("/", ".")) for each in found) or not value
    assert all(each.zh and each.en and each.zh != each.en for each in found)


@pytest.mark.parametrize("content", [{}, {"clocks": 7}, {"clocks": {"a": []}}, {"calendars": []}])
@pytest.mark.parametrize("key", sorted({"alarms", "clocks", "calendars", "suspensions"}))
def test_a_content_of_another_shape_is_refused_and_does_not_fail(key, content):
    assert check_alone(key, content)


TRAPS = [huawei(), zte(1), zte(2), zte(5), link(admin=2)]
LINES = ["<1>Mar 11 02:14:05 h %LINK-3-UPDOWN: Interface Gi0/1, changed state to down"]
ODD = [
    None,
    [],
    {},
    "",
    0,
    -1,
    True,
    10**30,
    float("nan"),
    ["x"],
    [None],
    [[1]],
    {"x": 1},
    [{}],
    "x",
]


def places(content, way=()):
    yield way
    inside = content if isinstance(content, dict) else {}
    for key, each in enumerate(content) if isinstance(content, list) else inside.items():
        yield from places(each, (*way, key))


def put(content, way, value):
    """The same with this at that place."""
    if not way:
        return value
    mine = list(content) if isinstance(content, list) else dict(content)
    mine[way[0]] = put(content[way[0]], way[1:], value)
    return mine


@pytest.mark.parametrize("key", policies.names())
def test_whatever_stands_at_any_place_is_refused_or_works(key):
    content = policies.shipped(key)
    for n, way in enumerate(places(content)):
        for value in ODD[n % 3 :: 3] if len(way) > 3 else ODD:
            odd = put(content, way, value)
            if not check_alone(key, odd):
                use(key, odd)


def use(key, content):
    """What works by it would fail here."""
    if key == "clocks":
        entries = [*opened(), told(5, "accepted"), *stop(10, 20), told(30, "restored")]
        for each in definitions_of(content, 1).values():
            read(each, entries, CALENDARS, at(400))
    elif key == "calendars":
        for each in calendars_of(content, 1).values():
            assert each.between(at(0), each.add_days(each.add(at(0), 36_000), 1)) > 0
    elif key == "alarms":
        rules = alarm_rules.read(Policed(key, 1, content))
        assert at(0) <= at(0) + rules.hold_off("linkDown") and rules.layer("x") > 0
    elif key in ("snmp", "syslog"):
        said = TRAPS if key == "snmp" else LINES
        parsed = [parse(key, each, mappings=Policed(key, 1, content)) for each in said]
        assert not any("broke" in one.refusal[1] for one in parsed if one.refusal)
    elif key == "recipients":
        names(content)
        assert all(isinstance(each.get("group", ""), str) for each in content["rules"].values())


def test_a_clock_counts_by_a_calendar_that_is_there(session, publish):
    with pytest.raises(Invalid) as refusal:
        publish("clocks", changed("clocks", "clocks/report/calendar", "offise"))
    (field,) = refusal.value.facts["fields"]
    assert field["field"] == "clocks.report.calendar" and "office" in field["en"]
    hours = changed("calendars", "calendars/shop", {"zh": "店", "en": "Shop", "is_always": True})
    publish("calendars", hours)
    publish("clocks", changed("clocks", "clocks/report/calendar", "shop"))
    with pytest.raises(Invalid) as refusal:
        publish("calendars", policies.shipped("calendars"))
    assert [each["field"] for each in refusal.value.facts["fields"]] == ["calendars.shop"]


@pytest.mark.parametrize(
    "key, path", [("clocks", "clocks/other_operator"), ("recipients", "actions/notify")]
)
def test_what_a_published_ladder_names_stays(session, cast, now, as_, key, path):
    publish_fault(session, now)
    session.commit()
    told = {"content": changed(key, path, None), "reason": "试行"}
    wrong = wrong_fields(as_("owen").post(f"/api/policies/{key}", json=told))
    assert set(wrong) == {path.replace("/", ".")}
    checked = post(as_("owen"), f"policies/{key}/checks", content=told["content"])
    assert "升级阶梯" in checked["findings"][0]["zh"]


@pytest.mark.parametrize("odd", ["NaN", '"\\ud800"', '"\\u0000"', "1" * 500])
def test_a_policy_that_could_not_be_kept_is_refused_at_the_door(as_, odd):
    text = '{"reason": "试行", "content": {"a": ODD}}'.replace("ODD", odd)
    told = {"content": text.encode(), "headers": {"Content-Type": "application/json"}}
    assert as_("owen").post("/api/policies/words", **told).status_code in (400, 422)


def test_a_calendar_that_ends_soon_says_so(now):
    content = policies.shipped("calendars")
    assert list(warnings_of("calendars", content, now)) == []
    assert [each.path for each in warnings_of("calendars", content, now.replace(month=12))] == [
        "calendars.office.years"  # 2027: not announced yet
    ]
    assert "ends 2028" in next(warnings_of("calendars", content, now.replace(2029))).en


def test_policies_over_http(as_):
    owen, dora = as_("owen"), as_("dora")
    assert {each["number"] for each in dora.get("/api/policies").json()} == {0}
    told = {"content": STOPS | {"max_hours": 12}, "reason": "试行"}
    assert post(owen, "policies/suspensions", **told)["published_by"] == "owen"
    found = dora.get("/api/policies/suspensions").json()
    assert (found["number"], found["content"]["max_hours"]) == (1, 12)
    assert dora.get("/api/policies/suspensions?number=0").json()["content"] == STOPS
    versions = dora.get("/api/policies/suspensions/versions").json()
    assert [(each["number"], each["reason"]) for each in versions] == [(1, "试行")]


def test_policies_are_refused_over_http(as_):
    owen, wrong = as_("owen"), STOPS | {"max_hours": -1}
    told = {"content": wrong, "reason": "试行"}
    assert wrong_fields(owen.post("/api/policies/suspensions", json=told)) == ["max_hours"]
    checked = post(as_("dora"), "policies/suspensions/checks", content=wrong)
    assert not checked["is_publishable"]
    refused(as_("dora").post("/api/policies/suspensions", json=told | {"content": STOPS}), 403)
    refused(owen.get("/api/policies/weather"), 404)
    refused(owen.get("/api/policies/clocks?number=9"), 404)


def test_a_shipped_diagram_is_renewed_until_an_owner_publishes_one(session, cast, now):
    slower = b"<text>120</text>", b"<text>121</text>"
    older = {name: text.replace(*slower) for name, text in FAULT.items()}
    assert library.is_newer(session, FAULT)  # nobody has it
    library.keep_version(session, older, [], by="system", now=now)
    assert library.is_newer(session, FAULT) and not library.is_newer(session, older)
    library.keep_version(session, older | {"close.json": b"{}"}, [], by="owen", now=now)
    assert not library.is_newer(session, FAULT)
