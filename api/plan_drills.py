"""JSON: drills of emergency plans. Their runs are under /api/plan-runs, as real ones are."""

from typing import Any

from pydantic import Field

from api.deps import Given, Turn, allow, make_router
from api.once import once
from api.plan_run_shapes import RunInFull, in_full
from bpmn import plan_drills

router = make_router("plan-drills")


class Drill(Given):
    plan: str = Field(max_length=60, examples=["cable_cut"])
    subject: str = Field("", max_length=100, examples=["case:2026-spring"])
    city: str = Field("", max_length=100, examples=["海州"])
    title: str = Field("", max_length=200)
    reason: str = Field(min_length=1, max_length=2_000, examples=["春季演练"])
    case: dict[str, Any] = Field({}, examples=[{"impact": "outage", "circuits": 12}])
    is_live: bool = Field(False, description="Done by people in their own time, not all at once")


@router.post("", status_code=201)
def drill(given: Drill, turn: Turn = allow("plan-runs:drill")) -> RunInFull:
    """In virtual time it is over when this answers: judged, and compared with what really was.
    Nobody is told, and nothing is held."""

    def make() -> RunInFull:
        told = given.model_dump()
        key, act = told.pop("plan"), plan_drills.rehearse
        act = plan_drills.begin if told.pop("is_live") else act
        return in_full(turn, act(turn.session, key, by=turn.person, now=turn.now, **told))

    return once(turn, make)
