"""The shipped diagrams: clean at the gate, and walked to every end through every element."""

import pytest

from bpmn import checks, forms, library, wall
from records.region.groups import GROUPS
from tasks.access.roles import ROLES
from tasks.refusals import Invalid
from tasks.services import SERVICES
from tests.asking import publish
from tests.fault_walks import BLUEPRINT, FAULT, FORMS, LARGEST_STATE, WALKS, Walk, example
from tests.impact_walks import IMPACT, IMPACT_BLUEPRINT, IMPACT_ENDS, Cut
from tests.test_decisions import TICKET

pytestmark = pytest.mark.one_database

NEEDED = {"role", "stage", "segment", "budget_key", "form", "key_node", "customer_visible"}
STAGES = {"accept", "judge", "repair", "restore_test", "callback", "close", "report"}
SEGMENTS = {"work", "verify"}
NODES = [*BLUEPRINT.nodes.values(), *IMPACT_BLUEPRINT.nodes.values()]
BY_HAND = [node for node in NODES if node.kind == "userTask"]
WRONG = {  # a form: answers that it must refuse, and the fields that it must name
    "fault_intake.json": ({"phone": "call me"}, {"phone"}),
    "accept.json": ({"confirmed": "yes"}, {"confirmed"}),
    "judge.json": ({"verdict": "duplicate"}, {"parent_number"}),
    "repair.json": ({"light_before": 100}, {"light_before"}),
    "site_visit.json": ({"parts": [{"part": "尾纤"}]}, {"parts.0.quantity"}),
    "restore_test.json": ({"restored_at": "noon"}, {"restored_at"}),
    "clear_proof.json": ({"proof": ""}, {"proof"}),
    "callback.json": ({"score": 6}, {"score"}),
    "close.json": ({"response_level": "F5"}, {"response_level"}),
    "fault_report.json": ({"summary": 7}, {"summary"}),
    "cancel.json": ({"reason": "night"}, {"reason"}),
}


@pytest.fixture
def published(session, cast, now):
    publish(session, now, FAULT, IMPACT)
    return session


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
def test_every_way_comes_to_its_end(published, cast, now, walk):
    one = Walk(published, cast, now)
    walk(one)
    assert (one.run.status, one.run.end, one.ticket.state) == ("finished", *[WALKS[walk]] * 2)
    assert one.orders() == {}


@pytest.mark.parametrize("walk", IMPACT_ENDS, ids=lambda walk: walk.__name__)
def test_every_way_of_a_customer_who_is_hit_comes_to_its_end(published, cast, now, walk):
    child = walk(Cut(published, cast, now))
    assert (child.run.end, child.ticket.state) == IMPACT_ENDS[walk]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_walks_come_by_every_element(published, cast, now):
    visited, of_child = set(), set()
    for walk in WALKS:
        one = Walk(published, cast, now)
        walk(one)
        visited |= one.visited()
    for walk in IMPACT_ENDS:
        one = Cut(published, cast, now)
        of_child |= walk(one).visited()
        visited |= one.visited()
    assert BLUEPRINT.nodes.keys() - visited == set()
    assert IMPACT_BLUEPRINT.nodes.keys() - of_child == set()


@pytest.mark.slow
def test_a_thousand_loops_leave_the_state_flat(now):
    """Judged, mended, tested and found wanting, again and again; stand-ins for the services."""
    run = wall.begin(BLUEPRINT, {}, now=now, services=stand_in)
    run.advance()
    state = go_on(run.save(), "accept_call", now=now)
    sizes = []
    for _ in range(1_000):
        state = go_on(state, "judge", "data_remote", "restore_test", now=now)
        sizes.append(len(state))
    assert max(sizes) <= min(LARGEST_STATE, sizes[1] + 50)


def stand_in(request):
    judged = {"verdict": "fault", "domains": ["data"], "is_night": False, "outage_minutes": 3}
    facts = {
        "tickets.describe": TICKET | {"source": "customer"},
        "tickets.take_judgement": TICKET | judged,
    }
    return facts.get(request.service, {"state": "accepted"})


def go_on(state, *elements, now):
    run = wall.restore(BLUEPRINT, state, now=now, services=stand_in)
    for element in elements:
        step = next(step for step in run.orders() if step.element_id == element)
        run.complete(step.step_id, example(step.properties["form"]) | {"service_ok": False})
    return run.save()


@pytest.mark.parametrize("bundle", [FAULT, IMPACT], ids=["fault_handling", "customer_impact"])
def test_the_gate_finds_nothing(bundle):
    known = checks.Known(services=SERVICES, groups=GROUPS, roles=ROLES)
    assert checks.check(bundle, known) == []


@pytest.mark.parametrize("bundle", library.shipped(), ids=lambda bundle: next(iter(bundle)))
def test_every_name_is_chinese_and_english(bundle):
    names = [node.name for node in wall.read_blueprint(bundle).nodes.values() if node.name]
    halves = [name.split(" / ") for name in names]
    assert [pair for pair in halves if len(pair) != 2 or pair[0].isascii() or not pair[1]] == []


@pytest.mark.parametrize("node", BY_HAND, ids=lambda node: node.id)
def test_a_step_for_a_person_says_what_it_is(node):
    told = node.properties
    assert told.keys() >= NEEDED
    assert told["stage"] in STAGES and told["segment"] in SEGMENTS
    assert {told["key_node"], told["customer_visible"]} <= {"true", "false"}
    assert node.lane in {f"{zh} / {en}" for zh, en in GROUPS.values()}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_accepts_its_examples(form):
    for answers in FORMS[form].schema["examples"]:
        forms.check_answers(FORMS[form], answers)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_refuses_what_is_wrong_and_names_the_field(form):
    wrong, fields = WRONG[form]
    answers = {**FORMS[form].schema["examples"][0], **wrong, "typename": "x"}
    answers = {k: v for k, v in answers.items() if k not in fields - wrong.keys()}
    with pytest.raises(Invalid) as refusal:
        forms.check_answers(FORMS[form], answers)
    assert {each["field"] for each in refusal.value.facts["fields"]} == fields | {"typename"}


@pytest.mark.parametrize("form", FORMS)
def test_every_field_of_a_form_has_both_names(form):
    for part in parts(FORMS[form].schema):
        assert part["title"] and part["x-title-en"]
        assert part.get("x-labels", {}).keys() == set(part.get("enum", ()))


def parts(schema):
    """The schema and everything in it that has a name for people."""
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from parts(inner)
        for deeper in inner.get("items", {}).get("properties", {}).values():
            yield from parts(deeper)
