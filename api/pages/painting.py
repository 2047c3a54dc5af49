"""What is painted on a diagram: where runs stand, where time is lost, what differs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlmodel import Session, col, func, select

from bpmn.comparing import Change
from records import Incident, Run, WorkOrder

LOOKED_AT = timedelta(days=90)
MOST = 20_000  # work orders that are looked at, the newest


@dataclass
class Step:
    """How it goes at one element: orders open now, incidents, hand-offs of the last months."""

    element: str
    title: str = ""
    waiting: int = 0
    incidents: int = 0
    done: int = 0
    again: int = 0  # times that a run came back to it
    hand_offs: list[float] = field(default_factory=list)  # seconds until somebody took it

    @property
    def hand_off(self) -> float:
        """The median, in seconds."""
        return median(self.hand_offs) if self.hand_offs else 0.0


def steps_of(session: Session, key: str, *, now: datetime) -> list[Step]:
    """Those with work orders or incidents, the longest hand-off first."""
    steps: dict[str, Step] = {}
    runs: Counter[tuple[str, int]] = Counter()
    for order in session.exec(_orders(key, now)):
        step = steps.setdefault(order.element, Step(order.element, order.title))
        runs[order.element, order.run_id] += 1
        _add(step, order)
    for (element, _), times in runs.items():
        steps[element].again += times - 1
    for element, name, count in session.execute(_incidents(key)):
        steps.setdefault(element, Step(element, name)).incidents = count
    return sorted(steps.values(), key=lambda step: -step.hand_off)


def paint(steps: list[Step]) -> dict[str, Any]:
    """As the viewer's island reads it: heat is the share of the longest hand-off."""
    longest = max((step.hand_off for step in steps), default=0.0)
    return {"steps": {step.element: _painted(step, longest) for step in steps}}


def marks(changes: Iterable[Change]) -> dict[str, str]:
    """How each element differs; what changed and moved as well has changed."""
    found: dict[str, str] = {}
    for change in changes:
        if change.element and found.get(change.element) != "changed":
            found[change.element] = change.how
    return found


def count_open(session: Session) -> dict[str, int]:
    """How many runs of each diagram are open."""
    mine = select(Run.diagram_key, func.count()).where(Run.status == "open")
    return {key: count for key, count in session.execute(mine.group_by(col(Run.diagram_key)))}


def _orders(key: str, now: datetime) -> Any:
    return (
        select(WorkOrder)
        .join(Run, col(Run.id) == col(WorkOrder.run_id))
        .where(Run.diagram_key == key, WorkOrder.opened_at > now - LOOKED_AT)
        .order_by(col(WorkOrder.id).desc())
        .limit(MOST)
    )


def _incidents(key: str) -> Any:
    return (
        select(Incident.element, Incident.name, func.count())
        .join(Run, col(Run.id) == col(Incident.run_id))
        .where(Run.diagram_key == key, col(Incident.settled_at).is_(None))
        .group_by(col(Incident.element), col(Incident.name))
    )


def _add(step: Step, order: WorkOrder) -> None:
    if order.finished_at is None:
        step.waiting += 1
    else:
        step.done += 1
    if order.accepted_at:
        step.hand_offs.append((order.accepted_at - order.opened_at).total_seconds())


def _painted(step: Step, longest: float) -> dict[str, Any]:
    told: dict[str, Any] = {"heat": step.hand_off / longest if longest else None}
    if step.waiting:
        told |= {"count": step.waiting, "state": "active"}
    if step.incidents:
        told |= {"incidents": step.incidents, "state": "late"}
    return told
