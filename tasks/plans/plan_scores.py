"""How well a plan ran: in time, the customer kept informed, restored. Weights: policy "plans".

What counts is not only that the service came back, but that the customer was never left alone
(始终关注使用者的期望和感受). `score` is pure; `score_of` asks the records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlmodel import Session, col, select

from records import Entry, PlanNote, PlanRun, Ticket
from tasks.plans.plan_checks import times_of
from tasks.plans.plan_nodes import Node, nodes_of, version_of
from tasks.plans.plan_rules import rules_of

TOLD = ("customer told", "progress told", "restored told")  # verbs of a ticket's history
MOST_TOLD = 5_000


@dataclass(frozen=True)
class Course:
    """What is judged: from the activation until the service was back, or the run was over."""

    begins: datetime
    ends: datetime
    nodes: Sequence[Node]
    told: Sequence[datetime]  # whenever the customer was told something
    restored_at: datetime | None
    inform: int  # minutes that a customer may be left without a word
    restore: int  # minutes


def score(course: Course, weights: Mapping[str, int]) -> dict[str, Any]:
    """Each part from 0 to 1, and the total from 0 to 100."""
    parts = {"in_time": _in_time(course), "informed": _informed(course)}
    parts["restored"] = _restored(course)
    total = sum(weights[name] * part["ratio"] for name, part in parts.items())
    return {**parts, "total": round(total, 1)}


def score_of(session: Session, run: PlanRun, *, now: datetime) -> dict[str, Any]:
    """{} for one that never began."""
    if run.activated_at is None:
        return {}
    version = version_of(session, run)
    times = times_of(version.content)
    ends = run.restored_at or run.stood_down_at or run.closed_at or now
    nodes = nodes_of(session, run, version.nodes)
    told = told_at(session, run, nodes)
    course = Course(run.activated_at, ends, nodes, told, run.restored_at, times["inform"],
                    times["restore"])  # fmt: skip
    return score(course, rules_of(session)["score"])


def told_at(session: Session, run: PlanRun, nodes: Sequence[Node]) -> list[datetime]:
    """When the customer was told: at key nodes, in notes, and by the ticket itself."""
    at_nodes = [one["done_at"] for one in nodes if one["done_at"] and one["customer_told"]]
    noted = select(PlanNote.at).where(PlanNote.plan_run_id == run.id, col(PlanNote.customer_told))
    in_notes = session.exec(noted).all()
    return sorted([*at_nodes, *in_notes, *_by_ticket(session, run)])


def _in_time(course: Course) -> dict[str, Any]:
    reached = [one for one in course.nodes if one["opened_at"]]
    done = [one for one in reached if one["done_at"] and not one["is_late"]]
    return {"done": len(done), "of": len(reached), "ratio": _ratio(len(done), len(reached))}


def _informed(course: Course) -> dict[str, Any]:
    """Half of it: key nodes that the customer sees, and was told of. Half: the share of the time in
    which the last word was not older than the plan allows."""
    seen = [one for one in course.nodes if one["done_at"] and one["customer_visible"]]
    told = [one for one in seen if one["customer_told"]]
    at_nodes, in_time = _ratio(len(told), len(seen)), _covered(course)
    ratio = round((at_nodes + in_time) / 2, 3)
    return {"told": len(told), "of": len(seen), "time": in_time, "ratio": ratio}


def _covered(course: Course) -> float:
    span = (course.ends - course.begins).total_seconds()
    within = [at for at in course.told if course.begins <= at <= course.ends]
    allowed = timedelta(minutes=course.inform).total_seconds()
    moments = [course.begins, *within, course.ends]
    gaps = [(after - before).total_seconds() for before, after in pairwise(moments)]
    left_alone = sum(max(0.0, gap - allowed) for gap in gaps)
    return round(1 - left_alone / span, 3) if span > 0 else 1.0


def _restored(course: Course) -> dict[str, Any]:
    """1 within the limit; twice the limit is a half."""
    if course.restored_at is None:
        return {"minutes": None, "limit": course.restore, "ratio": 0.0}
    minutes = round((course.restored_at - course.begins).total_seconds() / 60)
    ratio = round(min(1.0, course.restore / minutes), 3) if minutes else 1.0
    return {"minutes": minutes, "limit": course.restore, "ratio": ratio}


def _ratio(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 1.0


def _by_ticket(session: Session, run: PlanRun) -> list[datetime]:
    about, _, number = run.subject.partition(":")
    if about != "ticket" or not number.isdigit() or run.is_drill:
        return []
    children = select(Ticket.id).where(Ticket.parent_id == int(number))
    subjects = [run.subject, *(f"ticket:{key}" for key in session.exec(children.limit(500)))]
    rows = select(Entry.at).where(col(Entry.subject).in_(subjects), col(Entry.verb).in_(TOLD))
    return list(session.exec(rows.limit(MOST_TOLD)))
