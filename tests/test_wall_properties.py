"""Random diagrams: open is what the structure says, and saving at each step changes nothing.

BATON_RANDOM_DIAGRAMS sets how many are tried.
"""

import contextlib
import os
import re
from datetime import timedelta
from random import Random
from typing import Any

import orjson
import pytest

from bpmn import wall
from tests.diagram_maker import NOW, Walk, cycle, duration, on
from tests.random_diagrams import Sub, random_diagram

COUNT = int(os.environ.get("BATON_RANDOM_DIAGRAMS", "150"))
BATCH = 25


@pytest.mark.parametrize("first", range(0, COUNT // 2, BATCH))
def test_saving_loses_nothing_where_steps_fail_and_time_passes(first: int) -> None:
    for seed in range(first, min(first + BATCH, COUNT // 2)):
        stumble(seed)


@pytest.mark.parametrize("first", range(0, COUNT, BATCH))
def test_random_diagrams_run_as_drawn_whether_saved_or_not(first: int) -> None:
    for seed in range(first, min(first + BATCH, COUNT)):
        play(seed)


def play(seed: int) -> int:
    """Returns the number of steps; the saved run, the unsaved run and the oracle must agree."""
    files, oracle = random_diagram(seed)
    blueprint = wall.read_blueprint(files)
    data: dict[str, Any] = dict(oracle.counters())
    saved = Walk(blueprint, data)
    unsaved = wall.begin(blueprint, data, now=NOW, services=dict)
    unsaved.advance()
    oracle.start()
    random = Random(seed)
    for step in range(200):
        agree(seed, step, saved.live, unsaved, oracle)
        if not oracle.open() and not oracle.ears():
            return step
        move(random, step, saved, unsaved, oracle)
    return 200


def agree(seed: int, step: int, saved: wall.LiveRun, unsaved: wall.LiveRun, oracle: Sub) -> None:
    where = f"diagram {seed}, step {step}"
    assert look(saved) == look(unsaved), where
    assert sorted(o.element_id for o in saved.orders()) == sorted(oracle.open()), where
    assert sorted(s.name for s in saved.subscriptions()) == sorted(oracle.ears()), where
    assert saved.finished == (oracle.state == "done"), where
    assert saved.troubles() == [], where
    assert saved.data.items() >= oracle.counters().items(), where  # no update is ever lost


def look(live: wall.LiveRun) -> list[Any]:
    orders = sorted((o.element_id, o.step_id, written(o.data)) for o in live.orders())
    return [orders, written(live.data), live.finished, sorted(live.ends), live.subscriptions()]


def written(data: Any) -> bytes:
    return orjson.dumps(data, option=orjson.OPT_SORT_KEYS)


def move(random: Random, step: int, saved: Walk, unsaved: wall.LiveRun, oracle: Sub) -> None:
    if oracle.ears() and (random.random() < 0.2 or not oracle.open()):
        signal = random.choice(sorted(oracle.ears()))
        saved.hear(signal, "signal", heard=step)
        unsaved.signal("signal", signal, {"heard": step})
        oracle.hear(signal)
        return
    order = random.choice(sorted(saved.live.orders(), key=lambda order: order.step_id))
    answers = {f"by_{order.element_id}": step, "out": {"at": step, order.element_id: [step]}}
    saved.live.complete(order.step_id, answers)
    saved.reload()
    unsaved.complete(order.step_id, answers)
    oracle.do(order.element_id)


def stumble(seed: int) -> None:
    """A spoiled diagram: the saved and the unsaved run must agree on everything that waits."""
    random = Random(seed)
    files, oracle = random_diagram(seed)
    blueprint = wall.read_blueprint({"p.bpmn": spoil(files["p.bpmn"].decode(), random).encode()})
    data: dict[str, Any] = dict(oracle.counters())
    saved = Walk(blueprint, data)
    unsaved = wall.begin(blueprint, data, now=NOW, services=dict)
    unsaved.advance()
    for step in range(40):
        assert look(saved.live) == look(unsaved), f"diagram {seed}, step {step}"
        assert waits(saved.live) == waits(unsaved), f"diagram {seed}, step {step}"
        if acts := possible(saved.live):
            act(random, random.choice(acts), step, saved, unsaved)
    assert "engine" not in {trace.trouble.kind for trace in saved.journal if trace.trouble}


def spoil(text: str, random: Random) -> str:
    """Let scripts and loops miss a fact, and make timers and messages of many signals."""

    def event(found: re.Match[str]) -> str:
        minutes = random.randint(0, 90)
        others = [duration(f"PT{minutes}M"), duration("gone"), cycle("R/PT1H"), on("message", "m")]
        others += [cycle(f"R3/PT{minutes + 1}M")]
        return found[1] + (found[2] if random.random() < 0.4 else random.choice(others))

    def missing(found: re.Match[str]) -> str:
        return found[1] + random.choice(["y = gone\n", "", ""]) + found[2]

    places = "(<bpmn:(?:boundaryEvent|intermediateCatchEvent|startEvent)[^>]*>)"
    text = re.sub(places + "(<bpmn:signalEventDefinition[^>]*/>)", event, text)
    text = re.sub("(<bpmn:script>)([^<]*)", missing, text)
    text = re.sub("(<bpmn:loopCardinality>)(3)", lambda m: m[1] + random.choice("30g"), text)
    return text.replace("</bpmn:definitions>", '<bpmn:message id="m"/></bpmn:definitions>')


def waits(live: wall.LiveRun) -> list[Any]:
    return [live.timers(), live.troubles(), live.why()]


def possible(live: wall.LiveRun) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [("complete", order.step_id) for order in live.orders()]
    found += [("repair", trouble.step_id) for trouble in live.troubles()]
    found += [("hear", (wish.kind, wish.name)) for wish in live.subscriptions()]
    return found + [("wait", None)] * bool(live.timers())


def act(
    random: Random, what: tuple[str, Any], step: int, saved: Walk, unsaved: wall.LiveRun
) -> None:
    skips = random.random() < 0.3
    if what[0] == "wait":
        saved.now += timedelta(minutes=random.randint(1, 100))
        unsaved.run.now = saved.now
        saved.reload()
    command(saved.live, what, step, skips)
    command(unsaved, what, step, skips)
    saved.reload()


def command(live: wall.LiveRun, what: tuple[str, Any], step: int, skips: bool) -> None:
    kind, meant = what
    if kind == "complete":
        live.complete(meant, {"by": step, f"o{step % 4}": {"at": step, f"k{step % 3}": [step]}})
    elif kind == "repair":
        repair(live, meant, skips)
    elif kind == "hear":
        live.signal(*meant, {"heard": step})
    else:
        live.wake()


def repair(live: wall.LiveRun, step_id: int, skips: bool) -> None:
    if not skips:
        live.retry(step_id, {"gone": 0, "g": 2})
        return
    with contextlib.suppress(wall.CannotSkip):
        live.skip(step_id)
