"""The tickets of a group of alarms: a parent (主单) for the root, a child (副单) for each customer.

Called by bpmn/alarm_groups.py, in its transaction. What the root hits: tasks/network/affected.py.
Where only one customer is hit, the one ticket is theirs. The first children are opened at once, the
others by the tick, the best grades first: child_tickets.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from bpmn import child_tickets, tickets, unknown_objects
from records import AffectedCircuit, Alarm, AlarmGroup, Circuit, Device, Ticket
from tasks.faults import first_word, intake, notice_choice
from tasks.faults.impact import best
from tasks.faults.tickets import ALLOWED, BEFORE_REPAIR_IS_DONE, children, record
from tasks.network import affected, affected_circuits
from tasks.network.affected import Hit
from tasks.network.affected_circuits import AT_RISK

BY = "alarms"
ON_DEVICE = ("device", "card", "port")


def open_for(
    session: Session,
    group: AlarmGroup,
    hits: Sequence[Hit],
    *,
    priority: str,
    now: datetime,
    by: str = BY,
) -> Ticket:
    """The ticket of the group with its run: new, or that of a group which this one took over, or
    the one that it has. `AlarmGroup.taken_over_by` is set before."""
    lesser = _taken_over(session, group)
    ticket = session.get_one(Ticket, group.ticket_id) if group.ticket_id else None
    if ticket is None and lesser:
        ticket = _adopt(session, group, lesser[0], hits, by, now)
    if ticket is None:
        ticket = _open_parent(session, group, hits, by, now)
    group.ticket_id, ticket.priority = ticket.id, priority
    notice_choice.note(session, ticket, group)
    _add_hits(session, group, ticket, hits, by, now)
    if ticket.run_id is None:
        tickets.start(session, ticket, by=by, now=now)
    _absorb_all(session, group, ticket, by, now)
    child_tickets.open_some(session, ticket.id, now=now)
    return ticket


def extend(
    session: Session, group: AlarmGroup, hits: Sequence[Hit], *, now: datetime, by: str = BY
) -> None:
    """The root hits these circuits now. Those that are new come to the group's ticket; one that was
    only at risk and is down now counts as new; one that is hit no more stays with who was told."""
    if group.ticket_id is None:
        _count(group, hits)
        return
    ticket = session.get_one(Ticket, group.ticket_id, with_for_update=True)
    notice_choice.note(session, ticket, group)
    _add_hits(session, group, ticket, hits, by, now)
    _absorb_all(session, group, ticket, by, now)
    child_tickets.open_some(session, ticket.id, now=now)
    grade = best({ticket.grade, *_grades(hits)})
    if grade != ticket.grade:
        tickets.regrade_as(
            session, ticket, grade=grade, reason="影响扩大 / more is hit", by=by, now=now
        )


def tell_more(session: Session, group: AlarmGroup, *, now: datetime, by: str = BY) -> None:
    """The table means more customers than when they were hit: who was not told is told now."""
    ticket = session.get(Ticket, group.ticket_id) if group.ticket_id else None
    every = [ticket, *children(session, ticket)] if ticket else []
    waiting = [one for one in every if one.state in BEFORE_REPAIR_IS_DONE | {"following"}]
    first_word.tell_untold(session, waiting, by=by, now=now)


def _open_parent(
    session: Session, group: AlarmGroup, hits: Sequence[Hit], by: str, now: datetime
) -> Ticket:
    ticket = intake.open_ticket(
        session,
        source="alarm",
        circuit=_only_circuit(session, hits),
        device=session.get(Device, group.root_id) if group.root_kind in ON_DEVICE else None,
        open_key=f"group:{group.id}",
        impact=_impact(hits, group),
        started_at=group.raised_at,
        by=by,
        now=now,
        title=_title(session, group, hits),
        cause=group.cause,
        section=group.root_object if group.root_kind in ("section", "duct") else "",
    )
    ticket.grade = best({ticket.grade, *_grades(hits)})
    ticket.customer_id = ticket.customer_id or _only_customer(hits)
    return ticket


def _adopt(
    session: Session,
    group: AlarmGroup,
    lesser: AlarmGroup,
    hits: Sequence[Hit],
    by: str,
    now: datetime,
) -> Ticket:
    """The ticket that there is, with a better root: who works on it goes on."""
    ticket = session.get_one(Ticket, lesser.ticket_id, with_for_update=True)
    was = ticket.title
    ticket.title, ticket.cause = _title(session, group, hits), group.cause
    ticket.device_id = group.root_id if group.root_kind in ON_DEVICE else None
    about = {"group": group.id, "was_group": lesser.id, "root": group.root_object}
    record(session, "root changed", ticket, by, now, title=ticket.title, was=was, **about)
    changed = _change(ticket, hits, group)
    if changed:
        why = f"根因 {group.root_object} / the root is {group.root_object}"
        tickets.regrade_as(session, ticket, **changed, reason=why, by=by, now=now)
    return ticket


def _change(ticket: Ticket, hits: Sequence[Hit], group: AlarmGroup) -> dict[str, str]:
    """What a better root makes worse."""
    grade, changed = best({ticket.grade, *_grades(hits)}), {}
    if grade != ticket.grade:
        changed["grade"] = grade
    if ticket.impact != "outage" and _impact(hits, group) == "outage":
        changed["impact"] = "outage"
    return changed


def _add_hits(
    session: Session,
    group: AlarmGroup,
    ticket: Ticket,
    hits: Sequence[Hit],
    by: str,
    now: datetime,
) -> None:
    _count(group, hits)
    there = _there(session, group, ticket)
    worse = {
        there[hit.circuit_id].id: hit
        for hit in hits
        if hit.circuit_id in there and _is_worse(hit, there[hit.circuit_id])
    }
    for row, hit in worse.items():
        waits = None if hit.customer_id == ticket.customer_id else now
        affected_circuits.change(session, [row], impact=hit.impact, waits_since=waits)
    new = [hit for hit in hits if hit.circuit_id not in there]
    about = {"ticket_id": ticket.id, "group_id": group.id, "since": group.raised_at}
    affected_circuits.add(session, [about | _row(hit, ticket, now) for hit in new])
    if new or worse:
        ticket.plan_look_at = now
        told = {"group": group.id, "circuits": len(new), "worse": len(worse)}
        record(session, "circuits added", ticket, by, now, **told)
        _tell_at_risk(session, ticket, new, by, now)


def _there(session: Session, group: AlarmGroup, ticket: Ticket) -> dict[int, AffectedCircuit]:
    """By circuit: what the group's tickets have of it already, its children's too."""
    is_ours = AffectedCircuit.group_id == group.id
    rows = select(AffectedCircuit).where(is_ours, col(AffectedCircuit.until).is_(None))
    of_ticket = select(AffectedCircuit).where(AffectedCircuit.ticket_id == ticket.id)
    found = [*session.exec(rows), *session.exec(of_ticket)]
    return {row.circuit_id: row for row in found}


def _row(hit: Hit, ticket: Ticket, now: datetime) -> dict[str, Any]:
    waits = hit.impact != AT_RISK and hit.customer_id != ticket.customer_id
    return {
        "circuit_id": hit.circuit_id,
        "customer_id": hit.customer_id,
        "impact": hit.impact,
        "waits_since": now if waits else None,
    }


def _is_worse(hit: Hit, row: AffectedCircuit) -> bool:
    order = affected.IMPACTS
    return order.index(hit.impact) < order.index(row.impact)


def _tell_at_risk(
    session: Session, ticket: Ticket, hits: Iterable[Hit], by: str, now: datetime
) -> None:
    """Customers whom the table means with circuits on one way only, and none that is down."""
    choice = notice_choice.of(session, ticket)
    down = {hit.customer_id for hit in hits if hit.impact != AT_RISK}
    risky: dict[int, list[int]] = defaultdict(list)
    for hit in hits:
        if hit.impact == AT_RISK and choice.is_meant(hit.grade) and hit.customer_id not in down:
            risky[hit.customer_id].append(hit.circuit_id)
    for customer, circuits in risky.items():
        codes = select(Circuit.code).where(col(Circuit.id).in_(circuits)).order_by(Circuit.code)
        named = list(session.exec(codes))
        first_word.tell_at_risk(session, ticket, customer, named, by=by, now=now)


def _taken_over(session: Session, group: AlarmGroup) -> list[AlarmGroup]:
    """Groups whose root this one knows better, with a ticket that is not mended yet."""
    lesser = (
        select(AlarmGroup)
        .join(Ticket, col(Ticket.id) == col(AlarmGroup.ticket_id))
        .where(AlarmGroup.taken_over_by == group.id, AlarmGroup.id != group.id)
        .where(col(Ticket.state).in_(ALLOWED["join"]), col(Ticket.parent_id).is_(None))
        .where(~func.coalesce(Ticket.open_key, "").startswith(unknown_objects.KEY))  # of many
    )
    return list(session.exec(lesser.order_by(col(AlarmGroup.id))))


def _absorb_all(
    session: Session, group: AlarmGroup, ticket: Ticket, by: str, now: datetime
) -> None:
    for lesser in _taken_over(session, group):
        if lesser.ticket_id != ticket.id:
            _absorb(session, session.get_one(Ticket, lesser.ticket_id), ticket, by, now)
            lesser.ticket_id = ticket.id


def _absorb(session: Session, lesser: Ticket, ticket: Ticket, by: str, now: datetime) -> None:
    """Its children and circuits come along. One that is a customer's own becomes a child itself;
    any other is merged."""
    for child in children(session, lesser):
        if child.state != "merged":
            child_tickets.move(session, child, ticket, by=by, now=now)
    _move_circuits(session, lesser, ticket)
    mine = update(Alarm).where(col(Alarm.ticket_id) == lesser.id)
    session.connection().execute(mine.values(ticket_id=ticket.id))
    ticket.alarms += lesser.alarms
    if lesser.customer_id and lesser.customer_id != ticket.customer_id:
        child_tickets.turn(session, lesser, ticket, by=by, now=now)
    else:
        why = f"同一根因 / the same root: {ticket.number}"
        tickets.merge_as(session, lesser, ticket, reason=why, by=by, now=now)


def _move_circuits(session: Session, lesser: Ticket, ticket: Ticket) -> None:
    """Those that wait on it for a child, and those at risk, but for its own customer's; where the
    better ticket has them already, nothing is left to do."""
    rows = session.exec(select(AffectedCircuit).where(AffectedCircuit.ticket_id == lesser.id)).all()
    there = set(
        session.exec(
            select(AffectedCircuit.circuit_id).where(AffectedCircuit.ticket_id == ticket.id)
        )
    )
    for row in rows:
        if row.customer_id == lesser.customer_id and lesser.customer_id != ticket.customer_id:
            continue
        if row.circuit_id in there:
            session.delete(row)
        else:
            row.ticket_id = ticket.id
    session.flush()


def _count(group: AlarmGroup, hits: Sequence[Hit]) -> None:
    sums = affected.sums_of(hits)
    group.circuits, group.customers = sums["circuits"], sums["customers"]
    group.aaa = sums["aaa"]


def _title(session: Session, group: AlarmGroup, hits: Sequence[Hit]) -> str:
    only = _only_circuit(session, hits)
    if only or group.root_kind == "circuit":
        return ""  # as of any ticket about one circuit
    sums = affected.sums_of(hits)
    if sums["circuits"]:
        hit = f"影响电路 {sums['circuits']} 条、客户 {sums['customers']} 个"
    else:
        hit = f"{sums['at_risk']} 条电路只剩一条路由" if sums["at_risk"] else "未影响客户电路"
    return f"{group.root_object} 故障,{hit}"


def _only_circuit(session: Session, hits: Sequence[Hit]) -> Circuit | None:
    is_one = len(hits) == 1 and hits[0].impact != AT_RISK
    return session.get_one(Circuit, hits[0].circuit_id) if is_one else None


def _only_customer(hits: Sequence[Hit]) -> int | None:
    """Whose the ticket is, where nobody else is hit and they are not only at risk."""
    known, worst = {hit.customer_id for hit in hits}, affected.worst(hit.impact for hit in hits)
    return known.pop() if len(known) == 1 and worst != AT_RISK else None


def _impact(hits: Iterable[Hit], group: AlarmGroup) -> str:
    known = affected.worst(hit.impact for hit in hits) or group.impact
    return "outage" if known == "outage" else "degraded"


def _grades(hits: Iterable[Hit]) -> set[str]:
    return {hit.grade for hit in hits if hit.impact != AT_RISK} or {hit.grade for hit in hits}
