"""When each room is inspected, and by whom (巡检排期): every need by one inspection, spread over
working days and crews. Called by the flow, some days ahead of the visits; twice changes nothing.

1. gather needs  2. let go of what does not fit any more  3. put needs on inspections that are
planned for that room anyway  4. plan the others  5. say what was missed. One planner at a time: the
flow sees to it, and slots and keys are unique besides.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zlib import crc32

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from records import Inspection, InspectionNeed, Site, history
from tasks import policies
from tasks.inspections import needs
from tasks.inspections.inspection_crews import Pool, Slot
from tasks.inspections.inspection_states import AHEAD
from tasks.inspections.periods import DAY
from tasks.inspections.rooms import Cycles
from tasks.sla.calendars import Calendar

BY = "system"
PART = 500
URGENCY = ("opening", "assurance", "request", "periodic")  # which kind names an inspection
Times = tuple[datetime, datetime]


@dataclass(frozen=True)
class Planned:
    """What one run of the planner did."""

    needs: int  # that are new
    joined: int  # put on inspections that there were
    planned: int  # inspections that are new
    left: int  # needs for which there is no crew, or no day
    missed: int


def plan(session: Session, cycles: Cycles, *, now: datetime) -> Planned:
    new = needs.gather(session, cycles, now=now)
    _let_go(session, now)
    joined = _join(session)
    waiting = _open_needs(session, now)
    planned, left = _place(session, waiting, now)
    return Planned(new, joined, planned, left, _miss(session, now))


def orphans(session: Session, limit: int = 500) -> Sequence[int]:
    """Inspections that nothing needs any more, and to which nobody has gone yet."""
    needed = select(col(InspectionNeed.inspection_id)).where(
        col(InspectionNeed.state) == "planned", col(InspectionNeed.inspection_id).is_not(None)
    )
    rows = select(col(Inspection.id)).where(
        col(Inspection.state).in_(AHEAD), col(Inspection.id).not_in(needed)
    )
    return session.execute(rows.order_by(col(Inspection.id)).limit(limit)).scalars().all()


class Days:
    """The working days of a calendar, and the slots of each."""

    def __init__(self, calendar: Calendar, clocks: Iterable[str]) -> None:
        self._calendar = calendar
        self._clocks = [time.fromisoformat(clock) for clock in clocks]
        self._known: dict[tuple[date, int], list[Times]] = {}

    def within(self, from_at: datetime, by_at: datetime, minutes: int) -> list[list[Times]]:
        """For each working day the slots that are wholly in that time."""
        zone, found = self._calendar.zone, []
        day, last = from_at.astimezone(zone).date(), by_at.astimezone(zone).date()
        while day <= last:
            slots = [
                slot for slot in self._of(day, minutes) if slot[0] >= from_at and slot[1] <= by_at
            ]
            found += [slots] if slots else []
            day += DAY
        return found

    def _of(self, day: date, minutes: int) -> list[Times]:
        key = day, minutes
        if key not in self._known:
            self._known[key] = [slot for slot in self._all(day, minutes) if self._is_open(slot)]
        return self._known[key]

    def _all(self, day: date, minutes: int) -> Iterator[Times]:
        for clock in self._clocks:
            starts_at = datetime.combine(day, clock, self._calendar.zone)
            yield starts_at, starts_at + timedelta(minutes=minutes)

    def _is_open(self, slot: Times) -> bool:
        return self._calendar.between(*slot) == (slot[1] - slot[0]).total_seconds()


def _let_go(session: Session, now: datetime) -> None:
    """Needs whose inspection is off, was never sent out, or is not within their time any more."""
    is_planned = col(Inspection.state) == "planned"
    is_off = (col(Inspection.state) == "cancelled") | (
        is_planned & (col(Inspection.starts_at) <= now)
    )
    is_out = ~col(Inspection.starts_at).between(
        col(InspectionNeed.from_at), col(InspectionNeed.by_at)
    )
    # What was agreed with the customer stays, unless the reason itself has moved.
    is_loose = is_planned | (col(InspectionNeed.kind) == "assurance")
    gone = (
        select(col(InspectionNeed.id))
        .join(Inspection, col(Inspection.id) == col(InspectionNeed.inspection_id))
        .where(col(InspectionNeed.state) == "planned", is_off | (is_out & is_loose))
    )
    _set(session, session.execute(gone).scalars().all(), state="open", inspection_id=None)


def _join(session: Session) -> int:
    """Needs of a room that somebody goes to anyway within their time."""
    is_within = col(Inspection.starts_at).between(
        col(InspectionNeed.from_at), col(InspectionNeed.by_at)
    )
    pairs = (
        select(col(InspectionNeed.id), col(Inspection.id), col(Inspection.state))
        .join(
            Inspection,
            (col(Inspection.site_id) == col(InspectionNeed.site_id))
            & (col(Inspection.customer_id) == col(InspectionNeed.customer_id)),
        )
        .where(col(InspectionNeed.state) == "open", col(Inspection.state) != "cancelled", is_within)
        .order_by(col(Inspection.starts_at), col(Inspection.id))
    )
    joined = dict[int, tuple[int, str]]()
    for need, inspection, state in session.execute(pairs):
        joined.setdefault(need, (inspection, state))
    for need, (inspection, state) in joined.items():
        is_ahead = "planned" if state in AHEAD else "met"
        _set(session, [need], state=is_ahead, inspection_id=inspection)
    return len(joined)


def _open_needs(session: Session, now: datetime) -> list[list[InspectionNeed]]:
    """By rooms, those together that one inspection can meet; the most pressing first."""
    rows = (
        select(InspectionNeed)
        .where(col(InspectionNeed.state) == "open", col(InspectionNeed.by_at) > now)
        .order_by(
            col(InspectionNeed.customer_id), col(InspectionNeed.site_id), col(InspectionNeed.by_at)
        )
    )
    found: list[list[InspectionNeed]] = []
    for _, mine in groupby(session.execute(rows).scalars(), lambda n: (n.customer_id, n.site_id)):
        found += _overlapping(list(mine))
    return sorted(found, key=lambda group: (group[0].by_at, group[0].id))


def _overlapping(mine: Sequence[InspectionNeed]) -> list[list[InspectionNeed]]:
    groups: list[list[InspectionNeed]] = []
    for need in mine:
        fit = next((g for g in groups if need.from_at + 2 * DAY <= g[0].by_at), None)
        if fit is None:
            groups.append([need])
        else:
            fit.append(need)
    return groups


def _place(
    session: Session, waiting: Sequence[Sequence[InspectionNeed]], now: datetime
) -> tuple[int, int]:
    """How many were planned, and how many needs are left."""
    if not waiting:
        return 0, 0
    pool = Pool(session).read(now)
    planning = policies.current(session, "inspections").content["planning"]
    days = Days(needs.calendar_of(session), planning["slots"])
    rooms = policies.current(session, "checklists").content["rooms"]
    places = _places(session, {group[0].site_id for group in waiting})
    soon = planning["least_notice_days"]
    ways = ((soon, False), (1, False), (1, True))  # at short notice; then from another city
    placed, left = [], 0
    for group in waiting:
        minutes = max(rooms.get(need.room, {"minutes": 90})["minutes"] for need in group)
        place = places[group[0].site_id]
        found = (
            _find(pool, days.within(*_time(group, now + wait * DAY), minutes), place, group, far)
            for wait, far in ways
        )
        slot = next(filter(None, found), None)
        if slot is None:
            left += len(group)
        else:
            pool.take(slot, place)
            placed.append((group, slot))
    _write(session, placed, now)
    return len(placed), left


def _time(group: Sequence[InspectionNeed], soonest: datetime) -> Times:
    return max(soonest, *(need.from_at for need in group)), min(need.by_at for need in group)


def _find(
    pool: Pool,
    free: Sequence[Sequence[Times]],
    place: Site,
    group: Sequence[InspectionNeed],
    far: bool,
) -> Slot | None:
    """Each room has a day of the period of its own, so that days are equally full and a room is
    seen at equal intervals; the days after that, then those before."""
    seed = crc32(f"{group[0].customer_id}:{group[0].site_id}".encode())
    first = seed % len(free) if free else 0
    for slots in (*free[first:], *free[:first]):
        turn = seed // len(free) % len(slots)
        for starts_at, ends_at in (*slots[turn:], *slots[:turn]):
            if slot := pool.find(place, starts_at, ends_at, far):
                return slot
    return None


def _write(
    session: Session, placed: Sequence[tuple[Sequence[InspectionNeed], Slot]], now: datetime
) -> None:
    rows = [_row(group, slot, now) for group, slot in placed]
    ids: list[int] = []
    for n in range(0, len(rows), PART):
        new = insert(Inspection).returning(col(Inspection.id), sort_by_parameter_order=True)
        ids += session.execute(new, rows[n : n + PART]).scalars()
    for id, (group, slot) in zip(ids, placed, strict=True):
        _set(session, [need.id for need in group], state="planned", inspection_id=id)
        told = {"needs": [need.key for need in group], "lead": slot.lead.person.login}
        told["starts_at"] = slot.starts_at.isoformat()
        history.record(session, "planned", subject=f"inspection:{id}", by=BY, at=now, also=told)


def _row(group: Sequence[InspectionNeed], slot: Slot, now: datetime) -> dict[str, Any]:
    kind = min((need.kind for need in group), key=URGENCY.index)
    way = int((slot.starts_at - slot.span[0]).total_seconds() / 60)
    crew = {"vehicle": slot.vehicle.asset.id if slot.vehicle else None, "way": way}
    crew["instruments"] = [thing.asset.id for thing in slot.things]  # type: ignore[assignment]
    first = group[0]
    told: dict[str, Any] = {"customer_id": first.customer_id, "site_id": first.site_id}
    told |= {"kind": kind, "room": first.room, "state": "planned", "crew": crew}
    told |= {"from_at": max(n.from_at for n in group), "by_at": min(n.by_at for n in group)}
    told |= {"starts_at": slot.starts_at, "ends_at": slot.ends_at, "lead_id": slot.lead.person.id}
    told |= {"planned_by": BY, "planned_at": now, "inspected_by": "", "revision": 1}
    return told | {"remarks": {}, "signature": {}, "closing": {}}


def _miss(session: Session, now: datetime) -> int:
    late = select(col(InspectionNeed.id)).where(
        col(InspectionNeed.state) == "open", col(InspectionNeed.by_at) <= now
    )
    gone = session.execute(late).scalars().all()
    _set(session, gone, state="missed")
    for id in gone:
        history.record(session, "missed", subject=f"inspection need:{id}", by=BY, at=now)
    return len(gone)


def _set(session: Session, keys: Sequence[int], **told: Any) -> None:
    for n in range(0, len(keys), PART):
        mine = update(InspectionNeed).where(col(InspectionNeed.id).in_(keys[n : n + PART]))
        session.execute(mine.values(**told), execution_options={"synchronize_session": False})


def _places(session: Session, ids: set[int]) -> dict[int, Site]:
    found: dict[int, Site] = {}
    wanted = sorted(ids)
    for n in range(0, len(wanted), PART):
        rows = select(Site).where(col(Site.id).in_(wanted[n : n + PART]))
        found |= {site.id: site for site in session.execute(rows).scalars()}
    return found
