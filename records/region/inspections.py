"""Inspections of rooms at the demo's customers: some that were held, with what was measured and
found, and some that are to come; and an assurance period. The planner finds the others.

Days count from the day of the seed, as those of visits do (field.py).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, islice

from sqlalchemy import Select, select
from sqlmodel import Session, col

from records.assurance_periods import AssurancePeriod, AssuredCustomer
from records.circuits import Circuit, Site
from records.customers import Customer
from records.inspections import Finding, Inspection, InspectionNeed, Lead, Measurement
from records.region.dice import Dice
from records.region.field import MORNING, Crew, midnight
from records.region.rows import Rows

DAY, LASTS = timedelta(days=1), timedelta(minutes=90)
HELD = (-40, -26, -12, -5)  # of each city: so many days from the seed's
ASSURED = 12  # customers
MEASURED: tuple[tuple[str, str, float, float], ...] = (  # item, unit, usual value, give or take
    ("temperature", "celsius", 22.0, 3.0),
    ("voltage", "volt", 221.0, 5.0),
    ("earthing", "ohm", 2.0, 4.5),
    ("received_power", "dbm", -15.0, 4.0),
)
FOUND = {  # of the second and the third in each city: what is not as it should be
    1: ("earthing", "接地电阻: 6.2 ohm / Earth resistance: 6.2 ohm", "danger", "major", "work"),
    2: ("need", "年底扩容到 200M / 200 Mbit/s by the end of the year", "need", "minor", "lead"),
}
End = tuple[int, int, str]  # a site, its customer, the account manager


def inspect_rooms(rows: Rows, session: Session, crews: Sequence[Crew], now: datetime) -> None:
    rows.flush()
    book, today = Book(rows), midnight(now)
    teams = [crew for crew in crews if crew.key.endswith("-nsm")]
    for city, mine in groupby(teams, lambda crew: crew.city):
        crew = next(mine)
        ends: Iterator[End] = (tuple(row) for row in session.execute(_ends(city)))
        for n, (days, end) in enumerate(zip(HELD, islice(ends, len(HELD)), strict=False)):
            book.write(crew, today + days * DAY + MORNING, n, *end)
    _assure(rows, session, today)


class Book:
    """Writes inspections down, as if somebody had held them."""

    def __init__(self, rows: Rows) -> None:
        self._rows, self._dice = rows, Dice("inspections")

    def write(
        self, crew: Crew, at: datetime, n: int, site: int, customer: int, manager: str
    ) -> None:
        lead = crew.people[0]
        inspection = self._rows.add(
            Inspection,
            customer_id=customer,
            site_id=site,
            kind="periodic",
            room="cabinet",
            state="done",
            from_at=at - 20 * DAY,
            by_at=at + 20 * DAY,
            starts_at=at,
            ends_at=at + LASTS,
            lead_id=lead.id,
            crew={},
            visit_id=None,
            run_id=None,
            planned_by="system",
            planned_at=at - 30 * DAY,
            checklist=None,
            inspected_at=at + LASTS,
            inspected_by=lead.login,
            remarks={"summary": "机房总体良好"},
            signature={"is_signed": True, "signed_by": "信息科负责人"},
            signed_at=at + LASTS,
            report_by_at=at + 3 * DAY,
            reported_at=at + DAY,
            done_at=at + DAY,
            closing={},
            revision=1,
        )
        need = {"kind": "periodic", "cause": "", "customer_id": customer, "site_id": site}
        need |= {"from_at": at - 20 * DAY, "by_at": at + 20 * DAY, "room": "cabinet"}
        need |= {"key": f"demo:{inspection}", "state": "met", "inspection_id": inspection}
        self._rows.add(InspectionNeed, **need, noted_at=at - 30 * DAY)
        self._measure(inspection, site, at)
        if n in FOUND:
            self._find(inspection, site, customer, manager, at, FOUND[n])

    def _measure(self, inspection: int, site: int, at: datetime) -> None:
        for item, unit, usual, give in MEASURED:
            value = round(usual + give * (self._dice.below(101) - 50) / 50, 1)
            self._rows.add(
                Measurement,
                inspection_id=inspection,
                site_id=site,
                item=item,
                object="",
                value=abs(value) if usual > 0 else value,
                said="",
                unit=unit,
                recorded="",
                last=None,
                verdict="worse" if item == "earthing" and value > 5 else "good",
                measured_at=at,
            )

    def _find(
        self,
        inspection: int,
        site: int,
        customer: int,
        manager: str,
        at: datetime,
        found: tuple[str, str, str, str, str],
    ) -> None:
        item, what, nature, severity, action = found
        is_open, outcome = action == "work", ""
        if action == "lead":
            told = {"customer_id": customer, "source": f"inspection:{inspection}", "what": what}
            told |= {"owner": manager, "state": "open", "wanted_by": None, "note": ""}
            told |= {"noted_by": "system", "noted_at": at, "closed_at": None, "revision": 1}
            outcome = f"lead:{self._rows.add(Lead, **told)}"
        self._rows.add(
            Finding,
            inspection_id=inspection,
            customer_id=customer,
            site_id=site,
            item=item,
            object="",
            what=what,
            nature=nature,
            severity=severity,
            action=action,
            outcome=outcome,
            state="open" if is_open else "fixed",
            due_at=at + 40 * DAY,
            told_at=None,
            found_at=at,
            mended_by="",
            fixed_at=None if is_open else at,
            fixed_by="",
            note="",
            revision=1,
        )


def _assure(rows: Rows, session: Session, today: datetime) -> None:
    """Of the best customers, in three weeks; nobody has drafted its plan yet."""
    begins = today + 21 * DAY
    period = rows.add(
        AssurancePeriod,
        name="全省招商大会 / The province's fair",
        level="A",
        reason="",
        state="planned",
        starts_at=begins,
        ends_at=begins + 3 * DAY,
        plan={},
        notes=[],
        summary={},
        closing={},
        run_id=None,
        created_by="mei",
        created_at=today,
        approved_by="",
        began_at=None,
        ended_at=None,
        revision=1,
    )
    best = select(col(Customer.id)).where(col(Customer.grade) == "AAA").order_by(col(Customer.id))
    for customer in session.execute(best.limit(ASSURED)).scalars():
        rows.add(AssuredCustomer, period_id=period, customer_id=customer)


def _ends(city: str) -> Select[tuple[int, int, str]]:
    """Rooms of key customers there, each once."""
    rooms = (
        select(col(Site.id), col(Circuit.customer_id), col(Customer.account_manager))
        .join(Circuit, col(Circuit.a_site_id) == col(Site.id))
        .join(Customer, col(Customer.id) == col(Circuit.customer_id))
        .where(col(Site.city) == city, col(Site.kind) == "customer")
        .where(col(Customer.grade).in_(("AAA", "AA", "A")))
    )
    return rooms.distinct().order_by(col(Site.id)).limit(20)
