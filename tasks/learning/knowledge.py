"""What the policy "knowledge" says: categories, kinds, levels, weights, times.

Asked by the verbs of articles, experts, questions and pushes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import Session, col, select

from records import Group, Membership, Person
from tasks import policies
from tasks.refusals import wrong

Map = Mapping[str, Any]


def content(session: Session) -> Map:
    """The policy, as it holds now."""
    return policies.current(session, "knowledge").content


def require_known(session: Session, part: str, field: str, key: str) -> Map:
    """What the policy has under `key` of a part ("categories", "kinds", "levels", "triggers")."""
    known: Map = content(session)[part]
    if key not in known:
        some = ", ".join(known)
        raise wrong(field, f"没有“{key}”,可用:{some}", f"There is no “{key}”: there are {some}")
    return known[key]  # type: ignore[no-any-return]


def require_category(session: Session, key: str) -> None:
    """None is allowed."""
    if key:
        require_known(session, "categories", "category", key)


def guardians(session: Session) -> list[Person]:
    """Who looks after knowledge whose owner has left, and questions that nobody answers."""
    return members(session, [content(session)["review"]["guardians"]])


def members(session: Session, groups: Iterable[str], logins: Iterable[str] = ()) -> list[Person]:
    """Everybody active who is in one of the groups, or named."""
    joined = select(Membership.person_id).join(Group).where(col(Group.key).in_(list(groups)))
    is_meant = col(Person.id).in_(joined) | col(Person.login).in_(list(logins))
    found = select(Person).where(is_meant, col(Person.active)).order_by(col(Person.login))
    return list(session.exec(found))
