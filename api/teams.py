"""JSON: teams and who is in them."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Turn, allow, make_router
from api.paging import Asked, Page, narrow, page
from records import Asset, Site, Team
from tasks.access.people import find_person
from tasks.field import teams

router = make_router("teams")
SORTS = {"key": (col(Team.key),), "city": (col(Team.city), col(Team.id))}


class TeamShown(BaseModel):
    key: str
    name: str
    name_en: str
    city: str
    base: str | None = Field(description="The code of the site that it sets out from")
    lead: str


class MateShown(BaseModel):
    login: str
    name: str
    skills: list[str]


class TeamInFull(TeamShown):
    members: list[MateShown]
    assets: list[str]


class TeamFilter(Asked):
    city: str | None = Field(None, max_length=100)


class TeamGiven(Given):
    name: str = Field(max_length=100, examples=["东区班"])
    name_en: str = Field("", max_length=100)
    city: str = Field("", max_length=100)
    base: str = Field("", max_length=100)
    lead: str = Field("", max_length=40)


@router.get("", summary="Teams")
def index(
    asked: Annotated[TeamFilter, Query()], turn: Turn = allow("assets:read")
) -> Page[TeamShown]:
    rows = select(Team, Site).outerjoin(Site, col(Site.id) == col(Team.base_site_id))
    rows = narrow(rows, asked, {"city": col(Team.city)})
    return page(turn.session, rows, asked, sorts=SORTS, default="key", show=_show)


@router.get("/{key}", summary="One team, its members, vehicles and instruments")
def show(key: str, turn: Turn = allow("assets:read")) -> TeamInFull:
    return _in_full(turn, teams.find_team(turn.session, key))


@router.put("/{key}", summary="Make a team, or change it")
def put(key: str, given: TeamGiven, turn: Turn = allow("assets:administer")) -> TeamInFull:
    team = teams.put_team(turn.session, key, **given.model_dump(), by=turn.person, now=turn.now)
    return _in_full(turn, team)


@router.put("/{key}/members/{login}", status_code=204, summary="Put somebody into a team")
def put_in(key: str, login: str, turn: Turn = allow("assets:administer")) -> None:
    team, person = teams.find_team(turn.session, key), find_person(turn.session, login)
    teams.put_in(turn.session, team, person, by=turn.person, now=turn.now)


@router.delete("/{key}/members/{login}", status_code=204, summary="Take somebody from a team")
def take_from(key: str, login: str, turn: Turn = allow("assets:administer")) -> None:
    team, person = teams.find_team(turn.session, key), find_person(turn.session, login)
    teams.take_from(turn.session, team, person, by=turn.person, now=turn.now)


def _in_full(turn: Turn, team: Team) -> TeamInFull:
    site = turn.session.get(Site, team.base_site_id) if team.base_site_id else None
    codes = select(Asset.code).where(Asset.team_id == team.id).order_by(Asset.code)
    people = teams.members(turn.session, team)
    return TeamInFull(
        **_show(team, site).model_dump(),
        members=[MateShown.model_validate(each, from_attributes=True) for each in people],
        assets=list(turn.session.exec(codes)),
    )


def _show(team: Team, site: Site | None) -> TeamShown:
    told = team.model_dump(include={"key", "name", "name_en", "city", "lead"})
    return TeamShown(**told, base=site.code if site else None)
