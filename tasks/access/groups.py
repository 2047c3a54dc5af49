"""Groups: who is in which. Called by the API; work orders ask for candidates on their own."""

from datetime import datetime

from sqlmodel import Session, col, select

from records import Group, Membership, Person, history
from tasks.access.people import require
from tasks.refusals import NotFound


def find_group(session: Session, key: str) -> Group:
    group = session.exec(select(Group).where(Group.key == key)).first()
    if group is None:
        raise NotFound(f"没有“{key}”这个班组", f"There is no group “{key}”")
    return group


def put_in(session: Session, group: Group, person: Person, *, by: Person, now: datetime) -> None:
    """Make somebody a member. Nothing happens where they are one."""
    require(by, "groups:staff")
    if session.get(Membership, (person.id, group.id)) is None:
        session.add(Membership(person_id=person.id, group_id=group.id))
        _record(session, "put into group", group, person, by, now)


def take_from(session: Session, group: Group, person: Person, *, by: Person, now: datetime) -> None:
    require(by, "groups:staff")
    if membership := session.get(Membership, (person.id, group.id)):
        session.delete(membership)
        _record(session, "taken from group", group, person, by, now)


def groups_of(session: Session, person: Person) -> list[Group]:
    held = select(Group).join(Membership, col(Membership.group_id) == col(Group.id))
    return list(session.exec(held.where(Membership.person_id == person.id).order_by(Group.key)))


def members(session: Session, group: Group) -> list[Person]:
    held = select(Person).join(Membership, col(Membership.person_id) == col(Person.id))
    return list(session.exec(held.where(Membership.group_id == group.id).order_by(Person.login)))


def name_groups(session: Session) -> dict[str, tuple[str, str]]:
    """Chinese and English name of every group, by its key."""
    rows = session.exec(select(Group.key, Group.name, Group.name_en))
    return {key: (zh, en or key) for key, zh, en in rows}


def _record(
    session: Session, verb: str, group: Group, person: Person, by: Person, now: datetime
) -> None:
    subject = f"person:{person.login}"
    history.record(session, verb, subject=subject, by=by.login, at=now, group=group.key)
