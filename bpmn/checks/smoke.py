"""Last in the gate: the diagram is read by the engine and run, with stand-ins for people, services
and time, until it ends, stops moving or has used up its bound.

Facts are missing in such a run, so a step that fails for want of them is passed over.
"""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from bpmn import wall
from bpmn.checks.drawing import Part
from bpmn.checks.saying import error, warning
from bpmn.findings import Finding

SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
MOST_ROUNDS = 200
MOST_SECONDS = 2.0
MOST_STEPS = 1_000  # in one go, as in a real run

log = logging.getLogger(__name__)


def smoke(bundle: wall.Bundle) -> Iterator[Finding]:
    try:
        yield from _run(wall.read_blueprint(bundle))
    except wall.BadDiagram as bad:
        yield error("cannot-be-read", Part(None, bad.element, ""), bad.zh, bad.en)
    except Exception as problem:  # whatever it is, the diagram would bring it into every run
        log.exception("the engine cannot run a diagram that passed the rules")
        said = f"{type(problem).__name__}: {problem}"[:200]
        yield error(
            "cannot-be-run",
            Part(None, "", ""),
            f"引擎不能执行这张图（{said}），请把文件交给管理员。",
            f"The engine cannot run this diagram ({said}): give the file to the administrator.",
        )


def _run(blueprint: wall.Blueprint) -> Iterator[Finding]:
    live = wall.begin(blueprint, {}, now=SOME_DAY, services=lambda request: {})
    live.advance(MOST_STEPS)
    told: dict[str, wall.Trouble] = {}
    started = time.monotonic()
    for _ in range(MOST_ROUNDS):
        told |= {trouble.element_id: trouble for trouble in live.troubles()}
        if live.finished or time.monotonic() - started > MOST_SECONDS or not _push(live):
            break
    wall.restore(blueprint, live.save(), now=SOME_DAY, services=lambda request: {})
    for trouble in told.values():
        yield from _trouble(trouble)


def _push(live: wall.LiveRun) -> bool:
    """Let one thing happen that the run waits for. False when nothing does."""
    for trouble in live.troubles():
        if trouble.kind != "runaway" and _is_skipped(live, trouble):
            return True
    for order in live.orders():
        live.complete(order.step_id, {})
        return True
    for wish in live.subscriptions():
        return live.signal(wish.kind, wish.name, {}, wish.key)
    return False


def _is_skipped(live: wall.LiveRun, trouble: wall.Trouble) -> bool:
    try:
        live.skip(trouble.step_id)
    except wall.CannotSkip:
        return False
    return True


def _trouble(trouble: wall.Trouble) -> Iterator[Finding]:
    at = Part(None, trouble.element_id, trouble.name)
    if trouble.kind == "engine":
        yield error("cannot-be-run", at, trouble.zh, trouble.en)
    elif trouble.kind == "runaway":
        yield warning("runaway", at, trouble.zh, trouble.en)
