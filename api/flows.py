"""JSON: the flows — what does what time does — as our own tables know them, without Prefect."""

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Turn, allow, make_router
from api.paging import Asked, Page, page
from records import Shift
from tasks import flows
from tasks.flows import FlowTold
from tasks.refusals import NotFound
from tasks.shifts import LIVE

router = make_router("flows")
SORTS = {"id": (col(Shift.id),)}
Name = Annotated[str, Path(max_length=100, examples=["shift"])]


class FlowShown(BaseModel):
    """`shift` does all that is due, all day; others have their time. The sums are of the last day.

    `done` and `failed` count rows: clocks, timers, notices. A row that fails is put off and tried
    again; a run that failed as a whole is in `failed_runs`.
    """

    name: str
    is_live: bool
    live: int = Field(description="Runs that are at work now")
    seen_at: datetime
    last_started_at: datetime
    last_has_failed: bool
    next_at: datetime | None = Field(description="When it runs again; null for what always runs")
    runs: int
    failed_runs: int
    done: int
    failed: int
    worst_seconds: float = Field(description="The most that anything was late")
    error: str


class JobShown(BaseModel):
    """What the shifts do: how late each row was in the last ten minutes."""

    job: str = Field(examples=["fire clocks"])
    rows: int
    median_seconds: float
    p99_seconds: float
    worst_seconds: float


class FlowsShown(BaseModel):
    flows: list[FlowShown]
    jobs: list[JobShown]


class RunOfFlow(BaseModel):
    """`flow_run` is Prefect's id of it; empty where it ran without Prefect."""

    id: int
    flow_run: str
    host: str
    process: int
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    is_live: bool
    has_failed: bool
    done: int
    failed: int
    worst_seconds: float
    error: str


@router.get("", summary="Every flow that has run, and how late the jobs of the shifts are")
def index(turn: Turn = allow("flows:read")) -> FlowsShown:
    told = flows.each_flow(turn.session, now=turn.now)
    jobs = flows.each_job(turn.session, now=turn.now)
    return FlowsShown(
        flows=[_show_flow(one) for one in told],
        jobs=[JobShown.model_validate(one, from_attributes=True) for one in jobs],
    )


@router.get("/{name}", summary="The runs of one flow, newest first")
def show(
    name: Name, asked: Annotated[Asked, Query()], turn: Turn = allow("flows:read")
) -> Page[RunOfFlow]:
    rows = select(Shift).where(Shift.flow == name)
    if turn.session.exec(rows.limit(1)).first() is None:
        raise NotFound(f"没有运行过名为 {name} 的流", f"No flow “{name}” has run yet")

    def show_run(row: Shift) -> RunOfFlow:
        is_live = row.ended_at is None and row.seen_at > turn.now - LIVE
        return RunOfFlow.model_validate({**row.model_dump(), "is_live": is_live})

    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=show_run)


def _show_flow(told: FlowTold) -> FlowShown:
    newest = told.newest
    return FlowShown(
        name=newest.flow,
        is_live=told.live > 0,
        live=told.live,
        seen_at=newest.seen_at,
        last_started_at=newest.started_at,
        last_has_failed=newest.has_failed,
        next_at=newest.next_at,
        runs=told.runs,
        failed_runs=told.failed_runs,
        done=told.done,
        failed=told.failed,
        worst_seconds=told.worst_seconds,
        error=newest.error,
    )
