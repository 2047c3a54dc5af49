"""Who goes on a visit and what they take along. Called by visits.py and the doors.

A crew is fit when together they may do every job until the end, there are enough of them, each
instrument that a job wants is there, in service and calibrated, and the vehicle has seats for all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from records import Asset, Booking, Person, Site, Team, Teammate, Visit, VisitJob, history
from tasks import policies
from tasks.field import assets, bookings, certificates, distances, visit_sheets
from tasks.field.bookings import Taken
from tasks.field.certificates import Why, read_wanted
from tasks.field.visit_jobs import jobs_of
from tasks.field.visit_states import record, require, shift
from tasks.refusals import Conflict, Forbidden, Invalid

LATELY = timedelta(hours=12)  # a visit that ended since then is where they come from


@dataclass(frozen=True)
class Crew:
    """People, the lead first; what they drive, and what they carry."""

    people: Sequence[Person]
    vehicle: Asset | None = None
    instruments: Sequence[Asset] = field(default=())

    @property
    def taken(self) -> Taken:
        people = [(each, "member" if n else "lead") for n, each in enumerate(self.people)]
        vehicles = [(self.vehicle, "vehicle")] if self.vehicle else []
        return Taken(people, [*vehicles, *((each, "instrument") for each in self.instruments)])


def assign(session: Session, visit: Visit, crew: Crew, *, by: str, now: datetime) -> None:
    """派班: book them all, or say why not. Another crew takes the place of the one before."""
    require("crew", visit)
    _refuse(why_unfit(session, crew, jobs_of(session, visit), visit.ends_at))
    before = bookings.release(session, visit, now=now)
    _book(session, visit, crew, by, now)
    told = {"people": [each.login for each in crew.people], "travel_minutes": visit.travel_minutes}
    things = [asset.code for asset, _ in crew.taken.assets]
    shift(session, "crewed", visit, "crewed", by, now, assets=things, **told)
    gone = {row.person_id for row in before} - {each.id for each in crew.people}
    visit_sheets.tell_gone(session, visit, people_of(session, gone), now=now)
    visit_sheets.tell_crew(session, visit, crew.people, now=now)


def release(session: Session, visit: Visit, *, reason: str, by: str, now: datetime) -> None:
    """Nobody goes for now: they are free for something else."""
    require("release", visit)
    rows = bookings.release(session, visit, now=now)
    shift(session, "released", visit, "planned", by, now, reason=reason)
    people = people_of(session, [row.person_id for row in rows])
    visit_sheets.tell_gone(session, visit, people, now=now)


def rebook(session: Session, visit: Visit, *, by: str, now: datetime) -> bool:
    """The same crew for the visit as it is now; where that cannot be, they are released."""
    crew = crew_of(session, visit)
    why = [each for _, each in why_unfit(session, crew, jobs_of(session, visit), visit.ends_at)]
    if not why:
        try:
            with history.savepoint(session):
                bookings.release(session, visit, now=now)
                _book(session, visit, crew, by, now)
            record(session, "crew kept", visit, by, now)
            visit_sheets.tell_crew(session, visit, crew.people, now=now)
            return True
        except Conflict as refusal:
            why = [Why(refusal.zh, refusal.en)]
    reason = ";".join(each.zh for each in why)
    release(session, visit, reason=reason, by=by, now=now)
    return False


def crew_of(session: Session, visit: Visit) -> Crew:
    rows = bookings.of_visit(session, visit)
    people = people_of(session, [row.person_id for row in rows])
    wanted = [row.asset_id for row in rows if row.asset_id is not None]
    found = {each.id: each for each in session.exec(select(Asset).where(col(Asset.id).in_(wanted)))}
    things = [found[key] for key in wanted]
    vehicle = next((each for each in things if each.kind == "vehicle"), None)
    return Crew(people, vehicle, [each for each in things if each.kind == "instrument"])


def people_of(session: Session, ids: Iterable[int | None]) -> list[Person]:
    """In the order of the ids."""
    wanted = [key for key in ids if key is not None]
    rows = session.exec(select(Person).where(col(Person.id).in_(wanted)))
    found = {person.id: person for person in rows}
    return [found[key] for key in wanted]


def require_crew(session: Session, visit: Visit, person: Person) -> None:
    """Only who goes, or who plans visits, says how it goes there."""
    rows = bookings.of_visit(session, visit)
    if person.id not in {row.person_id for row in rows}:
        raise Forbidden(
            f"您不在上门 {visit.number} 的班组里,请找调度改派",
            f"You are not in the crew of visit {visit.number}: ask dispatch to send you",
        )


def why_unfit(
    session: Session, crew: Crew, jobs: Sequence[VisitJob], until: datetime
) -> list[tuple[str, Why]]:
    """Everything that keeps this crew from doing these jobs, each with the field it is about."""
    rules = policies.current(session, "crews").content
    held = certificates.held_by(session, [person.id for person in crew.people])
    found = [("people", why) for why in _people_unfit(crew, jobs, rules["most_people"])]
    for text in sorted({skill for job in jobs for skill in job.skills}):
        wanted = read_wanted(text)
        whys = [certificates.why_not(rules, each, held, wanted, until) for each in crew.people]
        if whys and all(whys):
            found.append(("people", _tellest(whys)))
    for asset, _ in crew.taken.assets:
        if why := assets.why_not(rules, asset, until):
            found.append((f"{asset.kind}s" if asset.kind == "instrument" else "vehicle", why))
    there = {asset.type for asset in crew.instruments}
    for tool in sorted({tool for job in jobs for tool in job.tools} - there):
        name = rules["instruments"].get(tool, {"zh": tool, "en": tool})
        why = Why(
            f"缺“{name['zh']}”,没有它不能上门,请加上一件",
            f"There is no {name['en']}, and no visit without it: take one along",
        )
        found.append(("instruments", why))
    return found


def _people_unfit(crew: Crew, jobs: Sequence[VisitJob], most: int) -> Iterable[Why]:
    size, needed = len(crew.people), max((job.people for job in jobs), default=1)
    if size < needed:
        yield Why(f"至少要 {needed} 人", f"It takes {needed} people at least")
    if size > most:
        yield Why(f"最多 {most} 人", f"A crew has {most} people at most")
    for person in crew.people:
        if not person.active:
            yield Why(f"{person.name} 已停用,请换人", f"{person.login} is not active any more")
    if len({person.id for person in crew.people}) < size:
        yield Why("同一个人只写一次", "Name each person once")
    if crew.vehicle and crew.vehicle.seats and crew.vehicle.seats < size:
        seats, code = crew.vehicle.seats, crew.vehicle.code
        yield Why(f"{code} 只有 {seats} 座", f"{code} has {seats} seats only")


def _tellest(whys: Sequence[Why | None]) -> Why:
    """Of several people none of whom may: that somebody's certificate runs out says most."""
    told = [why for why in whys if why]
    return next((why for why in told if "expires" in why.en), told[0])


def _refuse(found: Sequence[tuple[str, Why]]) -> None:
    if found:
        fields = [{"field": where, "zh": why.zh, "en": why.en} for where, why in found]
        first = found[0][1]
        raise Invalid(first.zh, first.en, fields=fields)


def _book(session: Session, visit: Visit, crew: Crew, by: str, now: datetime) -> None:
    visit.travel_minutes = _travel(session, visit, crew.people[0]).minutes
    sets_out = visit.starts_at - timedelta(minutes=visit.travel_minutes)
    told: dict[str, Any] = {"starts_at": sets_out, "ends_at": visit.ends_at, "visit": visit}
    bookings.book(session, crew.taken, **told, by=by, now=now)


def _travel(session: Session, visit: Visit, lead: Person) -> distances.Way:
    rules = policies.current(session, "distances").content
    start = _comes_from(session, visit, lead) or base_of(session, lead)
    return distances.travel(rules, start, session.get_one(Site, visit.site_id), visit.starts_at)


def _comes_from(session: Session, visit: Visit, lead: Person) -> Site | None:
    """The place of the visit before, if that was lately."""
    before = (
        select(Site)
        .join(Visit, col(Visit.site_id) == col(Site.id))
        .join(Booking, col(Booking.visit_id) == col(Visit.id))
        .where(Booking.person_id == lead.id, col(Booking.released_at).is_(None))
        .where(col(Booking.ends_at) <= visit.starts_at)
        .where(col(Booking.ends_at) > visit.starts_at - LATELY)
        .order_by(col(Booking.ends_at).desc())
    )
    return session.exec(before.limit(1)).first()


def base_of(session: Session, person: Person) -> Site | None:
    base = (
        select(Site)
        .join(Team, col(Team.base_site_id) == col(Site.id))
        .join(Teammate, col(Teammate.team_id) == col(Team.id))
        .where(Teammate.person_id == person.id)
    )
    return session.exec(base).first()
