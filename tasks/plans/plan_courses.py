"""How runs of a plan went: everything that happened, and drill beside reality. Called by the doors.

Reads only.
"""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from sqlmodel import Session, col, select

from records import Entry, PlanRun
from tasks.plans import plan_nodes
from tasks.plans.plan_nodes import version_of
from tasks.plans.plan_states import subject_of

SORTS = {"id": (col(Entry.id),)}
MOST = 20  # runs of each kind, the newest
Facts = dict[str, Any]


def moments(run: PlanRun) -> Any:
    """Entries of its own history; its work orders are in that of its diagram's run."""
    return select(Entry).where(Entry.subject == subject_of(run))


def compare(session: Session, run: PlanRun) -> Facts:
    """By key node: its limit, this run's minutes, the median of drills and of real ones."""
    drills, real = _others(session, run, True), _others(session, run, False)
    mine = minutes_of(session, run)
    by_drills, by_real = _medians(session, drills), _medians(session, real)
    nodes = [
        {
            "element": node["element"],
            "title": node["title"],
            "limit": node["limit"],
            "this": mine.get(node["element"]),
            "drills": by_drills.get(node["element"]),
            "real": by_real.get(node["element"]),
        }
        for node in version_of(session, run).nodes
    ]
    runs = {"this": run.score, "drills": _scores(drills), "real": _scores(real)}
    return {"nodes": nodes, "runs": runs}


def usual_minutes(session: Session, run: PlanRun) -> dict[str, float]:
    """By key node: how long it took once it was there, in the real runs; the median."""
    took: dict[str, list[float]] = {}
    for one in _others(session, run, False):
        for node in plan_nodes.nodes_of(session, one, version_of(session, one).nodes):
            if node["done_at"] and node["opened_at"]:
                spent = (node["done_at"] - node["opened_at"]).total_seconds() / 60
                took.setdefault(node["element"], []).append(spent)
    return {element: median(each) for element, each in took.items()}


def minutes_of(session: Session, run: PlanRun) -> dict[str, float]:
    """By key node that is done: minutes from the activation."""
    begins = run.activated_at
    return {
        node["element"]: round((node["done_at"] - begins).total_seconds() / 60, 1)
        for node in plan_nodes.nodes_of(session, run, version_of(session, run).nodes)
        if node["done_at"] and begins
    }


def _others(session: Session, run: PlanRun, is_drill: bool) -> list[PlanRun]:
    """Those of the plan that are over, but for this one."""
    same = select(PlanRun).where(PlanRun.plan_id == run.plan_id, PlanRun.id != run.id)
    over = same.where(PlanRun.state == "closed", PlanRun.is_drill == is_drill)
    return list(session.exec(over.order_by(col(PlanRun.id).desc()).limit(MOST)))


def _medians(session: Session, runs: Sequence[PlanRun]) -> dict[str, float]:
    took: dict[str, list[float]] = {}
    for run in runs:
        for element, minutes in minutes_of(session, run).items():
            took.setdefault(element, []).append(minutes)
    return {element: median(each) for element, each in took.items()}


def _scores(runs: Iterable[PlanRun]) -> Facts:
    totals = [run.score["total"] for run in runs if run.score]
    informed = [run.score["informed"]["ratio"] for run in runs if run.score]
    told: Facts = {"count": len(totals)}
    if totals:
        told |= {"total": median(totals), "informed": median(informed)}
    return told
