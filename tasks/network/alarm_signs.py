"""What correlation is told: alarms that are due, those held off that may explain them, and the
groups that are open. Called by alarm_groups.py, which keeps what comes of it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from records import Alarm, AlarmGroup, AlarmSource, Circuit, Section, Site
from tasks.faults.impact import OUTAGES
from tasks.network.alarm_rules import Rules
from tasks.network.reach import Root
from tasks.network.topology import Topology
from tasks.network.troubles import SECTION, Sign, Trouble

DEGRADES = {  # what they tell of is worse than it was, and works
    *("degradedSignal", "excessiveBER", "opticalPowerLow", "thresholdCrossed"),
    *("batteryDischarging", "temperatureUnacceptable", "enclosureDoorOpen", "timingProblem"),
}
PATIENCE = timedelta(seconds=30)  # how long a consequence waits for a root to be told of [D]
SOON = timedelta(seconds=60)  # how long before its time a held-off alarm may explain others
MOST_HELD = 2_000
SKEWED = 30.0  # seconds: a source whose clock is farther off is set right
NAMED: tuple[tuple[str, Any], ...] = (("circuit", Circuit), ("section", Section), ("site", Site))
KEPT = (
    *("id", "source", "object", "device_id", "cause", "severity", "raised_at", "received_at"),
    *("act_at", "tally", "counted", "is_flapping", "group_id", "ticket_id"),
)
ALARM = select(*(col(getattr(Alarm, name)) for name in KEPT)).order_by(col(Alarm.id))
GROUP = (
    *("id", "root_kind", "root_id", "root_object", "layer", "cause", "impact", "severity"),
    *("raised_at", "last_at", "cleared_at", "ticket_id", "act_at", "alarms"),
)


def due_rows(session: Session, keys: Sequence[int], now: datetime) -> list[Any]:
    """Those of these alarms that are still due, locked for this transaction."""
    still = ALARM.where(col(Alarm.id).in_(keys), col(Alarm.act_at) <= now)
    return list(session.execute(still.with_for_update(skip_locked=True)))


def held_rows(session: Session, rules: Rules, now: datetime) -> list[Any]:
    """Active alarms of power, equipment and light that are held off, for the first time."""
    causes = [cause for cause, layer in rules.layers.items() if layer <= SECTION]
    soon = col(Alarm.act_at).between(now, now + SOON)
    held = ALARM.where(soon, col(Alarm.cleared_at).is_(None), col(Alarm.group_id).is_(None))
    rows = session.execute(held.where(col(Alarm.cause).in_(causes)).limit(MOST_HELD))
    return [row for row in rows if now < row.act_at <= row.received_at + rules.hold_off(row.cause)]


def open_groups(session: Session) -> list[Any]:
    columns = (col(getattr(AlarmGroup, name)) for name in GROUP)
    of = select(*columns).where(col(AlarmGroup.over_at).is_(None))
    return list(session.execute(of.order_by(col(AlarmGroup.id))))


def signs_of(
    session: Session, rows: Iterable[Any], net: Topology, rules: Rules, now: datetime
) -> list[Sign]:
    known = list(rows)
    skews = _skews(session, {row.source for row in known})
    named = _named(session, {row.object for row in known if row.device_id is None})
    return [
        Sign(
            id=row.id,
            at=_told_at(row, skews),
            cause=row.cause,
            layer=rules.layer(row.cause),
            place=named.get(row.object) or place_of(row.device_id, row.object, net),
            is_outage=is_outage(row),
            is_due=_is_due(row, rules, now),
        )
        for row in known
    ]


def troubles_of(
    session: Session, groups: Sequence[Any], net: Topology, rules: Rules, now: datetime
) -> list[Trouble]:
    """Open groups, as correlation knows them."""
    troubles = {group.id: _trouble_of(group) for group in groups}
    young = [
        group.id
        for group in groups
        if group.root_kind in ("section", "port") and group.last_at > now - rules.longest
    ]
    columns = (col(getattr(Alarm, name)) for name in ("group_id", "device_id", "object", "cause"))
    told = select(*columns).where(col(Alarm.group_id).in_(young))
    for row in session.execute(told) if young else ():
        if rules.layer(row.cause) <= SECTION:
            troubles[row.group_id].places.add(place_of(row.device_id, row.object, net))
    return list(troubles.values())


def _trouble_of(group: Any) -> Trouble:
    ended = group.cleared_at.timestamp() if group.cleared_at else None
    return Trouble(
        root=root_of(group),
        layer=group.layer,
        first=group.raised_at.timestamp(),
        last=group.last_at.timestamp(),
        group=group.id,
        is_outage=group.impact == "outage",
        is_down=group.cause == "powerProblem" or (group.root_kind == "site" and group.layer == 1),
        ended=ended,
    )


def root_of(group: Any) -> Root:
    part = group.root_object.partition("/")[2]
    if group.root_kind in ("duct", "object"):
        return Root(group.root_kind, 0, group.root_object)
    return Root(group.root_kind, group.root_id or 0, part)


def place_of(device_id: int | None, name: str, net: Topology) -> Root:
    """A device, a part of one where those are recorded, or what inventory does not know."""
    if device_id is None:
        return Root("object", 0, name)
    part = name.partition("/")[2]
    if not part or not net.has_ports(device_id):
        return Root("device", device_id)
    return Root("card" if part.isdecimal() else "port", device_id, part)


def is_outage(alarm: Any) -> bool:
    return alarm.severity in OUTAGES and alarm.cause not in DEGRADES and not alarm.is_flapping


def patient_until(row: Any, rules: Rules) -> datetime:
    """How long it waits for a root to be told of."""
    at: datetime = row.received_at + rules.hold_off(row.cause) + PATIENCE
    return at


def _is_due(row: Any, rules: Rules, now: datetime) -> bool:
    if row.cause in rules.consequences:
        return patient_until(row, rules) <= now
    return bool(row.act_at <= now)


def _told_at(row: Any, skews: dict[str, float]) -> float:
    """When it was raised, by our clock."""
    at = row.raised_at.timestamp() + skews.get(row.source, 0.0)
    return float(min(at, row.received_at.timestamp()))


def _skews(session: Session, sources: set[str]) -> dict[str, float]:
    rows = session.execute(
        select(col(AlarmSource.key), col(AlarmSource.skew_seconds)).where(
            col(AlarmSource.key).in_(sources)
        )
    )
    return {key: skew for key, skew in rows if skew is not None and abs(skew) > SKEWED}


def _named(session: Session, objects: set[str]) -> dict[str, Root]:
    """Alarms may be about a circuit, a section or a site by its code."""
    found: dict[str, Root] = {}
    for kind, table in NAMED if objects else ():
        rows = session.execute(select(table.code, table.id).where(table.code.in_(objects)))
        found |= {code: Root(kind, key) for code, key in rows}
    return found
