"""State, blueprints and what may be read: nothing of the diagram is stored, nothing is shared."""

import sys
import threading
from typing import Any

import orjson
import pytest

from bpmn import wall
from tests.diagram_maker import (
    HEAD,
    NOW,
    Walk,
    boundary,
    bundle,
    cycle,
    gate,
    node,
    on,
    on_event,
    process,
    read,
    script,
    service,
    several,
    subprocess,
)


def rich() -> dict[str, bytes]:
    """One of everything that waits."""
    nodes = [gate("g", "parallel"), gate("j", "parallel"), service("S"), script("X", "y = gone")]
    nodes += [boundary("T", "A", cycle("R/PT1H"), interrupting=False)]
    nodes += [on_event("ES", on("message", "m"), [], "s_ES H e3", stops=False)]
    inner = subprocess("SP", [node("userTask", "M", several("sites"))], "s2 M e2")
    return bundle([*nodes, inner], "s g A j e", "g B j", "g S j", "g X j", "g SP j", "T R e4")


def seen(live: wall.LiveRun) -> list[Any]:
    looks = (live.orders, live.timers, live.subscriptions, live.calls, live.troubles, live.why)
    return [look() for look in looks] + [live.data, live.ends, live.finished]


def standing() -> wall.LiveRun:
    live = wall.begin(
        wall.read_blueprint(rich()), {"sites": [1, 2]}, now=NOW, services=lambda r: wall.LATER
    )
    live.advance()
    live.signal("message", "客户来电 / Customer calls", {"n": 1})
    return live


def test_a_run_restored_in_another_process_stands_as_it_stood() -> None:
    live = standing()
    before = seen(live)
    again = wall.restore(wall.read_blueprint(rich()), live.save(), now=NOW, services=dict)
    assert seen(again) == before
    assert again.save() == live.save()


def test_a_state_holds_no_diagram_and_does_not_mind_how_its_names_are_sorted() -> None:
    live = standing()
    state = live.save()
    assert len(state) < 2000 and b"bpmn" not in state and b"sequenceFlow" not in state
    shuffled = orjson.dumps(orjson.loads(state), option=orjson.OPT_SORT_KEYS)
    again = wall.restore(live.blueprint, shuffled, now=NOW, services=dict)
    assert seen(again) == seen(live)


def test_saving_does_not_disturb_the_run() -> None:
    live = standing()
    before = seen(live)
    live.save()
    assert seen(live) == before


def test_a_state_of_another_format_is_refused() -> None:
    with pytest.raises(wall.CannotRestore) as refused:
        wall.restore(read([], "s A e"), b'{"format":99}', now=NOW, services=dict)
    assert "99" in refused.value.zh


def test_a_state_that_does_not_fit_the_diagram_is_refused() -> None:
    state = Walk(read([], "s A e")).state
    with pytest.raises(wall.CannotRestore) as refused:
        wall.restore(read([], "s B e"), state, now=NOW, services=dict)
    assert "A" in refused.value.en


def test_a_finished_run_keeps_its_ends_and_its_data() -> None:
    walk = Walk(read([], "s A e"))
    walk.do("A", x=[1, {"y": None}])
    assert (walk.live.finished, walk.live.ends) == (True, ["e"])
    assert walk.live.data == {"x": [1, {"y": None}]}
    assert len(walk.state) < 300


def test_true_and_one_are_not_mixed_up_by_the_state() -> None:
    walk = Walk(
        read([script("X", "a = True\nb = {'n': True}\nc = 1.0")], "s X A e"),
        {"a": 1, "b": {"n": 1}, "c": 1},
    )
    assert orjson.dumps(walk.facts("A")) == b'{"a":true,"b":{"n":true},"c":1.0}'


def test_threads_share_a_blueprint() -> None:
    loop = node("userTask", "M", several("sites", into="results"))
    stop = on_event("ES", on("signal", "sg"), [], "s_ES H e3", stops=False)
    diagram = read(
        [loop, stop, gate("g", "parallel"), gate("j", "inclusive")], "s g M j U e", "g B j"
    )
    wrong: list[Any] = []

    def run() -> None:
        for _ in range(4):
            walk = Walk(diagram, {"sites": [1, 2, 3]})
            walk.hear("emergency", "signal")
            for _ in range(3):
                walk.do("M", out=walk.facts("M")["item"])
            walk.do("B")
            if walk.open != ["H", "U"] or walk.facts("U")["results"] != [1, 2, 3]:
                wrong.append(walk.open)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert wrong == []


def test_running_changes_nothing_in_the_blueprint() -> None:
    diagram = wall.read_blueprint(rich())

    def pictured() -> list[Any]:
        scopes = [diagram.spec, *diagram.scopes.values()]
        return [
            (name, sorted((k, repr(v)) for k, v in vars(spec).items()))
            for scope in scopes
            for name, spec in scope.task_specs.items()
        ]

    before = pictured()
    walk = Walk(diagram, {"sites": [1]}, lambda request: wall.LATER)
    walk.hear("客户来电 / Customer calls")
    walk.wait(hours=3)
    walk.do("A", "B", "M")
    walk.live.cancel()
    assert pictured() == before


def test_a_blueprint_is_parsed_once() -> None:
    parsed: list[int] = []

    def load() -> tuple[wall.Bundle, None]:
        parsed.append(1)
        return rich(), None

    digest = wall.content_hash(rich())
    assert wall.blueprint(digest, load) is wall.blueprint(digest, load)
    assert len(parsed) == 1


def test_a_content_hash_depends_on_content_and_names_alone() -> None:
    one, two = {"a": b"1", "b": b"2"}, {"b": b"2", "a": b"1"}
    assert wall.content_hash(one) == wall.content_hash(two)
    others = [{"a": b"12", "b": b""}, {"a": b"2", "b": b"1"}, {"c": b"1", "b": b"2"}]
    assert len({wall.content_hash(other) for other in [one, *others]}) == 4


def test_nodes_of_all_scopes_are_known_by_their_ids() -> None:
    nodes = wall.read_blueprint(rich()).nodes
    assert (nodes["SP"].kind, nodes["M"].kind, nodes["s_ES"].kind) == (
        "subProcess",
        "userTask",
        "startEvent",
    )
    assert {"g", "T", "H", "e3", "R"} <= nodes.keys()


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
FILE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize("content", [BOMB, FILE, b"", b"<x", b"<x/>", b"\xff", b"<a>" * 2_000_000])
def test_hostile_or_broken_xml_is_a_bad_diagram(content: bytes) -> None:
    with pytest.raises(wall.BadDiagram):
        wall.read_blueprint({"p.bpmn": content})


def wrapped(inside: str) -> dict[str, bytes]:
    return {"p.bpmn": f"{HEAD}{inside}</bpmn:definitions>".encode()}


@pytest.mark.parametrize(
    "inside",
    [
        "",
        process("p", [], "A e"),
        process("p", [], "s A e").replace('"true"', '"false"'),
        process("p", [], "s A e") + process("q", [], "s2 B e2"),
        process("p", [node("callActivity", "C", calledElement="gone")], "s C e"),
        process("p", [node("callActivity", "C", calledElement="q")], "s C A e")
        + process("q", [], "s2 A e2"),
        process("p", [node("serviceTask", "S")], "s S e"),
        process("p", [], "s A e").replace('targetRef="e"', 'targetRef="gone"'),
        process("p", [], "s A", ("A", "e", "x > 1")),
        process("p", [gate("g")], "s g A e", "g B e2"),
        process("p", [boundary("T", "A", on("message", "gone"))], "s A e", "T e2"),
        process(
            "p", [node("intermediateCatchEvent", "T", "<bpmn:timerEventDefinition/>")], "s T e"
        ),
        process(
            "p",
            [node("intermediateThrowEvent", "L", '<bpmn:linkEventDefinition name="x"/>')],
            "s L",
        ),
    ],
)
def test_a_diagram_that_cannot_be_run_is_a_bad_diagram(inside: str) -> None:
    with pytest.raises(wall.BadDiagram) as refused:
        wall.read_blueprint(wrapped(inside))
    assert refused.value.zh and refused.value.en


def test_comments_and_drawn_data_do_no_harm() -> None:
    drawn = '<!-- note --><bpmn:dataObject id="d"/>' + node("dataObjectReference", "r")
    listed = node("dataInput", "i") + "<bpmn:inputSet/><bpmn:outputSet/>"
    spec = f"<bpmn:ioSpecification>{listed}</bpmn:ioSpecification>"
    arrow = node("dataOutputAssociation", "o", "<bpmn:targetRef>r</bpmn:targetRef>")
    walk = Walk(read([drawn, node("userTask", "A", spec + arrow)], "s A B e"), {"y": 1})
    walk.do("A", d=2)
    assert walk.facts("B") == {"y": 1, "d": 2}


def test_a_chain_of_a_thousand_steps_is_read_and_run() -> None:
    names = [f"X{i}" for i in range(1000)]
    diagram = read([script(name, "n = n + 1") for name in names], " ".join(["s", *names, "A e"]))
    live = wall.begin(diagram, {"n": 0}, now=NOW, services=dict)
    live.advance(2000)
    assert live.orders()[0].data["n"] == 1000


def test_a_process_that_calls_itself_is_stopped() -> None:
    call = node("callActivity", "C", calledElement="p")
    walk = Walk(read([call], "s C e"))
    assert [kind for _, kind in walk.troubled] == ["call"]


def test_a_called_process_may_list_what_it_takes_and_gives() -> None:
    listed = (
        '<bpmn:ioSpecification><bpmn:dataInput id="site"/><bpmn:dataOutput id="result"/>'
        "<bpmn:inputSet><bpmn:dataInputRefs>site</bpmn:dataInputRefs></bpmn:inputSet>"
        "<bpmn:outputSet><bpmn:dataOutputRefs>result</bpmn:dataOutputRefs></bpmn:outputSet>"
        "</bpmn:ioSpecification>"
    )
    call = node("callActivity", "C", calledElement="q")
    walk = Walk(
        read([call], "s C B e", more=process("q", [listed], "s2 A e2")), {"site": 1, "big": 2}
    )
    assert walk.facts("A") == {"site": 1}
    walk.do("A", result=5, scratch=6)
    assert walk.facts("B") == {"site": 1, "big": 2, "result": 5}
    assert Walk(walk.blueprint).troubled == [("C", "data")]


def test_a_called_process_works_in_the_lane_of_the_call() -> None:
    inner = node("lane", "L", "<bpmn:flowNodeRef>C</bpmn:flowNodeRef>")
    call = node("callActivity", "C", calledElement="q")
    walk = Walk(
        read([node("laneSet", "ls", inner), call], "s C e", more=process("q", [], "s2 A e2"))
    )
    assert walk.live.orders()[0].lane == "L"
