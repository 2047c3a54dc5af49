"""Random diagrams: open is what the structure says, and saving at each step changes nothing.

BATON_RANDOM_DIAGRAMS sets how many are tried.
"""

import os
from random import Random
from typing import Any

import orjson
import pytest

from bpmn import wall
from tests.diagram_maker import NOW, Walk
from tests.random_diagrams import Sub, random_diagram

COUNT = int(os.environ.get("BATON_RANDOM_DIAGRAMS", "150"))
BATCH = 25


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
