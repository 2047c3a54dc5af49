"""The states of an inspection (巡检), and its history. Used by its neighbours.

due ──plan──▶ planned ──send──▶ sent ──take──▶ inspected ──sign──▶ signed ──report──▶ reported
 ▲               │                │                                                        │
 └──── again ────┴────────────────┤                                                     finish
                                  │                                                        ▼
due, planned, sent ────────────── └──cancel──▶ cancelled                                 done
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from records import Inspection, history
from tasks.refusals import NotAllowed

KINDS = {
    "opening": ("开通后", "after opening"),
    "assurance": ("重保前", "before an assurance period"),
    "periodic": ("周期", "periodic"),
    "request": ("客户要求", "on request"),
}
STATES = {
    "due": ("待排期", "not planned yet"),
    "planned": ("已排期", "planned"),
    "sent": ("已派班", "sent out"),
    "inspected": ("已巡检", "inspected"),
    "signed": ("客户已签", "signed"),
    "reported": ("已报告", "reported"),
    "done": ("已完成", "done"),
    "cancelled": ("已取消", "cancelled"),
}
AHEAD = ("due", "planned", "sent")  # nobody was there yet
ALLOWED = {
    "plan": {"due", "planned"},
    "send": {"planned"},
    "again": {"planned", "sent"},
    "take": {"sent", "inspected"},
    "sign": {"inspected"},
    "report": {"signed"},
    "finish": {"reported"},
    "cancel": set(AHEAD),
}


def require(verb: str, inspection: Inspection) -> None:
    if inspection.state in ALLOWED[verb]:
        return
    zh, en = STATES[inspection.state]
    raise NotAllowed(
        f"巡检 {inspection.number} 现在是“{zh}”,不能这样做,请刷新后再看",
        f"Inspection {inspection.number} is {en}: this cannot be done now, reload to see",
        state=inspection.state,
    )


def shift(
    session: Session, verb: str, row: Inspection, state: str, by: str, now: datetime, **told: Any
) -> None:
    """Into another state, with the entry of history that says so."""
    told |= {"was": row.state, "is": state}
    row.state = state
    record(session, verb, row, by, now, **told)


def record(
    session: Session, verb: str, row: Inspection, by: str, now: datetime, **told: Any
) -> None:
    history.record(session, verb, subject=subject_of(row), by=by, at=now, **told)


def subject_of(row: Inspection) -> str:
    return f"inspection:{row.id}"
