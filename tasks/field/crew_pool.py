"""Who and what could go on a visit at a time: read with a few statements, however many they are.

Called by crews.py, which weighs them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as plain_select
from sqlmodel import Session, col, or_, select

from records import (
    Asset,
    Booking,
    Certificate,
    Group,
    Membership,
    Person,
    Site,
    Team,
    Teammate,
    Visit,
)
from tasks.faults.impact import ZONE
from tasks.field import assets, certificates
from tasks.field.visit_jobs import Window

LATELY = timedelta(hours=12)  # who ended a visit since then comes from there
Span = tuple[datetime, datetime]


@dataclass(eq=False)
class Mate:
    """Somebody who may go: their team, where they come from, when they are taken."""

    person: Person
    team: Team | None
    place: Site | None
    taken: list[Span] = field(default_factory=list)
    booked: float = 0.0  # seconds of that day

    def is_free(self, starts_at: datetime, ends_at: datetime) -> bool:
        return _is_free(self.taken, starts_at, ends_at)


@dataclass(frozen=True)
class Pool:
    """All that is at hand."""

    mates: list[Mate]
    held: Mapping[int, Mapping[str, Certificate]]
    visits: Mapping[int, datetime]  # who was at that place before: when last
    assets: list[Asset]
    taken: Mapping[int, list[Span]]  # of assets
    rules: Mapping[str, Any]

    def vehicles(self, starts_at: datetime, ends_at: datetime, seats: int) -> list[Asset]:
        fit = [
            each
            for each in self.assets
            if each.kind == "vehicle" and (not each.seats or each.seats >= seats)
        ]
        return self._free(fit, starts_at, ends_at)

    def instruments(self, type: str, starts_at: datetime, ends_at: datetime) -> list[Asset]:
        fit = [each for each in self.assets if each.kind == "instrument" and each.type == type]
        return self._free(fit, starts_at, ends_at)

    def _free(self, fit: Sequence[Asset], starts_at: datetime, ends_at: datetime) -> list[Asset]:
        return [
            each
            for each in fit
            if _is_free(self.taken.get(each.id, ()), starts_at, ends_at)
            and assets.why_not(self.rules, each, ends_at) is None
        ]


def read_pool(
    session: Session,
    rules: Mapping[str, Any],
    site: Site,
    window: Window,
    tools: Sequence[str],
    *,
    city: str | None,
    but_visit: int | None,
) -> Pool:
    """Of that city, or of everywhere where it is None."""
    rows = _people(session, rules, city)
    mates = {
        person.id: Mate(person, team, base) for person, team, base in session.execute(rows).all()
    }
    things = _assets(session, tools, city)
    taken = _note_bookings(session, mates, [each.id for each in things], window, but_visit)
    held = certificates.held_by(session, mates)
    visits = _visits(session, site, mates)
    return Pool(list(mates.values()), held, visits, things, taken, rules)


def _people(session: Session, rules: Mapping[str, Any], city: str | None) -> Any:
    group = select(Membership.person_id).join(Group, col(Group.id) == col(Membership.group_id))
    in_group = group.where(col(Group.key).in_(rules["groups"]))
    rows = (
        plain_select(Person, Team, Site)
        .outerjoin(Teammate, col(Teammate.person_id) == col(Person.id))
        .outerjoin(Team, col(Team.id) == col(Teammate.team_id))
        .outerjoin(Site, col(Site.id) == col(Team.base_site_id))
        .where(col(Person.active), col(Person.id).in_(in_group))
        .order_by(col(Person.login))
    )
    return rows if city is None else rows.where(or_(Person.city == city, Team.city == city))


def _assets(session: Session, tools: Sequence[str], city: str | None) -> list[Asset]:
    wanted = or_(col(Asset.kind) == "vehicle", col(Asset.type).in_(list(tools)))
    rows = select(Asset).where(wanted, Asset.state == "in_service")
    rows = rows if city is None else rows.where(Asset.city == city)
    return list(session.exec(rows.order_by(Asset.code)))


def _note_bookings(
    session: Session,
    mates: Mapping[int, Mate],
    things: Sequence[int],
    window: Window,
    but_visit: int | None,
) -> dict[int, list[Span]]:
    """Into the mates: when they are taken, how much, and where they come from. Of assets: when."""
    day = window.starts_at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    since, until = day - LATELY, max(day + timedelta(days=1), window.ends_at)
    rows = (
        plain_select(Booking, Site)
        .outerjoin(Visit, col(Visit.id) == col(Booking.visit_id))
        .outerjoin(Site, col(Site.id) == col(Visit.site_id))
        .where(col(Booking.released_at).is_(None), col(Booking.ends_at) > since)
        .where(col(Booking.starts_at) < until)
        .where(or_(col(Booking.visit_id).is_(None), col(Booking.visit_id) != (but_visit or 0)))
        .order_by(col(Booking.ends_at))
    )
    taken: dict[int, list[Span]] = {}
    wanted = set(things)
    for booking, place in session.execute(rows):
        span = (booking.starts_at, booking.ends_at)
        if booking.person_id in mates:
            _note(mates[booking.person_id], booking, place, window, day)
        elif booking.asset_id in wanted:
            taken.setdefault(booking.asset_id, []).append(span)
    return taken


def _note(mate: Mate, booking: Booking, place: Site | None, window: Window, day: datetime) -> None:
    mate.taken.append((booking.starts_at, booking.ends_at))
    begins, ends = max(booking.starts_at, day), min(booking.ends_at, day + timedelta(days=1))
    mate.booked += max(0.0, (ends - begins).total_seconds())
    is_before = window.starts_at - LATELY < booking.ends_at <= window.starts_at
    if place is not None and is_before:
        mate.place = place


def _visits(session: Session, site: Site, mates: Mapping[int, Mate]) -> dict[int, datetime]:
    last = func.max(col(Visit.finished_at))
    rows = (
        plain_select(col(Booking.person_id), last)
        .join(Visit, col(Visit.id) == col(Booking.visit_id))
        .where(col(Visit.site_id) == site.id, col(Visit.state) == "finished")
        .where(col(Booking.released_at).is_(None), col(Booking.person_id).is_not(None))
        .group_by(col(Booking.person_id))
    )
    return {key: at for key, at in session.execute(rows) if key in mates}


def _is_free(taken: Sequence[Span], starts_at: datetime, ends_at: datetime) -> bool:
    return not any(begins < ends_at and ends > starts_at for begins, ends in taken)
