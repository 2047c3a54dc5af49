"""Row 2: the same in a run that has looped 1,000 times, against the first loop of a young one.

The loop: judged, tested, still down, judged again.
"""

from itertools import islice
from typing import Any

from sqlalchemy import Engine
from sqlmodel import func, select

from records import Run
from records.database import connect, open_session
from records.progress import Progress
from tests.bench_databases import Place, settle
from tests.bench_rows import Figure, Times
from tests.bench_servers import Client, serve_ours, served
from tests.bench_tickets import do, fill, following, run_ids, way

LOOPS, PAIRS, WARM = 1_000, 120, 20
LOOP = 4  # actions: accept and complete the judging, then the test
BATCH = 25  # loops in one transaction
SLOWER, LARGEST = 1.1, 8 * 1024
AGAIN: dict[str, Any] = {"judge": {"domains": []}, "restore_test": {"service_ok": False}}


def measure(place: Place, show: Progress) -> list[Figure]:
    url = place.make("age")
    secret = fill(url, 1 + PAIRS, show)
    engine = connect(url)
    aged, *young = run_ids(engine)
    for run_id in (aged, *young):
        _go_on(engine, run_id, 1)
    _grow_old(engine, aged, show)
    settle(url)
    with served(serve_ours, url, secret=secret) as baton:
        times = _compare(baton, engine, aged, young, show)
    row, size = f"the same in a run that has looped {LOOPS:,} times", _largest(engine)
    engine.dispose()
    return [
        Figure(f"{row}, × the first loop", place.name, times.ratio(), SLOWER, times.details()),
        Figure(f"{row}: bytes of its state", place.name, size, LARGEST),
    ]


def _grow_old(engine: Engine, run_id: int, show: Progress) -> None:
    for first in range(0, LOOPS, BATCH):
        _go_on(engine, run_id, BATCH * LOOP)
        show("looping", first + BATCH, LOOPS)


def _go_on(engine: Engine, run_id: int, actions: int) -> None:
    with open_session(engine) as session:
        for _ in range(actions):
            action = following(session, run_id, **AGAIN)
            assert action, "the run has ended"
            do(session, action)


def _compare(baton: Client, engine: Engine, aged: int, young: list[int], show: Progress) -> Times:
    times = Times("aged", "young")
    for done, run_id in enumerate(young, 1):
        both = zip(way(engine, aged, **AGAIN), way(engine, run_id, **AGAIN), strict=True)
        for old, new in islice(both, LOOP):
            assert (old.element, old.verb) == (new.element, new.verb)
            taken = [baton.time(each.path, each.told) for each in (old, new)]
            if old.verb == "completion" and done > WARM:
                times.add(old.element, *taken)
        show("completing work orders", done, len(young))
    return times


def _largest(engine: Engine) -> int:
    with open_session(engine, readonly=True) as session:
        return session.exec(select(func.max(func.length(Run.state)))).one()
