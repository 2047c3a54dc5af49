"""Who can inspect where and when: people who may, with the instruments and vehicles of their team.
Read once for a whole plan; what is placed is taken at once. Called by planner.py.

What it allows is only thought: visit_crews.assign books, and has the last word.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from records import Asset, Booking, Group, Inspection, Membership, Person, Site, Team, Teammate
from records import Visit as VisitRow
from tasks import policies
from tasks.field import assets, certificates, distances
from tasks.field.certificates import read_wanted

JOB = "inspection"  # as in the policy "visits"
MOST_CREWS = 8  # that are asked for one room
LATELY = timedelta(hours=12)  # visit_crews.LATELY
Span = tuple[datetime, datetime]
Rules = Mapping[str, Any]


@dataclass
class Taken:
    """When somebody or something is taken, by days."""

    days: dict[Any, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def add(self, span: Span) -> None:
        day = span[0].date()
        while day <= span[1].date():
            self.days[day].append(span)
            day += timedelta(days=1)

    def is_free(self, span: Span) -> bool:
        near = self.days.get(span[0].date(), []) + self.days.get(span[1].date(), [])
        return not any(begins < span[1] and ends > span[0] for begins, ends in near)


@dataclass
class Inspector:
    """Somebody who may, and where they are."""

    person: Person
    taken: Taken = field(default_factory=Taken)
    places: list[tuple[datetime, Site]] = field(default_factory=list)  # where visits end, and when

    def comes_from(self, base: Site | None, at: datetime) -> Site | None:
        late = [(ends, place) for ends, place in self.places if at - LATELY < ends <= at]
        return max(late, key=lambda each: each[0])[1] if late else base


@dataclass
class Thing:
    """An instrument or a vehicle."""

    asset: Asset
    taken: Taken = field(default_factory=Taken)


@dataclass
class Crew:
    """A team as far as it can inspect."""

    base: Site | None
    people: list[Inspector] = field(default_factory=list)
    things: dict[str, list[Thing]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class Slot:
    """A time with all that it takes."""

    starts_at: datetime
    ends_at: datetime
    lead: Inspector
    things: Sequence[Thing]
    vehicle: Thing | None
    span: Span  # with the way there


class Pool:
    """The crews of each city."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.rules = {key: policies.current(session, key).content for key in _POLICIES}
        job = self.rules["visits"]["jobs"][JOB]
        self.tools: list[str] = job["tools"]
        self.skills = [read_wanted(text) for text in job["skills"]]
        self.cities: dict[str, list[Crew]] = defaultdict(list)
        self._near: dict[tuple[int, bool], list[Crew]] = {}
        self._teams: dict[int, Crew] = {}
        self._people: dict[int, Inspector] = {}
        self._things: dict[int, Thing] = {}

    def read(self, now: datetime) -> "Pool":
        self._read_people()
        self._read_things()
        self._held = certificates.held_by(self._session, self._people)
        self._read_bookings(now)
        self._read_plans(now)
        return self

    def find(self, place: Site, starts_at: datetime, ends_at: datetime, far: bool) -> Slot | None:
        """The nearest crew that is free then: of that city; of any, where it has none or `far`."""
        for crew in self._near.get((place.id, far)) or self._look_near(place, far):
            things = [self._pick(crew.things[tool], (starts_at, ends_at)) for tool in self.tools]
            if all(things) and (slot := self._lead(crew, place, starts_at, ends_at)):
                carried = [self._pick(crew.things[tool], slot.span) for tool in self.tools]
                if all(carried):
                    vehicle = self._pick(crew.things["vehicle"], slot.span)
                    fit = [thing for thing in carried if thing]
                    return Slot(starts_at, ends_at, slot.lead, fit, vehicle, slot.span)
        return None

    def take(self, slot: Slot, place: Site) -> None:
        slot.lead.taken.add(slot.span)
        slot.lead.places.append((slot.ends_at, place))
        for thing in [*slot.things, *([slot.vehicle] if slot.vehicle else [])]:
            thing.taken.add(slot.span)

    def _look_near(self, place: Site, far: bool) -> list[Crew]:
        able = {city: [c for c in crews if c.people] for city, crews in self.cities.items()}
        crews = [] if far else able.get(place.city, [])
        crews = crews or [crew for mine in able.values() for crew in mine]
        near = sorted(crews, key=lambda crew: _far(crew, place))[:MOST_CREWS]
        return self._near.setdefault((place.id, far), near)

    def _lead(self, crew: Crew, place: Site, starts_at: datetime, ends_at: datetime) -> Slot | None:
        for mate in crew.people:
            if not mate.taken.is_free((starts_at, ends_at)) or self._why_not(mate, ends_at):
                continue
            start = mate.comes_from(crew.base, starts_at)
            way = distances.travel(self.rules["distances"], start, place, starts_at)
            span = (starts_at - timedelta(minutes=way.minutes), ends_at)
            if mate.taken.is_free(span):
                return Slot(starts_at, ends_at, mate, (), None, span)
        return None

    def _why_not(self, mate: Inspector, until: datetime) -> object:
        crews = self.rules["crews"]
        whys = (
            certificates.why_not(crews, mate.person, self._held, wanted, until)
            for wanted in self.skills
        )
        return next((why for why in whys if why), None)

    def _pick(self, things: Iterable[Thing], span: Span) -> Thing | None:
        crews = self.rules["crews"]
        fit = (thing for thing in things if thing.taken.is_free(span))
        return next((t for t in fit if assets.why_not(crews, t.asset, span[1]) is None), None)

    def _read_people(self) -> None:
        groups = select(col(Membership.person_id)).join(
            Group, col(Group.id) == col(Membership.group_id)
        )
        mine = groups.where(col(Group.key).in_(self.rules["crews"]["groups"]))
        rows = (
            select(Person, Team, Site)
            .join(Teammate, col(Teammate.person_id) == col(Person.id))
            .join(Team, col(Team.id) == col(Teammate.team_id))
            .outerjoin(Site, col(Site.id) == col(Team.base_site_id))
            .where(col(Person.active), col(Person.id).in_(mine))
            .order_by(col(Person.login))
        )
        wanted = {skill.skill for skill in self.skills}
        for person, team, base in self._session.execute(rows).all():
            if team.id not in self._teams:
                self._teams[team.id] = Crew(base)
                self.cities[team.city].append(self._teams[team.id])
            if wanted <= {skill.partition(":")[0] for skill in person.skills} or not wanted:
                mate = self._people[person.id] = Inspector(person)
                self._teams[team.id].people.append(mate)

    def _read_things(self) -> None:
        rows = select(Asset).where(
            col(Asset.team_id).in_(list(self._teams)), col(Asset.state) == "in_service"
        )
        for asset in self._session.execute(rows.order_by(col(Asset.code))).scalars():
            if asset.kind == "vehicle" or asset.type in self.tools:
                thing = self._things[asset.id] = Thing(asset)
                kind = "vehicle" if asset.kind == "vehicle" else asset.type
                self._teams[asset.team_id or 0].things[kind].append(thing)

    def _read_bookings(self, now: datetime) -> None:
        rows = (
            select(Booking, Site)
            .outerjoin(VisitRow, col(VisitRow.id) == col(Booking.visit_id))
            .outerjoin(Site, col(Site.id) == col(VisitRow.site_id))
            .where(col(Booking.released_at).is_(None), col(Booking.ends_at) > now - LATELY)
        )
        for booking, place in self._session.execute(rows):
            span = (booking.starts_at, booking.ends_at)
            if mate := self._people.get(booking.person_id or 0):
                mate.taken.add(span)
                mate.places += [(booking.ends_at, place)] if place else []
            elif thing := self._things.get(booking.asset_id or 0):
                thing.taken.add(span)

    def _read_plans(self, now: datetime) -> None:
        """What is planned and not booked yet, with an hour's way."""
        names = ("lead_id", "crew", "starts_at", "ends_at")
        rows = (
            select(*(getattr(Inspection, name) for name in names), Site)
            .join(Site, col(Site.id) == col(Inspection.site_id))
            .where(col(Inspection.state) == "planned", col(Inspection.starts_at) > now)
        )
        for lead_id, crew, starts_at, ends_at, place in self._session.execute(rows):
            lead = self._people.get(lead_id or 0)
            span = (starts_at - timedelta(minutes=crew.get("way", 60)), ends_at)
            for key in (crew.get("vehicle"), *crew.get("instruments", ())):
                if thing := self._things.get(key or 0):
                    thing.taken.add(span)
            if lead is not None:
                lead.taken.add(span)
                lead.places.append((ends_at, place))


_POLICIES = ("visits", "crews", "distances")


def _far(crew: Crew, place: Site) -> float:
    base = crew.base
    is_known = base is not None and distances.is_placed(base) and distances.is_placed(place)
    return distances.apart(base, place) if base is not None and is_known else 1_000.0
