"""What came of a year of planned inspections, counted from what was held and booked, not by the
planner's own rules. Called by plan_year.py.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

from bpmn import inspections as inspection_runs
from records import Circuit, Customer, Inspection, InspectionNeed, Site
from records.database import open_session
from tasks import policies
from tasks.sla.calendars import Calendar, calendars_of

FIRST = datetime(2026, 1, 1, 19, 0, tzinfo=UTC)  # the planner's hour: three in the night there
console = Console()


@dataclass
class Month:
    """What was done in one, and how long it took."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    used: float = 0.0  # of the processor


def judge(engine: Engine, now: datetime, months: dict[str, Month]) -> dict[str, int]:
    """Counted from what was held and what was booked."""
    with open_session(engine, readonly=True) as session:
        _count_months(session, months)
        held = _held(session)
        needs = session.exec(select(InspectionNeed).where(col(InspectionNeed.by_at) <= now)).all()
        due = [need for need in needs if need.state not in ("dropped", "declined")]
        due = [need for need in due if need.noted_at >= FIRST]  # the demo has older ones
        times = [_times(need, held) for need in due]
        for need, n in zip(due, times, strict=True):
            if n != 1:
                span = f"{need.from_at:%m-%d} to {need.by_at:%m-%d}"
                console.print(f"{need.key}: {n} times, {need.state}, {span}")
        calendar = _calendar(session)
        days = [day for ends in held.values() for day in ends.values()]
        wanted = _wanted(session, now)
        there = {need.key for need in due if need.kind == "periodic"}
        return {
            "wanted by the table of cycles": len(wanted),
            "of these, nobody needed": len(wanted - there),
            "needs that were due": len(due),
            "met exactly once": sum(n == 1 for n in times),
            "met twice or more": sum(n > 1 for n in times),
            "not met": sum(n == 0 for n in times),
            "inspections held": len(days),
            "on a holiday or at a weekend": sum(_is_holiday(calendar, day) for day in days),
            "crews booked twice at once": session.execute(_DOUBLE).scalar_one(),
        }


def _wanted(session: Session, now: datetime) -> set[str]:
    """What the cycle asks for until now, worked out from the circuits one by one; their ends do
    not change in that year."""
    cycles, found = inspection_runs.cycles(session), set[str]()
    for customer in session.exec(select(Customer).where(Customer.grade != "std")):
        mine = Counter[int]()
        old = set[int]()
        for circuit in session.exec(select(Circuit).where(Circuit.customer_id == customer.id)):
            for site in {circuit.a_site_id, circuit.z_site_id}:
                if session.get_one(Site, site).kind == "customer":
                    mine[site] += 1
                    old |= {site} if circuit.manageability == "none" else set()
        taken = 0
        for site in sorted(mine, key=lambda site: (-mine[site], site)):
            cycle = cycles(customer.grade, customer.is_headquarters, site in old)
            if cycle.months and taken < cycle.rooms:
                taken += 1
                found |= _keys(customer.id, site, cycle.months, now)
    return found


def _keys(customer: int, site: int, months: int, now: datetime) -> set[str]:
    """Of the periods that are over."""
    ends = [month for month in range(months, 13, months) if _is_over(month, now)]
    return {f"periodic:{customer}:{site}:{months}:2026-{end - months + 1:02}" for end in ends}


def _is_over(month: int, now: datetime) -> bool:
    there = now + timedelta(hours=8)
    return there.year > FIRST.year or there.month > month


Held = dict[tuple[int, int], dict[int, datetime]]  # of an end: inspections, and when


def _held(session: Session) -> Held:
    found: Held = {}
    rows = select(Inspection).where(col(Inspection.inspected_at) >= FIRST)
    for row in session.exec(rows):
        assert row.inspected_at is not None
        found.setdefault((row.customer_id, row.site_id), {})[row.id] = row.inspected_at
    return found


def _times(need: InspectionNeed, held: Held) -> int:
    """How many inspections were held for it: of its room, within its time, that name it."""
    ends = held.get((need.customer_id, need.site_id), {})
    return sum(
        need.inspection_id == id and need.from_at <= at <= need.by_at for id, at in ends.items()
    )


def _calendar(session: Session) -> Calendar:
    policy = policies.current(session, "calendars")
    return calendars_of(policy.content, policy.number)["office"]


def _is_holiday(calendar: Calendar, at: datetime) -> bool:
    day: date = at.astimezone(calendar.zone).date()
    is_weekend = day.weekday() >= 5
    return day in calendar.holidays or (is_weekend and day not in calendar.workdays)


def _count_months(session: Session, months: dict[str, Month]) -> None:
    """Inspections by the month in which they were planned; what they were for."""
    for row in session.exec(select(Inspection)):
        month = months.setdefault(f"{row.planned_at:%Y-%m}", Month())
        month.counts["planned"] += 1
        month.counts[row.kind] += 1
        month.counts["again"] += row.state == "cancelled"


_DOUBLE = text(
    "SELECT count(*) FROM booking a JOIN booking b ON a.id < b.id AND a.starts_at < b.ends_at"
    " AND b.starts_at < a.ends_at AND (a.person_id = b.person_id OR a.asset_id = b.asset_id)"
    " WHERE a.released_at IS NULL AND b.released_at IS NULL"
)
COLUMNS = ("planned", "periodic", "opening", "assurance", "again", "held")


def show_year(months: dict[str, Month], told: dict[str, int]) -> None:
    table = Table(title="Planned in each month")
    table.add_column("month")
    for name in (*COLUMNS, "seconds", "of the processor"):
        table.add_column(name, justify="right")
    for name, month in sorted(months.items()):
        numbers = [f"{month.counts[column]:,}" for column in COLUMNS]
        table.add_row(name, *numbers, f"{month.seconds:.1f}", f"{month.used:.1f}")
    console.print(table)
    verdict = Table(title="The year", show_header=False)
    for name, count in told.items():
        verdict.add_row(name, f"{count:,}")
    console.print(verdict)
