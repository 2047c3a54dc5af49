"""The key nodes of a run: work orders of its diagram, with the limits that its version has.

A limit counts from the activation. A node that was done twice counts as it was done last; one that
the case did not come by does not count.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from records import PlanRun, PlanVersion, WorkOrder

Node = dict[str, Any]


def version_of(session: Session, run: PlanRun) -> PlanVersion:
    """What it runs by."""
    of = select(PlanVersion).where(PlanVersion.plan_id == run.plan_id)
    return session.exec(of.where(PlanVersion.number == run.number)).one()


def nodes_of(session: Session, run: PlanRun, nodes: Sequence[Mapping[str, Any]]) -> list[Node]:
    """In the order of their limits, those to come as well."""
    orders = _orders(session, run, [node["element"] for node in nodes])
    return [_node(run, node, orders.get(node["element"])) for node in nodes]


def limits_to_come(
    session: Session, run: PlanRun, nodes: Sequence[Mapping[str, Any]]
) -> list[datetime]:
    """Of nodes that are not done, and were not told as late."""
    found = nodes_of(session, run, nodes)
    open_ = [one for one in found if not one["done_at"] and one["element"] not in run.late]
    return [one["due_at"] for one in open_ if one["due_at"]]


def newly_late(
    session: Session, run: PlanRun, nodes: Sequence[Mapping[str, Any]], now: datetime
) -> list[Node]:
    """Not done when their limit passed, and not told yet; those to come are late as well."""
    found = nodes_of(session, run, nodes)
    late = [one for one in found if not one["done_at"] and one["due_at"] and one["due_at"] <= now]
    return [one for one in late if one["element"] not in run.late]


def _orders(session: Session, run: PlanRun, elements: Sequence[str]) -> dict[str, WorkOrder]:
    """The last order of each element; what was called off with its branch is none."""
    mine = select(WorkOrder).where(
        WorkOrder.run_id == run.run_id,
        col(WorkOrder.element).in_(elements),
        WorkOrder.state != "cancelled",
    )
    return {one.element: one for one in session.exec(mine.order_by(col(WorkOrder.id)))}


def _node(run: PlanRun, node: Mapping[str, Any], order: WorkOrder | None) -> Node:
    answers = (order.answers or {}) if order else {}
    due = run.activated_at + timedelta(minutes=node["limit"]) if run.activated_at else None
    done = order.finished_at if order else None
    return {
        **node,
        "work_order": order.id if order else None,
        "opened_at": order.opened_at if order else None,
        "due_at": due,
        "done_at": done,
        "by": order.finished_by if order else "",
        "is_late": bool(done and due and done > due),
        "customer_told": answers.get("customer_told"),
        "customer_expects": answers.get("customer_expects", ""),
        "evidence": answers.get("evidence", ""),
    }
