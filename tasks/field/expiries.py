"""What runs out: certificates of people, calibrations of instruments. Called each morning.

Who holds it and their team's lead are told some days before, as the policy "crews" says, once for
each of these steps, and once when it is over.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select as plain_select
from sqlmodel import Session, col

from notifications import notices
from notifications.notices import News
from records import Asset, Certificate, Person, Team, Teammate
from tasks import policies
from tasks.access.people import may
from tasks.faults.impact import ZONE
from tasks.field.certificates import name_of

LATELY = timedelta(days=7)  # what ran out before that was told then


def watch_certificates(session: Session, *, now: datetime) -> int:
    """How many run out soon, or ran out lately."""
    rules = policies.current(session, "crews").content
    rows = (
        plain_select(Certificate, Person, Team)
        .join(Person, col(Person.id) == col(Certificate.person_id))
        .outerjoin(Teammate, col(Teammate.person_id) == col(Person.id))
        .outerjoin(Team, col(Team.id) == col(Teammate.team_id))
        .where(col(Certificate.withdrawn_at).is_(None), col(Person.active))
        .where(*_is_near(col(Certificate.expires_at), rules["warn_days"], now))
        .order_by(col(Certificate.id))
    )
    found = session.execute(rows).all()
    leads = _leads(session, [team for *_, team in found])
    news = [
        _certificate(rules, certificate, person, leads.get(team.lead) if team else None, now)
        for certificate, person, team in found
    ]
    notices.tell_all(session, news, is_urgent=False, now=now)
    return len(news)


def watch_calibrations(session: Session, *, now: datetime) -> int:
    """As watch_certificates; told to the lead of the team that has it, or to who keeps assets."""
    rules = policies.current(session, "crews").content
    rows = (
        plain_select(Asset, Team)
        .outerjoin(Team, col(Team.id) == col(Asset.team_id))
        .where(col(Asset.kind) == "instrument", col(Asset.state) == "in_service")
        .where(*_is_near(col(Asset.calibration_due_at), rules["warn_days"], now))
        .order_by(col(Asset.id))
    )
    found = session.execute(rows).all()
    leads = _leads(session, [team for _, team in found])
    keepers = _keepers(session) if len(leads) < len(found) else []
    news = []
    for asset, team in found:
        lead = leads.get(team.lead) if team else None
        news.append(_calibration(rules, asset, [lead] if lead else keepers, now))
    notices.tell_all(session, news, is_urgent=False, now=now)
    return len(news)


def _is_near(column: Any, days: Sequence[int], now: datetime) -> tuple[Any, ...]:
    return column <= now + timedelta(days=max(days)), column > now - LATELY


def _leads(session: Session, teams: Iterable[Team | None]) -> dict[str, Person]:
    logins = {team.lead for team in teams if team and team.lead}
    rows = plain_select(Person).where(col(Person.login).in_(logins), col(Person.active))
    return {person.login: person for person in session.execute(rows).scalars()}


def _keepers(session: Session) -> list[Person]:
    people = session.execute(plain_select(Person).where(col(Person.active))).scalars()
    return [person for person in people if may(person, "assets:administer")]


def _certificate(
    rules: Any, certificate: Certificate, person: Person, lead: Person | None, now: datetime
) -> News:
    ends, name = certificate.expires_at or now, name_of(rules, certificate.skill)
    skill = {"zh": name["zh"], "en": name["en"]}
    facts = {"person": person.name, "skill": skill, "ends": _day(ends), "days": _days(ends, now)}
    key = f"certificate-{certificate.id}-{_day(ends)}-{_step(rules, ends, now)}"
    to = list({each.id: each for each in (person, lead) if each}.values())
    return News(to, "certificate_ends", facts, key, f"person:{person.login}")


def _calibration(rules: Any, asset: Asset, to: list[Person], now: datetime) -> News:
    ends = asset.calibration_due_at or now
    days = _days(ends, now)
    facts = {"instrument": asset.name, "code": asset.code, "ends": _day(ends), "days": days}
    key = f"calibration-{asset.id}-{_day(ends)}-{_step(rules, ends, now)}"
    return News(to, "calibration_ends", facts, key, f"asset:{asset.code}")


def _step(rules: Any, ends: datetime, now: datetime) -> int:
    """The nearest of the days before that has come; -1 once it is over."""
    days = _days(ends, now)
    return -1 if ends <= now else min(each for each in rules["warn_days"] if each >= days)


def _days(ends: datetime, now: datetime) -> int:
    return max(0, -((now - ends) // timedelta(days=1)))


def _day(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d}"
