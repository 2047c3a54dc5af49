"""Teams: who goes out together, and where from. Called by the doors; bookings ask crews.py."""

from datetime import datetime

from sqlmodel import Session, col, select

from records import Person, Site, Team, Teammate, history
from tasks.access.people import LOGIN, find_person, require
from tasks.refusals import NotFound, wrong


def find_team(session: Session, key: str) -> Team:
    team = session.exec(select(Team).where(Team.key == key)).first()
    if team is None:
        raise NotFound(f"没有“{key}”这个班组", f"There is no team “{key}”")
    return team


def put_team(
    session: Session,
    key: str,
    *,
    name: str,
    name_en: str = "",
    city: str = "",
    base: str = "",
    lead: str = "",
    by: Person,
    now: datetime,
) -> Team:
    """Make a team, or change it. `base`: the code of the site that it sets out from."""
    require(by, "assets:administer")
    if not LOGIN.fullmatch(key):
        zh = "编号须为 2 至 40 个小写字母、数字、点、横线,以字母开头"
        raise wrong("key", zh, "A key is 2 to 40 lower-case letters, digits, . _ - from a letter")
    if not name.strip():
        raise wrong("name", "请填名称", "Give it a name")
    if lead:
        find_person(session, lead)
    team = session.exec(select(Team).where(Team.key == key)).first() or Team(key=key, name=name)
    told = {"name": name, "name_en": name_en, "city": city, "lead": lead}
    for field, value in told.items():
        setattr(team, field, value)
    team.base_site_id = _site(session, base) if base else None
    session.add(team)
    session.flush()
    record(session, "team set", team, by, now, base=base, **told)
    return team


def put_in(session: Session, team: Team, person: Person, *, by: Person, now: datetime) -> None:
    """Make somebody a member of this team; they leave the one that they were in."""
    require(by, "assets:administer")
    mate = session.get(Teammate, person.id)
    if mate and mate.team_id == team.id:
        return
    if mate:
        mate.team_id = team.id
    else:
        session.add(Teammate(person_id=person.id, team_id=team.id))
    record(session, "put into team", team, by, now, person=person.login)


def take_from(session: Session, team: Team, person: Person, *, by: Person, now: datetime) -> None:
    require(by, "assets:administer")
    mate = session.get(Teammate, person.id)
    if mate and mate.team_id == team.id:
        session.delete(mate)
        record(session, "taken from team", team, by, now, person=person.login)


def members(session: Session, team: Team) -> list[Person]:
    mine = select(Person).join(Teammate, col(Teammate.person_id) == col(Person.id))
    return list(session.exec(mine.where(Teammate.team_id == team.id).order_by(Person.login)))


def record(
    session: Session, verb: str, team: Team, by: Person, now: datetime, **told: object
) -> None:
    history.record(session, verb, subject=f"team:{team.key}", by=by.login, at=now, **told)


def _site(session: Session, code: str) -> int:
    found = session.exec(select(Site.id).where(Site.code == code)).first()
    if found is None:
        raise wrong("base", f"没有站点“{code}”,请用站点编码", f"There is no site “{code}”")
    return found
