"""The tickets of a group of alarms: a parent (主单) for the root, a child (副单) for each customer.

Called by bpmn/alarm_groups.py, in its transaction. What the root hits: tasks/affected.py.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, select

from bpmn import tickets
from records import AffectedCircuit, AlarmGroup, Circuit, Device, Ticket, history
from tasks import affected, intake
from tasks.affected import AT_RISK, Hit
from tasks.impact import best

BY = "alarms"


def open_for(
    session: Session,
    group: AlarmGroup,
    hits: Sequence[Hit],
    *,
    priority: str,
    now: datetime,
    by: str = BY,
) -> Ticket:
    """The ticket of the group with its run: a new one, or the one that the group has already."""
    ticket = session.get_one(Ticket, group.ticket_id) if group.ticket_id else None
    if ticket is None:
        ticket = _open_parent(session, group, hits, priority, by, now)
        group.ticket_id = ticket.id
    extend(session, group, hits, now=now, by=by)
    return tickets.start(session, ticket, by=by, now=now) if ticket.run_id is None else ticket


def extend(
    session: Session, group: AlarmGroup, hits: Sequence[Hit], *, now: datetime, by: str = BY
) -> None:
    """The root hits these circuits now. Those that are new come to the group's ticket, and each
    customer whose circuit is down has a child of their own soon."""
    sums = affected.sums_of(hits)
    group.circuits, group.customers, group.aaa = (
        sums[name] for name in ("circuits", "customers", "aaa")
    )
    if group.ticket_id is None:
        return
    known = select(AffectedCircuit.circuit_id).where(AffectedCircuit.group_id == group.id)
    there = set(session.exec(known))
    new = [hit for hit in hits if hit.circuit_id not in there]
    if new:
        _add(session, group, new, now)
        told = {"circuits": len(new), "group": group.id}
        subject = f"ticket:{group.ticket_id}"
        history.record(session, "circuits added", subject=subject, by=by, at=now, **told)


def _open_parent(
    session: Session,
    group: AlarmGroup,
    hits: Sequence[Hit],
    priority: str,
    by: str,
    now: datetime,
) -> Ticket:
    only = session.get_one(Circuit, hits[0].circuit_id) if len(hits) == 1 else None
    device = session.get(Device, group.root_id) if _is_on_device(group) else None
    told: dict[str, Any] = {"priority": priority, "cause": group.cause}
    if only is None:
        told["title"] = _title(group, device, hits)
    ticket = intake.open_ticket(
        session,
        source="alarm",
        circuit=only,
        device=device,
        open_key=f"group:{group.id}",
        impact="outage" if _worst(hits, group) == "outage" else "degraded",
        started_at=group.raised_at,
        by=by,
        now=now,
        **told,
    )
    ticket.grade = best({ticket.grade, *_grades(hits)})
    return ticket


def _add(session: Session, group: AlarmGroup, hits: Iterable[Hit], now: datetime) -> None:
    about = {"ticket_id": group.ticket_id, "group_id": group.id, "since": group.raised_at}
    rows = [
        {"circuit_id": hit.circuit_id, "customer_id": hit.customer_id, "impact": hit.impact}
        | about
        | {"waits_since": None if hit.impact == AT_RISK else now}
        for hit in hits
    ]
    session.flush()
    session.connection().execute(insert(AffectedCircuit), rows)


def _title(group: AlarmGroup, device: Device | None, hits: Sequence[Hit]) -> str:
    sums = affected.sums_of(hits)
    name = f"{device.name} {group.root_object}" if device else group.root_object
    return f"{name} 故障,影响电路 {sums['circuits']} 条、客户 {sums['customers']} 个"


def _worst(hits: Iterable[Hit], group: AlarmGroup) -> str:
    return affected.worst(hit.impact for hit in hits) or group.impact


def _grades(hits: Iterable[Hit]) -> set[str]:
    return {hit.grade for hit in hits if hit.impact != AT_RISK} or {hit.grade for hit in hits}


def _is_on_device(group: AlarmGroup) -> bool:
    return group.root_kind in ("device", "card", "port") and group.root_id is not None
