"""In which states of a run of a plan what may be done.

proposed ──activate──▶ active ──stand_down──▶ stood_down ──close──▶ closed
    │                    │
    └──decline──▶ declined   └──abort──▶ aborted   (a proposed one may be called off as well)
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from records import PlanRun, history
from tasks.refusals import NotAllowed, NotFound

STATES = {
    "proposed": ("待确认", "proposed"),
    "active": ("执行中", "active"),
    "stood_down": ("已解除,待评审", "stood down"),
    "closed": ("已关闭", "closed"),
    "declined": ("未启动", "declined"),
    "aborted": ("已终止", "called off"),
}
OPEN = {"proposed", "active", "stood_down"}
ALLOWED = {  # verb: the states in which it may be done
    "activate": {"proposed"},
    "decline": {"proposed"},
    "acknowledge": {"active"},
    "note": {"active", "stood_down"},
    "escalate": {"active"},
    "reserve": {"active"},
    "arrive": {"active"},
    "abort": {"proposed", "active"},
    "stand_down": {"active"},
    "draft": {"stood_down"},
    "sign": {"stood_down"},
    "close": {"stood_down"},
}
LEVELS = {"city": ("市", "city"), "province": ("省", "province"), "group": ("集团", "group")}


def require(verb: str, run: PlanRun) -> None:
    if run.state not in ALLOWED[verb]:
        zh, en = STATES[run.state]
        raise NotAllowed(
            f"预案执行 {run.id} 现在是“{zh}”,不能这样做,请刷新后再看",
            f"Plan run {run.id} is {en}: this cannot be done now, reload to see",
            state=run.state,
        )


def find(session: Session, id: int, *, for_update: bool = False) -> PlanRun:
    run = session.get(PlanRun, id, with_for_update=for_update or None)
    if run is None:
        raise NotFound(f"没有编号为 {id} 的预案执行", f"There is no plan run {id}")
    return run


def subject_of(run: PlanRun) -> str:
    return f"plan run:{run.id}"


def record(session: Session, verb: str, run: PlanRun, by: str, now: datetime, **told: Any) -> None:
    history.record(session, verb, subject=subject_of(run), by=by, at=now, also=told)
