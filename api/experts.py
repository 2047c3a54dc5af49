"""JSON: the directory of experts, and whom to ask."""

from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Text, type_coerce
from sqlmodel import col, select

from api.deps import Given, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page, search
from records import Expert, Person
from tasks.access.people import find_person
from tasks.learning import expert_choice, experts

router = make_router("experts")
SORTS = {
    "login": (col(Person.login),),
    "accepted": (col(Expert.accepted), col(Expert.person_id)),
}
FILTERS = {"state": col(Expert.state), "level": col(Expert.level), "city": col(Person.city)}


class ExpertShown(BaseModel):
    login: str
    name: str
    name_en: str
    city: str
    is_here: bool = Field(description="False: has left")
    state: Literal["candidate", "active", "ended"]
    level: str
    line: str
    skills: list[str]
    most: int = Field(description="Requests in hand at once; 0: as the policy says")
    term_from: datetime | None
    term_until: datetime | None
    away_until: datetime | None
    asked: int
    answered: int
    accepted: int
    note: str


class ExpertFilter(Asked):
    q: str | None = Field(None, max_length=100, description="Part of the login or name")
    skill: str | None = Field(None, max_length=100)
    state: Literal["candidate", "active", "ended"] | None = None
    level: str | None = Field(None, max_length=40)
    city: str | None = Field(None, max_length=100)


class ExpertChange(Given):
    """What is left out stays as it is."""

    level: str = Field("city", max_length=40, examples=["province"])
    line: str = Field("", max_length=100, examples=["计费"])
    skills: list[str] = Field([], max_length=50, examples=[["billing", "wlan"]])
    most: int = Field(0, ge=0, le=1_000)
    note: str = Field("", max_length=2_000)


class Nomination(ExpertChange):
    login: str = Field(max_length=40)


class Term(Given):
    until: AwareDatetime | None = Field(None, description="Else as long as the policy says")


class Ending(Given):
    reason: str = Field(min_length=1, max_length=2_000)


class Absence(Given):
    until: AwareDatetime | None = Field(None, description="null: back")


class Wanted(Asked):
    skills: list[str] = Field([], max_length=50)
    levels: list[str] = Field([], max_length=10)
    city: str = Field("", max_length=100)
    limit: int = Field(3, ge=1, le=50)


class ReasonShown(BaseModel):
    zh: str
    en: str
    weight: float


class ChoiceShown(BaseModel):
    login: str
    name: str
    name_en: str
    level: str
    city: str
    skills: list[str]
    open: int = Field(description="Questions and work orders in hand")
    score: float
    reasons: list[ReasonShown]


@router.get("")
def index(
    asked: Annotated[ExpertFilter, Query()], turn: Turn = allow("experts:read")
) -> Page[ExpertShown]:
    rows = select(Expert, Person).join(Person, col(Person.id) == col(Expert.person_id))
    rows = search(rows, asked.q, (col(Person.login), col(Person.name)))
    rows = narrow(rows, asked, FILTERS)
    if asked.skill:  # a list kept as JSON: the quotes keep “ip” from “ipran”
        written = type_coerce(col(Expert.skills), Text)
        rows = rows.where(written.contains(orjson.dumps(asked.skill).decode(), autoescape=True))
    return page(turn.session, rows, asked, sorts=SORTS, default="login", show=_show)


@router.post("", status_code=201)
def nominate(given: Nomination, turn: Turn = allow("experts:administer")) -> ExpertShown:
    """Somebody is a candidate."""

    def make() -> ExpertShown:
        person = find_person(turn.session, given.login)
        told = given.model_dump(exclude_unset=True, exclude={"login"})
        expert = experts.nominate(turn.session, person, told, by=turn.person, now=turn.now)
        turn.session.flush()
        return _show(expert, person)

    return once(turn, make)


@router.get("/choices")
def choose(
    asked: Annotated[Wanted, Query()], turn: Turn = allow("experts:read")
) -> list[ChoiceShown]:
    """Whom to ask, the best first, with reasons."""
    wish: dict[str, Any] = {"levels": asked.levels, "limit": asked.limit, "city": asked.city}
    found = expert_choice.choose(turn.session, asked.skills, **wish, now=turn.now)
    return [_show_choice(each) for each in found]


@router.get("/{login}")
def show(login: str, turn: Turn = allow("experts:read")) -> ExpertShown:
    return _told(turn, experts.find(turn.session, login))


@router.patch("/{login}")
def change(
    login: str, given: ExpertChange, turn: Turn = allow("experts:administer")
) -> ExpertShown:
    expert, told = _take(turn, login), given.model_dump(exclude_unset=True)
    experts.change(turn.session, expert, told, by=turn.person, now=turn.now)
    return _told(turn, expert)


@router.post("/{login}/term")
def appoint(login: str, given: Term, turn: Turn = allow("experts:administer")) -> ExpertShown:
    """A candidate is an expert; an expert has one more term."""
    expert = _take(turn, login)
    experts.appoint(turn.session, expert, until=given.until, by=turn.person, now=turn.now)
    return _told(turn, expert)


@router.post("/{login}/ending")
def end(login: str, given: Ending, turn: Turn = allow("experts:administer")) -> ExpertShown:
    expert = _take(turn, login)
    experts.end(turn.session, expert, reason=given.reason, by=turn.person, now=turn.now)
    return _told(turn, expert)


@router.put("/{login}/absence")
def set_away(login: str, given: Absence, turn: Turn = allow("experts:read")) -> ExpertShown:
    """Not to be asked until then. Experts say so themselves."""
    expert = _take(turn, login)
    experts.set_away(turn.session, expert, given.until, by=turn.person, now=turn.now)
    return _told(turn, expert)


def _take(turn: Turn, login: str) -> Expert:
    turn.about(f"person:{login}")
    return experts.find(turn.session, login)


def _told(turn: Turn, expert: Expert) -> ExpertShown:
    turn.session.flush()
    return _show(expert, experts.person_of(turn.session, expert))


def _show(expert: Expert, person: Person) -> ExpertShown:
    who = {name: getattr(person, name) for name in ("login", "name", "name_en", "city")}
    return ExpertShown.model_validate(expert.model_dump() | who | {"is_here": person.active})


def _show_choice(each: expert_choice.Choice) -> ChoiceShown:
    reasons = [ReasonShown(**vars(reason)) for reason in each.reasons]
    return ChoiceShown(**vars(each) | {"reasons": reasons, "score": each.score})
