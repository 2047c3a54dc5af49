"""The states of a visit (上门), and its history. Used by visits.py and its neighbours.

                            ┌────────────── release ──────────────┐
                            ▼                                     │
plan ──▶ to_approve ──▶ planned ──────────── crew ───────────▶ crewed ──start──▶ on_site
   └── first visit there ───▲                                                      │
                                                                                finish
to_approve, planned, crewed ── cancel (refuse) ──▶ cancelled                       ▼
                                                                               finished
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from records import Visit, history
from tasks.refusals import NotAllowed, wrong

STATES = {
    "to_approve": ("待批准", "waiting for an approval"),
    "planned": ("已计划", "planned"),
    "crewed": ("已派班", "crewed"),
    "on_site": ("在现场", "on site"),
    "finished": ("已完成", "finished"),
    "cancelled": ("已取消", "cancelled"),
}
OPEN = ("to_approve", "planned", "crewed")  # nobody is there yet
ALLOWED = {
    "approve": {"to_approve"},
    "crew": {"planned", "crewed"},
    "release": {"crewed"},
    "move": set(OPEN),
    "explain": {"planned", "crewed"},
    "confirm": {"planned", "crewed"},
    "start": {"crewed"},
    "finish": {"on_site"},
    "cancel": set(OPEN),
}


def require(verb: str, visit: Visit) -> None:
    if visit.state in ALLOWED[verb]:
        return
    zh, en = STATES[visit.state]
    raise NotAllowed(
        f"上门 {visit.number} 现在是“{zh}”,不能这样做,请刷新后再看",
        f"Visit {visit.number} is {en}: this cannot be done now, reload to see",
        state=visit.state,
    )


def require_reason(reason: str, field: str = "reason") -> None:
    if not reason.strip():
        raise wrong(field, "请写明原因", "Say why")


def shift(
    session: Session, verb: str, visit: Visit, state: str, by: str, now: datetime, **told: Any
) -> None:
    """Into another state, with the entry of history that says so."""
    told |= {"was": visit.state, "is": state}
    visit.state = state
    record(session, verb, visit, by, now, **told)


def record(session: Session, verb: str, visit: Visit, by: str, now: datetime, **told: Any) -> None:
    history.record(session, verb, subject=f"visit:{visit.id}", by=by, at=now, **told)
