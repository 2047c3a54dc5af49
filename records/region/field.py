"""What the field has: teams with bases, certificates, vehicles, instruments; and some visits.

Days count from the day of the seed, so that a demo has certificates that run out soon and visits
that are yet to come; all else is the same each time.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Select, select
from sqlmodel import Session, col

from records.assets import Asset
from records.bookings import Booking
from records.certificates import Certificate
from records.circuits import Circuit, Site
from records.region.dice import Dice
from records.region.people import Hired
from records.region.places import City, Place
from records.region.rows import Rows
from records.region.sizes import Plan, share
from records.teams import Team, Teammate
from records.visits import Visit, VisitJob

SEATS = 5
TEAM = 10  # people of the field trade who share a van or two
CERTIFIED = ("climbing", "power", "splicing", "otdr", "inspection")  # skills that one has papers of
INSTRUMENTS = {  # of a team: type, Chinese and English name, how many teams of ten have one
    "power_meter": ("光功率计", "Optical power meter", 1.0),
    "otdr": ("光时域反射仪", "OTDR", 0.7),
    "splicer": ("熔接机", "Fusion splicer", 0.6),
    "ethernet_tester": ("以太网测试仪", "Ethernet tester", 0.9),
    "earth_tester": ("接地电阻测试仪", "Earth tester", 0.5),
    "ber_tester": ("误码仪", "Bit error tester", 0.3),
}
METER = "power_meter"
INSPECTORS = 3  # network service managers who share a power meter more
UNCALIBRATED = ("splicer",)
DAY = timedelta(days=1)
MORNING, LASTS, WAY = timedelta(hours=1), timedelta(hours=2), 30  # 09:00 there; 30 minutes of road
VISITS = (-9, -5, -2, 1, 3, 6)  # of each team: so many days from the seed's
JOBS: tuple[
    tuple[str, str, list[str], list[str], int], ...
] = (  # what is done, in turn: kind, title, skills, tools, minutes
    ("audit", "资源核查 / Check of inventory", [], [], 30),
    ("test", "本地测试 / Local test", [], ["ethernet_tester"], 30),
    ("inspection", "机房巡检 / Room inspection", ["inspection"], ["power_meter"], 90),
)


class Crew:
    """A team as it was equipped: what a visit of its books."""

    def __init__(self, key: str, city: str, people: Sequence[Hired]) -> None:
        self.key, self.city, self.people = key, city, people
        self.vehicle: int | None = None


def equip_field(
    rows: Rows, plan: Plan, cities: Sequence[City], hired: Sequence[Hired], now: datetime
) -> list[Crew]:
    """Teams of each city, near its sites, and what they have."""
    depot = Depot(rows, now)
    by_city = {
        number: list(of_city)
        for number, of_city in groupby(sorted(hired, key=_city_of), key=_city_of)
    }
    for city in cities:
        people = by_city.get(city.number, [])
        leads = [each.login for each in people if each.trade == "lead"]
        field = [each for each in people if each.trade == "field"]
        for n, team in enumerate(_in_teams(field)):
            base, lead = city.pops[n * 7 % len(city.pops)], leads[n % len(leads)] if leads else ""
            depot.found(city, base, f"{n + 1}", f"{city.name.zh}{n + 1}班", team, lead)
        managers = [each for each in people if each.trade == "nsm"]
        if managers:
            depot.found(
                city, city.cores[0], "nsm", f"{city.name.zh}网服组", managers, managers[0].login
            )
    depot.buy_vehicles(plan.vehicles)
    return depot.crews


def plan_visits(rows: Rows, session: Session, crews: Sequence[Crew], now: datetime) -> None:
    """A few of each team, past and to come, each at another circuit's end in its city."""
    rows.flush()
    diary, today = Diary(rows), midnight(now)
    for city, teams in groupby(sorted(crews, key=lambda crew: crew.city), lambda crew: crew.city):
        ends = iter(session.execute(_ends(city)).all())
        for crew in teams:
            for n, days in enumerate(VISITS):
                end = next(ends, None)
                if end is not None and crew.vehicle is not None:
                    diary.write(crew, today + days * DAY, n, *end)


class Depot:
    """Founds teams and buys what they need."""

    def __init__(self, rows: Rows, now: datetime) -> None:
        self._rows, self._today, self._dice = rows, midnight(now), Dice("field")
        self._teams: list[tuple[int, City]] = []
        self.crews: list[Crew] = []

    def found(
        self, city: City, base: Place, n: str, name: str, people: Sequence[Hired], lead: str
    ) -> None:
        key = f"{city.code.lower()}-{n}"
        team = self._rows.add(
            Team,
            key=key,
            name=name,
            name_en=f"{city.name.en} {n}",
            city=city.name.zh,
            base_site_id=base.id,
            lead=lead,
        )
        for person in people:
            self._rows.link(Teammate, person_id=person.id, team_id=team)
            for skill in person.skills:
                self._certify(person.id, skill)
        for type, (zh, en, chance) in INSTRUMENTS.items():
            if self._dice.happens(chance):
                self._buy(city, team, key, type, zh, en)
        for more in range(len(people) // INSPECTORS if n == "nsm" else 0):
            self._buy(city, team, f"{key}-{more + 2}", METER, *INSTRUMENTS[METER][:2])
        self._teams.append((team, city))
        self.crews.append(Crew(key, city.name.zh, people))

    def buy_vehicles(self, count: int) -> None:
        """Scarce: where there are fewer than teams, the later ones of each city have none."""
        nth, of_city = dict[str, int](), dict[str, int]()
        order: list[tuple[int, int]] = []
        for at, (_, city) in enumerate(self._teams):
            nth[city.code] = nth.get(city.code, 0) + 1
            order.append((nth[city.code], at))
        turns = [at for _, at in sorted(order)]
        for turn in range(count if turns else 0):
            at = turns[turn % len(turns)]
            team, city = self._teams[at]
            of_city[city.code] = of_city.get(city.code, 0) + 1
            bought = self._vehicle(city, team, of_city[city.code])
            self.crews[at].vehicle = self.crews[at].vehicle or bought

    def _vehicle(self, city: City, team: int, n: int) -> int:
        is_van = n % 3 > 0
        kind = (
            ("van", "工程车", "Service van") if is_van else ("splicing_van", "抢修车", "Repair van")
        )
        return self._asset(city, team, f"{city.code}-V{n:03d}", "vehicle", *kind, seats=SEATS)

    def _buy(self, city: City, team: int, key: str, type: str, zh: str, en: str) -> None:
        code = f"{key.upper()}-{type.upper().replace('_', '-')}"
        last, due = self._dice.below(330) + 30, None
        if type not in UNCALIBRATED:
            due = self._today + (365 - last) * DAY
        self._asset(city, team, code, "instrument", type, zh, en, due=due)

    def _asset(
        self,
        city: City,
        team: int,
        code: str,
        kind: str,
        type: str,
        zh: str,
        en: str,
        *,
        seats: int = 0,
        due: datetime | None = None,
    ) -> int:
        return self._rows.add(
            Asset,
            code=code,
            kind=kind,
            type=type,
            name=zh,
            name_en=en,
            city=city.name.zh,
            team_id=team,
            seats=seats,
            state="in_service",
            calibrated_at=due - 365 * DAY if due else None,
            calibration_due_at=due,
            revision=1,
        )

    def _certify(self, person: int, skill: str) -> None:
        """Most who can do it have papers; some of these have run out."""
        if skill not in CERTIFIED or not self._dice.happens(0.9):
            return
        ends = self._today + (self._dice.below(1_000) - 40) * DAY
        self._rows.add(
            Certificate,
            person_id=person,
            skill=skill,
            level=1 + self._dice.below(3),
            number=f"HD-{skill[:2].upper()}-{self._dice.below(900_000) + 100_000}",
            issued_at=ends - 1_095 * DAY,
            expires_at=ends,
            withdrawn_at=None,
        )


class Diary:
    """Writes visits down, as if somebody had planned them."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def write(
        self, crew: Crew, day: datetime, n: int, circuit: int, site: int, customer: int
    ) -> None:
        starts_at, is_past = day + MORNING, n < 3
        ends_at, planned_at = starts_at + LASTS, day - 10 * DAY
        kind, title, skills, tools, minutes = JOBS[n % len(JOBS)]
        visit = self._rows.add(
            Visit,
            site_id=site,
            customer_id=customer,
            state="finished" if is_past else "planned" if n % 2 else "crewed",
            starts_at=starts_at,
            ends_at=ends_at,
            ordinal=1,
            reason="",
            approved_by="",
            approved_at=None,
            travel_minutes=WAY,
            is_explained=kind != "audit",
            sheet={},
            explained_at=planned_at if is_past else None,
            confirmed_at=planned_at + DAY if n in (0, 1) else None,
            confirmed_by="",
            remind_at=None,
            reminders=0,
            sequence=1,
            started_at=starts_at if is_past else None,
            finished_at=ends_at if is_past else None,
            cancelled_at=None,
            closing={"note": ""} if is_past else {},
            planned_by="dora",
            planned_at=planned_at,
            revision=1,
        )
        self._rows.add(
            VisitJob,
            visit_id=visit,
            subject=f"circuit:{circuit}",
            kind=kind,
            title=title,
            skills=skills,
            tools=tools,
            minutes=minutes,
            people=1,
            state="done" if is_past else "planned",
            result={"is_done": True} if is_past else {},
        )
        if is_past or n % 2 == 0:
            self._book(crew, visit, starts_at - timedelta(minutes=WAY), ends_at, planned_at)

    def _book(
        self, crew: Crew, visit: int, starts_at: datetime, ends_at: datetime, at: datetime
    ) -> None:
        for person, asset, role in (
            (crew.people[0].id, None, "lead"),
            (None, crew.vehicle, "vehicle"),
        ):
            self._rows.add(
                Booking,
                person_id=person,
                asset_id=asset,
                visit_id=visit,
                purpose="visit",
                role=role,
                note="",
                starts_at=starts_at,
                ends_at=ends_at,
                booked_by="dora",
                booked_at=at,
                released_at=None,
            )


def _in_teams(people: Sequence[Hired]) -> Iterator[Sequence[Hired]]:
    count = -(-len(people) // TEAM)
    begin = 0
    for size in share(len(people), [1.0] * count) if count else ():
        yield people[begin : begin + size]
        begin += size


def _city_of(person: Hired) -> int:
    return person.city


def midnight(now: datetime) -> datetime:
    """Of the day in UTC; 08:00 there."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _ends(city: str) -> Select[tuple[int, int, int]]:
    """The A ends of customers' circuits there, each once."""
    rooms = select(col(Circuit.id), col(Site.id), col(Circuit.customer_id)).join(
        Site, col(Site.id) == col(Circuit.a_site_id)
    )
    here = rooms.where(col(Site.city) == city, col(Site.kind) == "customer")
    return here.order_by(col(Circuit.id)).limit(400)
