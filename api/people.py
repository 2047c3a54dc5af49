"""JSON: people. Which group they are in: groups.py; their own tokens: tokens.py."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page, search
from records import Group, Membership, Person
from records.database import open_session
from tasks.access import people
from tasks.access.passwords import hash_password

router = make_router("people")
SORTS = {
    "login": (col(Person.login),),
    "name": (col(Person.name), col(Person.id)),
    "created_at": (col(Person.created_at), col(Person.id)),
}


class PersonShown(BaseModel):
    login: str
    name: str
    name_en: str
    roles: list[str]
    skills: list[str]
    city: str
    phone: str
    email: str
    language: str
    channels: list[str]
    active: bool
    created_at: datetime


class PersonFilter(Asked):
    q: str | None = Field(None, max_length=100, description="Part of the login or name")
    group: str | None = Field(None, max_length=100)
    city: str | None = Field(None, max_length=100)
    active: bool | None = None


class PersonChange(Given):
    """What is left out stays as it is."""

    name: str = Field("", max_length=100, examples=["林晓"])
    name_en: str = Field("", max_length=100, examples=["Lin Xiao"])
    roles: list[str] = Field([], max_length=20, examples=[["field_engineer"]])
    skills: list[str] = Field([], max_length=50, examples=[["otn", "splicing"]])
    city: str = Field("", max_length=100, examples=["海州"])
    phone: str = Field("", max_length=40)
    email: str = Field("", max_length=200)
    language: Literal["zh", "en"] = "zh"
    channels: list[str] = Field([], max_length=10, examples=[["sms", "smtp"]])
    active: bool = True


class NewPerson(PersonChange):
    login: str = Field(max_length=40, examples=["lin"])
    name: str = Field(max_length=100, examples=["林晓"])


class Password(Given):
    password: str = Field(max_length=200, examples=["correct horse battery"])


@router.get("", summary="People, filtered and sorted")
def index(
    asked: Annotated[PersonFilter, Query()], turn: Turn = allow("people:read")
) -> Page[PersonShown]:
    rows = search(select(Person), asked.q, (col(Person.login), col(Person.name)))
    rows = narrow(rows, asked, {"city": col(Person.city), "active": col(Person.active)})
    if asked.group:
        members = select(Membership.person_id).join(Group).where(Group.key == asked.group)
        rows = rows.where(col(Person.id).in_(members))
    return page(turn.session, rows, asked, sorts=SORTS, default="login", show=show_person)


@router.post("", status_code=201, summary="Let somebody in")
def create(given: NewPerson, turn: Turn = allow("people:administer")) -> PersonShown:
    """They can sign in once a password is set."""
    told = given.model_dump()
    return once(
        turn,
        lambda: show_person(
            people.create_person(turn.session, **told, by=turn.person, now=turn.now)
        ),
    )


@router.get("/{login}", summary="One person")
def show(login: str, turn: Turn = allow("people:read")) -> PersonShown:
    return show_person(people.find_person(turn.session, login))


@router.patch("/{login}", summary="Change a person; a deactivated one is signed out everywhere")
def change(login: str, given: PersonChange, turn: Turn = allow("people:administer")) -> PersonShown:
    person = people.find_person(turn.session, login)
    changes = given.model_dump(exclude_unset=True)
    people.change_person(turn.session, person, changes, by=turn.person, now=turn.now)
    return show_person(person)


@router.put("/{login}/password", status_code=204, summary="Set somebody's password")
def set_password(
    login: str, given: Password, turn: Turn = allow("people:administer", apart=True)
) -> None:
    """Every sign-in of theirs ends."""
    keep_password(turn, login, given.password)


def keep_password(turn: Turn, login: str, password: str) -> None:
    """The transaction begins after the hash, so that nobody waits for it."""
    house = turn.request.app.state
    kept = hash_password(login, password, house.hasher)
    with open_session(house.engine) as session:
        person = people.find_person(session, login)
        people.set_password(session, person, kept, by=turn.person, now=turn.now)


def show_person(person: Person) -> PersonShown:
    return PersonShown.model_validate(person, from_attributes=True)
