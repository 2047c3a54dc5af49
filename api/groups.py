"""JSON: groups and who is in them."""

from pydantic import BaseModel
from sqlmodel import col, func, select

from api.deps import Turn, allow, make_router
from records import Group, Membership
from tasks.access import groups
from tasks.access.people import find_person

router = make_router("groups")


class GroupShown(BaseModel):
    key: str
    name: str
    name_en: str
    members: int


class Member(BaseModel):
    login: str
    name: str
    roles: list[str]
    active: bool


class GroupWithMembers(BaseModel):
    key: str
    name: str
    name_en: str
    members: list[Member]


@router.get("", summary="Every group, and how many are in it")
def index(turn: Turn = allow("people:read")) -> list[GroupShown]:
    counted = (
        select(Group, func.count(col(Membership.person_id)))
        .join(Membership, col(Membership.group_id) == col(Group.id), isouter=True)
        .group_by(col(Group.id))
        .order_by(Group.key)
    )
    return [
        GroupShown(key=group.key, name=group.name, name_en=group.name_en, members=members)
        for group, members in turn.session.exec(counted)
    ]


@router.get("/{key}", summary="One group and its members")
def show(key: str, turn: Turn = allow("people:read")) -> GroupWithMembers:
    group = groups.find_group(turn.session, key)
    people = groups.members(turn.session, group)
    members = [Member.model_validate(person, from_attributes=True) for person in people]
    return GroupWithMembers(key=group.key, name=group.name, name_en=group.name_en, members=members)


@router.put("/{key}/members/{login}", status_code=204, summary="Put somebody into a group")
def put_in(key: str, login: str, turn: Turn = allow("groups:staff")) -> None:
    group, person = groups.find_group(turn.session, key), find_person(turn.session, login)
    groups.put_in(turn.session, group, person, by=turn.person, now=turn.now)


@router.delete("/{key}/members/{login}", status_code=204, summary="Take somebody from a group")
def take_from(key: str, login: str, turn: Turn = allow("groups:staff")) -> None:
    group, person = groups.find_group(turn.session, key), find_person(turn.session, login)
    groups.take_from(turn.session, group, person, by=turn.person, now=turn.now)
