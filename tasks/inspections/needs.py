"""Why rooms have to be inspected, and until when: after an opening, before an assurance period, by
their cycle, on request. Gathered in sets, each need once by its key. Called by planner.py.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from records import (
    AssurancePeriod,
    AssuredCustomer,
    Customer,
    Inspection,
    InspectionNeed,
    Person,
    ServiceOrder,
)
from tasks import policies
from tasks.access.people import require
from tasks.inspections import rooms
from tasks.inspections.checklists import room_for
from tasks.inspections.periods import DAY, period_at
from tasks.inspections.rooms import Cycle, Cycles, Key, Room
from tasks.refusals import wrong
from tasks.sla.calendars import Calendar, calendars_of

PARTS = 500  # rows in one INSERT
UNSETTLED = ("open", "planned")
ALIVE = ("planned", "ready", "on")  # of an assurance period
Facts = dict[str, Any]
Rules = Mapping[str, Any]


def calendar_of(session: Session) -> Calendar:
    """Whose working days count, as the policy "inspections" says."""
    key = policies.current(session, "inspections").content["planning"]["calendar"]
    policy = policies.current(session, "calendars")
    return calendars_of(policy.content, policy.number)[key]


def gather(session: Session, cycles: Cycles, *, now: datetime) -> int:
    """All that is needed from now on, and no more than that; how many needs are new."""
    content = policies.current(session, "inspections").content
    there, cycle_of = rooms.all_rooms(session), rooms.remember(cycles)
    types = policies.current(session, "checklists").content
    maker = Maker(content["planning"], types, {room.key: room for room in there}, now)
    added = 0
    for at in (now, now + timedelta(days=content["planning"]["look_ahead_days"])):
        added += _gather_cycle(session, maker, there, cycle_of, at)
    added += _gather_openings(session, maker)
    return added + _gather_assurance(session, maker, content["assurance"]["levels"], there)


def ask(
    session: Session,
    customer: Customer,
    site_id: int,
    *,
    by_at: datetime,
    by: Person,
    now: datetime,
) -> InspectionNeed:
    """Somebody wants one until then; asked twice for a day, it is one."""
    require(by, "inspections:plan")
    mine = [room for room in rooms.all_rooms(session, of=[customer.id]) if room.site_id == site_id]
    planning = policies.current(session, "inspections").content["planning"]
    if not mine:
        zh, en = "这个客户在那里没有在用电路", "This customer has no circuit there"
        raise wrong("site", zh, en)
    if by_at < now + planning["least_notice_days"] * DAY:
        zh = f"最早在 {planning['least_notice_days']} 天之后"
        raise wrong("by_at", zh, f"At the earliest in {planning['least_notice_days']} days")
    types = policies.current(session, "checklists").content
    maker = Maker(planning, types, {mine[0].key: mine[0]}, now)
    key = f"request:{customer.id}:{site_id}:{by_at:%Y-%m-%d}"
    row = maker.make(key, "request", f"person:{by.login}", mine[0].key, now, by_at)
    _add(session, [row])
    found = select(InspectionNeed).where(col(InspectionNeed.key) == key)
    need: InspectionNeed = session.execute(found).scalar_one()
    return need


def settle(session: Session, row: Inspection, state: str) -> None:
    """All that this inspection was for is met, or dropped."""
    mine = update(InspectionNeed).where(
        col(InspectionNeed.inspection_id) == row.id, col(InspectionNeed.state) == "planned"
    )
    told = {"synchronize_session": "fetch"}
    session.execute(mine.values(state=state), execution_options=told)


class Maker:
    """Makes the rows of needs: when they begin, which type of room it is."""

    def __init__(self, rules: Rules, types: Rules, there: Mapping[Key, Room], now: datetime):
        self.rules, self.now, self.there = rules, now, there
        self.soonest = now + rules["least_notice_days"] * DAY
        self._types = types

    def make(
        self, key: str, kind: str, cause: str, end: Key, from_at: datetime, by_at: datetime
    ) -> Facts:
        room = room_for(self._types, self.there[end].circuits)
        told: Facts = {"key": key, "kind": kind, "cause": cause, "room": room, "state": "open"}
        told |= {"customer_id": end[0], "site_id": end[1], "noted_at": self.now}
        return told | {"from_at": max(from_at, self.soonest), "by_at": by_at}


def _gather_cycle(
    session: Session,
    maker: Maker,
    there: Sequence[Room],
    cycle_of: Callable[[Room], Cycle],
    at: datetime,
) -> int:
    """Of the period that `at` is in; what is there and not wanted any more is dropped."""
    starts = {months: period_at(at, months) for months in (1, 2, 3, 4, 6, 12)}
    kept = _kept(session, {f"{n}:{times[0]:%Y-%m}": times[1] for n, times in starts.items()})
    rows, wanted = [], set[str]()
    for room, cycle in rooms.pick(there, cycle_of, kept):
        begins, ends = starts.get(cycle.months) or period_at(at, cycle.months)
        key = f"periodic:{room.customer_id}:{room.site_id}:{cycle.months}:{begins:%Y-%m}"
        wanted.add(key)
        if key not in kept.get(room.key, ()) and maker.soonest < ends - 5 * DAY:
            rows.append(maker.make(key, "periodic", "", room.key, begins, ends))
    gone = {key for keys in kept.values() for key in keys} - wanted
    _drop(session, gone)
    return _add(session, rows)


def _kept(session: Session, periods: Mapping[str, datetime]) -> dict[Key, set[str]]:
    """The keys of the needs of these periods ("3:2026-01", and when it is over) that count, by
    the customers' ends."""
    rows = select(
        col(InspectionNeed.customer_id), col(InspectionNeed.site_id), col(InspectionNeed.key)
    ).where(
        col(InspectionNeed.kind) == "periodic",
        col(InspectionNeed.state) != "dropped",
        col(InspectionNeed.by_at).in_(set(periods.values())),
    )
    found: dict[Key, set[str]] = {}
    for customer, site, key in session.execute(rows):
        if ":".join(key.split(":")[3:]) in periods:
            found.setdefault((customer, site), set()).add(key)
    return found


def _gather_openings(session: Session, maker: Maker) -> int:
    """After an opening: until the order says, else so many days later."""
    days = timedelta(days=maker.rules["opening_days"])
    limits: dict[int, datetime] = dict(
        session.execute(
            select(col(ServiceOrder.circuit_id), func.max(col(ServiceOrder.inspect_by)))
            .where(col(ServiceOrder.inspect_by) > maker.now)
            .group_by(col(ServiceOrder.circuit_id))
        ).all()  # type: ignore[arg-type]
    )
    rows = []
    for circuit, customer, site, at in session.execute(
        rooms.opened_since(maker.now - days, maker.now)
    ):
        room = maker.there.get((customer, site))
        if room and room.grade in maker.rules["opening_grades"]:
            key = f"opening:{circuit}:{site}:{at:%Y-%m-%d}"
            cause, until = f"circuit:{circuit}", limits.get(circuit, at + days)
            rows.append(maker.make(key, "opening", cause, room.key, at, until))
    return _add(session, rows)


def _gather_assurance(session: Session, maker: Maker, levels: Rules, there: Sequence[Room]) -> int:
    """Before each period that is to come; its needs follow it where it moves, and go with it."""
    periods = session.execute(
        select(AssurancePeriod).where(col(AssurancePeriod.ends_at) > maker.now)
    ).scalars()
    best: dict[int, Room] = {}
    for room in there:
        best.setdefault(room.customer_id, room)
    added = 0
    for period in periods:
        rows = _before(session, maker, period, levels[period.level], best)
        _follow(session, period, rows)
        added += _add(session, rows)
    return added


def _before(
    session: Session, maker: Maker, period: AssurancePeriod, level: Rules, best: Mapping[int, Room]
) -> list[Facts]:
    """None where it is off, or has begun."""
    if period.state not in ALIVE or period.starts_at <= maker.now:
        return []
    mine = select(col(AssuredCustomer.customer_id)).where(
        col(AssuredCustomer.period_id) == period.id
    )
    first = period.starts_at - level["inspect_from_days"] * DAY
    last = period.starts_at - level["inspect_by_days"] * DAY
    cause = f"assurance period:{period.id}"
    return [
        maker.make(f"assurance:{period.id}:{customer}", "assurance", cause, room.key, first, last)
        for customer in session.execute(mine).scalars()
        if (room := best.get(customer))
    ]


def _follow(session: Session, period: AssurancePeriod, rows: Sequence[Facts]) -> None:
    """Needs of the period that are there already: as it is now; without one, dropped."""
    told = {row["key"]: row for row in rows}
    mine = select(InspectionNeed).where(
        col(InspectionNeed.cause) == f"assurance period:{period.id}",
        col(InspectionNeed.state).in_((*UNSETTLED, "missed")),
    )
    is_off = period.state not in ALIVE
    for need in session.execute(mine).scalars():
        row = told.get(need.key)
        if row is not None and need.by_at != row["by_at"]:
            need.from_at, need.by_at = row["from_at"], row["by_at"]
            need.state = "planned" if need.inspection_id else "open"
        elif is_off:
            need.state, need.inspection_id = "dropped", None
    session.flush()


def _drop(session: Session, keys: Iterable[str]) -> None:
    gone = sorted(keys)
    for n in range(0, len(gone), PARTS):
        mine = update(InspectionNeed).where(
            col(InspectionNeed.key).in_(gone[n : n + PARTS]),
            col(InspectionNeed.state).in_(UNSETTLED),
        )
        session.execute(
            mine.values(state="dropped", inspection_id=None),
            execution_options={"synchronize_session": False},
        )


def _add(session: Session, rows: Sequence[Facts]) -> int:
    """Those that are not there yet; how many. What was dropped and is wanted again comes back."""
    new = _INSERT[session.get_bind().dialect.name]
    added = 0
    for n in range(0, len(rows), PARTS):
        part = rows[n : n + PARTS]
        back = delete(InspectionNeed).where(
            col(InspectionNeed.key).in_([row["key"] for row in part]),
            col(InspectionNeed.state) == "dropped",
            col(InspectionNeed.kind) != "request",
        )
        session.execute(back, execution_options={"synchronize_session": False})
        added += len(session.execute(new.values(part).returning(col(InspectionNeed.id))).all())
    return added


_INSERT = {
    name: dialect.insert(InspectionNeed).on_conflict_do_nothing(index_elements=["key"])
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
