"""Groups of alarms (告警组): one root and what follows from it, from the first alarm to the end.

    alarms due ──take_in──▶ open ──root clear──▶ cleared ──stable──▶ over
                             │ ▲                     │
                             │ └──── alarmed anew ───┘
                             └─ a better root ──▶ taken over

What belongs together: correlation.py. What is done about a group: bpmn/alarm_groups.py, when its
`act_at` is due. By hand: group_changes.py. Called by workflows/alarms.py, one worker at a time.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from records import Alarm, AlarmGroup, Circuit, Device, Section, Site, Ticket, history
from tasks.network import alarm_rules, alarm_signs
from tasks.network.alarm_reports import SEVERITIES
from tasks.network.alarm_rules import Rules
from tasks.network.correlation import correlate
from tasks.network.reach import Root
from tasks.network.topology import Topology
from tasks.network.troubles import Trouble

BY = "alarms"
CLOSED = ("closed", "cancelled")
TOLD = 50  # ids of alarms in one entry of history: a storm has thousands
CODES: Mapping[str, Any] = {
    **{"site": Site, "section": Section, "circuit": Circuit},
    **dict.fromkeys(("device", "card", "port"), Device),
}
Settled = tuple[Any, AlarmGroup]  # an alarm's row, and its group


def take_in(session: Session, keys: Sequence[int], net: Topology, *, now: datetime) -> int:
    """Put due alarms into groups, new or open; how many were settled. A group that is new, or not
    as it was, is due from now on."""
    rules = alarm_rules.current(session)
    due = alarm_signs.due_rows(session, keys, now)
    groups = alarm_signs.open_groups(session)
    again, fresh = _split(due, {group.id for group in groups})
    held = alarm_signs.held_rows(session, rules, now) if fresh else []
    known = {row.id: row for row in [*fresh, *held]}
    troubles, waiting = correlate(
        alarm_signs.signs_of(session, known.values(), net, rules, now),
        alarm_signs.troubles_of(session, groups, net, rules, now),
        net,
        window=rules.window.total_seconds(),
        longest=rules.longest.total_seconds(),
    )
    settled = _keep(session, troubles, known, now) + _worsen(session, again, now)
    _settle(session, settled, now)
    late = {sign.id for sign in waiting} & {row.id for row in fresh}
    _wait(session, [known[key] for key in sorted(late)], rules)
    return len(due) - len(late)


def due(session: Session, *, now: datetime, limit: int = 100) -> list[int]:
    """Groups to be looked at now, those nearest to a source and with most alarms first."""
    waiting = select(AlarmGroup.id).where(col(AlarmGroup.act_at) <= now)
    order = col(AlarmGroup.layer), col(AlarmGroup.alarms).desc(), col(AlarmGroup.id)
    return list(session.exec(waiting.order_by(*order).limit(limit)))


def adopt(session: Session, group: AlarmGroup, *, now: datetime) -> None:
    """The group has a ticket: its alarms are that ticket's, which counts them."""
    not_its = col(Alarm.ticket_id).is_distinct_from(group.ticket_id)
    rows = session.execute(alarm_signs.ALARM.where(col(Alarm.group_id) == group.id, not_its))
    _settle(session, [(row, group) for row in rows], now)


def take_over(
    session: Session,
    old: AlarmGroup,
    group: AlarmGroup,
    now: datetime,
    *,
    by: str = BY,
    reason: str = "",
) -> None:
    """Its alarms are the other's now. What becomes of its ticket: bpmn/group_tickets.py."""
    group.alarms += old.alarms
    old.taken_over_by, old.over_at, old.act_at = group.id, now, None
    moved = update(Alarm).where(col(Alarm.group_id) == old.id)
    session.connection().execute(moved.values(group_id=group.id))
    why = {"reason": reason} if reason else {}
    _record(session, old, "taken over", now, by=by, better=group.id, **why)
    _record(session, group, "took over", now, by=by, lesser=old.id, root=old.root_object, **why)


def _split(due: Iterable[Any], is_open: set[int]) -> tuple[list[Any], list[Any]]:
    """Those of an open group, which are worse than they were; and those to be placed."""
    again: list[Any] = []
    fresh: list[Any] = []
    for row in due:
        (again if row.group_id in is_open else fresh).append(row)
    return again, fresh


def _keep(
    session: Session, troubles: Sequence[Trouble], rows: Mapping[int, Any], now: datetime
) -> list[Settled]:
    keys = {key for one in troubles for key in (one.group, *one.lesser) if key}
    known = {group.id: group for group in _find(session, keys)}
    _leave_closed_tickets(session, known.values(), now)
    names = _names(session, {one.root for one in troubles if not one.group})
    kept: list[AlarmGroup] = []
    for one in troubles:
        if one.group:
            kept.append(_go_on(session, known[one.group], one, rows, now))
        else:
            kept.append(_open(one, names[one.root], rows, [known[key] for key in one.lesser], now))
    session.add_all(kept)
    session.flush()
    settled: list[Settled] = []
    for one, group in zip(troubles, kept, strict=True):
        if not one.group:
            _record(session, group, "opened", now, root=group.root_object, **_told(one))
        for key in one.lesser:
            take_over(session, known[key], group, now)
        settled += [(rows[sign.id], group) for sign in one.signs]
    return settled


def _leave_closed_tickets(session: Session, groups: Iterable[AlarmGroup], now: datetime) -> None:
    """Whoever closed the ticket meant what had been told so far: for more there is another one."""
    tickets = {group.ticket_id for group in groups if group.ticket_id}
    over = select(Ticket.id).where(col(Ticket.id).in_(tickets), col(Ticket.state).in_(CLOSED))
    closed = set(session.exec(over)) if tickets else set()
    for group in groups:
        if group.ticket_id in closed:
            group.ticket_id, group.act_at = None, now


def _open(
    one: Trouble, name: str, rows: Mapping[int, Any], lesser: Sequence[AlarmGroup], now: datetime
) -> AlarmGroup:
    """A new one; what it takes over may have been held for a while already."""
    own = _own(one, rows) or [rows[sign.id] for sign in one.signs]
    alarm_id, cause = _root_alarm(own, lesser)
    return AlarmGroup(
        root_kind=one.root.kind,
        root_id=one.root.id or None,
        root_object=name,
        root_alarm_id=alarm_id,
        layer=one.layer,
        cause=cause,
        severity=_worst(row.severity for row in [*own, *lesser]),
        impact="outage" if one.is_outage else "degraded",
        alarms=len(one.signs),
        raised_at=_at(one.first),
        last_at=_at(one.last),
        opened_at=min((group.opened_at for group in lesser), default=now),
        act_at=now,
    )


def _root_alarm(own: Sequence[Any], lesser: Sequence[AlarmGroup]) -> tuple[int | None, str]:
    if own:
        first = min(own, key=lambda row: (row.raised_at, row.id))
        return first.id, first.cause
    best = min(lesser, key=lambda group: (group.layer, group.id))
    return best.root_alarm_id, best.cause


def _go_on(
    session: Session, group: AlarmGroup, one: Trouble, rows: Mapping[int, Any], now: datetime
) -> AlarmGroup:
    """An open group got more alarms, or took others over."""
    own = _own(one, rows)
    was = (group.impact, group.severity)
    group.alarms += len(one.signs)
    group.raised_at, group.last_at = _at(one.first), _at(one.last)
    group.layer = one.layer
    group.impact = "outage" if one.is_outage else group.impact
    group.severity = _worst(row.severity for row in [group, *own])
    group.cleared_at = None if own else group.cleared_at
    is_news = was != (group.impact, group.severity) or any(row.is_flapping for row in own)
    if one.lesser or is_news:
        group.act_at = now
    if one.signs:
        _record(session, group, "joined", now, **_told(one))
    return group


def _worsen(session: Session, rows: Sequence[Any], now: datetime) -> list[Settled]:
    """Alarms of open groups that were told again, and worse."""
    groups = {group.id: group for group in _find(session, {row.group_id for row in rows})}
    for row in rows:
        group = groups[row.group_id]
        if _worst([row.severity, group.severity]) != group.severity:
            group.severity, group.act_at = row.severity, now
            if alarm_signs.is_outage(row):
                group.impact = "outage"
            _record(session, group, "worse", now, severity=row.severity, alarm=row.id)
    return [(row, groups[row.group_id]) for row in rows]


def _settle(session: Session, settled: Sequence[Settled], now: datetime) -> None:
    """Nothing is due of these alarms any more; tickets that are there count them."""
    if not settled:
        return
    rows = [
        {"of": row.id, "group": group.id, "ticket": group.ticket_id, "told": row.tally}
        for row, group in settled
    ]
    session.connection().execute(_SETTLE, rows)
    by_ticket: dict[int, list[Any]] = {}
    for row, group in settled:
        if group.ticket_id:
            by_ticket.setdefault(group.ticket_id, []).append(row)
    for ticket, of_it in by_ticket.items():
        _tell(session, ticket, of_it, now)


def _tell(session: Session, ticket: int, rows: Sequence[Any], now: datetime) -> None:
    """追单: one line for all that come together. Nobody who works on the ticket has to begin again
    for it, so its revision stays."""
    new = sum(row.tally - (row.counted if row.ticket_id == ticket else 0) for row in rows)
    session.connection().execute(_COUNT, {"of": ticket, "new": new})
    first = rows[0]
    told: dict[str, Any] = {"alarm": first.id, "object": first.object, "cause": first.cause}
    told |= {"reports": new, "alarms": len(rows)}
    history.record(session, "alarm added", subject=f"ticket:{ticket}", by=BY, at=now, **told)


def _wait(session: Session, rows: Sequence[Any], rules: Rules) -> None:
    told = [{"of": row.id, "at": alarm_signs.patient_until(row, rules)} for row in rows]
    if told:
        session.connection().execute(_WAIT, told)


def _find(session: Session, keys: set[int]) -> Sequence[AlarmGroup]:
    rows = select(AlarmGroup).where(col(AlarmGroup.id).in_(keys)).with_for_update()
    return session.exec(rows.execution_options(populate_existing=True)).all() if keys else []


def _own(one: Trouble, rows: Mapping[int, Any]) -> list[Any]:
    """The new alarms that tell of the root itself."""
    return [rows[sign.id] for sign in one.signs if sign.layer <= one.layer]


def _names(session: Session, roots: set[Root]) -> dict[Root, str]:
    """What people call them."""
    found = {root: root.part for root in roots if root.kind in ("duct", "object")}
    for table in dict.fromkeys(CODES.values()):
        keys = {root.id for root in roots if CODES.get(root.kind) is table}
        rows = (
            session.execute(select(table.id, table.code).where(table.id.in_(keys))) if keys else ()
        )
        codes = {key: code for key, code in rows}
        for root in roots - found.keys():
            if CODES[root.kind] is table:
                code = codes.get(root.id, str(root.id))
                found[root] = f"{code}/{root.part}" if root.part else code
    return found


def _worst(severities: Iterable[str]) -> str:
    return min(severities, key=SEVERITIES.index)


def _told(one: Trouble) -> dict[str, Any]:
    return {"count": len(one.signs), "alarms": [sign.id for sign in one.signs][:TOLD]}


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _record(
    session: Session, one: AlarmGroup, verb: str, now: datetime, *, by: str = BY, **told: Any
) -> None:
    subject = f"alarm group:{one.id}"
    history.record(session, verb, subject=subject, by=by, at=now, also=told)


_SETTLE = (
    update(Alarm)
    .where(col(Alarm.id) == bindparam("of"))
    .values(
        group_id=bindparam("group"),
        ticket_id=bindparam("ticket"),
        counted=bindparam("told"),
        act_at=None,
    )
)
_WAIT = update(Alarm).where(col(Alarm.id) == bindparam("of")).values(act_at=bindparam("at"))
_COUNT = (
    update(Ticket)
    .where(col(Ticket.id) == bindparam("of"))
    .values(alarms=Ticket.alarms + bindparam("new"))
)
