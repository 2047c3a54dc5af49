"""Who may take a work order (候选人), as of now: looked up when somebody asks."""

from sqlmodel import Session, col, select

from records import Group, Membership, Person, WorkOrder
from tasks.access.people import may
from tasks.refusals import Forbidden


def find(session: Session, order: WorkOrder) -> list[Person]:
    """The people of its group, by their logins."""
    members = (
        select(Person)
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .join(Group, col(Group.id) == col(Membership.group_id))
        .where(Group.key == order.group_key, col(Person.active))
        .order_by(Person.login)
    )
    return list(session.exec(members))


def is_candidate(session: Session, order: WorkOrder, person: Person) -> bool:
    return may(person, "work-orders:assign") or _is_member(session, order.group_key, person)


def require_candidate(session: Session, order: WorkOrder, person: Person) -> None:
    if not is_candidate(session, order, person):
        raise Forbidden(
            f"{person.login} 不在“{order.group_key}”组,请选该组的人",
            f"{person.login} is not in the group “{order.group_key}”: choose somebody who is",
        )


def _is_member(session: Session, group_key: str, person: Person) -> bool:
    membership = (
        select(Membership)
        .join(Group, col(Group.id) == col(Membership.group_id))
        .where(Group.key == group_key, Membership.person_id == person.id)
    )
    return session.exec(membership).first() is not None
