"""The flows of SCHEDULE as Prefect runs them: shells, each a process of its own. Nobody else here
imports Prefect, which takes a second.

The supervisor keeps `serve` running, as “python -m workflows run-flows”.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from prefect import Flow as PrefectFlow
from prefect import aserve, flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.deployments.runner import RunnerDeployment
from prefect.runtime import flow_run
from prefect.schedules import Cron, Interval, Schedule
from prefect.types.entrypoint import EntrypointType
from sqlalchemy import Engine

from records.database import connect
from tasks.shifts import SHIFT
from workflows import hours, planned
from workflows.children import SUPERVISOR
from workflows.prefect_api import DEPLOYMENT, TAG
from workflows.schedule import Flow, flows
from workflows.shift import work

EVERY = timedelta(seconds=float(os.environ.get("BATON_SHIFT_SECONDS", "60")))
LIMIT = 12  # flows at once on this machine

Result = TypeVar("Result")


@flow(name=SHIFT)
async def shift() -> dict[str, float]:
    """Does the jobs of SCHEDULE until two newer shifts are at work."""
    run_id, is_wanted = str(flow_run.id), _is_somebody_there(os.getppid())
    return await _aside(
        lambda engine, stop: work(engine, stop, flow_run=run_id, is_wanted=is_wanted)
    )


def flow_of(name: str, one: Flow, module: str) -> PrefectFlow[Any, Any]:
    """A flow of Prefect for one of SCHEDULE; `module` has it under its name, with underscores."""

    async def run() -> int:
        run_id = str(flow_run.id)
        now = datetime.now(UTC)
        return await _aside(lambda engine, _: planned.do(engine, name, one, now, run_id))

    run.__name__ = run.__qualname__ = name.replace(" ", "_")
    run.__module__ = module
    return flow(name=name, retries=one.retries, retry_delay_seconds=one.delay)(run)


PLANNED = {name: flow_of(name, one, __name__) for name, one in flows().items()}
globals().update({one.fn.__name__: one for one in PLANNED.values()})  # where runs find them


def serve(*more: RunnerDeployment) -> None:
    """Run what is due until stopped."""
    ours = [at_its_time(flows()[name].at, one) for name, one in PLANNED.items()]
    asyncio.run(_serve([_deployment(shift, Interval(EVERY)), *ours, *more]))


def at_its_time(at: str, one: PrefectFlow[Any, Any]) -> RunnerDeployment:
    """Never twice at once: the second is cancelled."""
    limit = ConcurrencyLimitConfig(limit=1, collision_strategy="CANCEL_NEW")
    return _deployment(one, Cron(hours.cron(at), hours.ZONE), limit)


async def _serve(deployments: Iterable[RunnerDeployment]) -> None:
    await aserve(
        *deployments,
        limit=LIMIT,
        query_seconds=1,
        prefetch_seconds=15,
        pause_on_shutdown=False,
        print_starting_message=False,
    )


def _deployment(
    one: PrefectFlow[Any, Any], when: Schedule, limit: ConcurrencyLimitConfig | None = None
) -> RunnerDeployment:
    return RunnerDeployment.from_flow(
        one,
        DEPLOYMENT,
        schedules=[when],
        tags=[TAG],
        concurrency_limit=limit,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def _is_somebody_there(runner: int) -> Callable[[], bool]:
    """A flow outlives its runner, but not the runner and the supervisor both."""
    supervisor = int(os.environ.get(SUPERVISOR, "0"))

    def is_there() -> bool:
        if os.getppid() == runner or not supervisor:
            return True
        try:
            os.kill(supervisor, 0)
        except OSError:  # it is gone, or somebody else's by now
            return False
        return True

    return is_there


async def _aside(do: Callable[[Engine, threading.Event], Result]) -> Result:
    """In a thread, on an engine of its own. Prefect ends us by cancelling."""
    stop, engine = threading.Event(), connect()

    def run() -> Result:
        try:
            return do(engine, stop)
        finally:
            engine.dispose()

    try:
        return await asyncio.to_thread(run)
    finally:
        stop.set()
