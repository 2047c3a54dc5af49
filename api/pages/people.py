"""People as pages: who is there, who may what, how somebody gets in, by which tokens programs do.

Which group has whom: groups.py.
"""

from typing import Annotated, Any

from fastapi import Query
from sqlmodel import col, select
from starlette.responses import Response

from api import people as people_routes
from api.deps import Id, Turn, allow
from api.pages.asking import FromForm
from api.pages.pages import Typed, again_by, first, go, make_pages, show, typed
from records import Group, Person, Token
from tasks.access import people, tokens
from tasks.access.groups import groups_of
from tasks.access.people import permissions_of
from tasks.access.roles import PERMISSIONS, ROLES
from tasks.refusals import wrong

router = make_pages()
PLACE = "/administration/people"
WORDS = ("name", "name_en", "city", "phone", "email")
LISTED = ("skills", "channels")


class Wanted(FromForm, people_routes.PersonFilter):
    """What the address says."""

    limit: int = 50


@router.get("/administration")
def begin(turn: Turn = allow("people:read")) -> Response:
    return go(PLACE)


@router.get(PLACE)
def list_people(asked: Annotated[Wanted, Query()], turn: Turn = allow("people:read")) -> Response:
    found = people_routes.index(asked, turn=turn)
    groups = turn.session.exec(select(Group).order_by(col(Group.key)))
    facts: dict[str, Any] = {"people": found.items, "next": found.next, "asked": asked}
    return show(turn, "people/list.html", **facts, groups=list(groups), roles=ROLES)


@router.get(f"{PLACE}/new")
def show_new(turn: Turn = allow("people:administer")) -> Response:
    return show(turn, "people/new.html", roles=ROLES)


@router.post(PLACE)
@again_by(show_new)
def create(turn: Turn = allow("people:administer", raw=True)) -> Response:
    """They can sign in once a password is set: on the page that comes next."""
    told = typed(turn)
    login = first(told, "login")
    given = _given(told)
    people.create_person(turn.session, login=login, **given, by=turn.person, now=turn.now)
    return go(f"{PLACE}/{login}")


@router.get(f"{PLACE}/{{login}}")
def show_person(login: str, turn: Turn = allow("people:read")) -> Response:
    return _show(turn, people.find_person(turn.session, login))


@router.post(f"{PLACE}/{{login}}")
@again_by(show_person)
def change(login: str, turn: Turn = allow("people:administer", raw=True)) -> Response:
    """Whoever is no longer active is signed out everywhere."""
    person, told = people.find_person(turn.session, login), typed(turn)
    changes = _given(told) | {"active": "active" in told}
    people.change_person(turn.session, person, changes, by=turn.person, now=turn.now)
    return go(f"{PLACE}/{login}")


@router.post(f"{PLACE}/{{login}}/password")
@again_by(show_person)
def set_password(
    login: str, turn: Turn = allow("people:administer", apart=True, raw=True)
) -> Response:
    """Every sign-in of theirs ends."""
    people_routes.keep_password(turn, login, first(typed(turn), "password")[:1_000])
    return go(f"{PLACE}/{login}")


@router.post(f"{PLACE}/{{login}}/tokens")
@again_by(show_person)
def create_token(login: str, turn: Turn = allow("people:administer", raw=True)) -> Response:
    """Its secret is shown this once: so this page is the answer, and not the next one."""
    person, told = people.find_person(turn.session, login), typed(turn)
    days = first(told, "days")
    if not days.isascii() or not days.isdecimal() or len(days) > 6:
        raise wrong("days", "请填天数", "say how many days")
    name, scopes, by = first(told, "token_name"), told.get("scopes", []), turn.person
    named: dict[str, Any] = {"name": name, "scopes": scopes, "days": int(days)}
    _, secret = tokens.create_token(turn.session, person, **named, by=by, now=turn.now)
    return _show(turn, person, secret=secret)


@router.post("/administration/tokens/{id}/revocation")
def revoke_token(id: Id, turn: Turn = allow("people:administer", raw=True)) -> Response:
    token = turn.find(Token, id)
    tokens.revoke_token(turn.session, token, by=turn.person, now=turn.now)
    owner = turn.session.get_one(Person, token.person_id)
    return go(f"{PLACE}/{owner.login}")


def _show(turn: Turn, person: Person, secret: str = "") -> Response:
    mine = select(Token).where(Token.person_id == person.id).order_by(col(Token.id).desc())
    return show(
        turn,
        "people/show.html",
        of=person,
        roles=ROLES,
        permissions={key: PERMISSIONS[key] for key in sorted(permissions_of(person))},
        groups=groups_of(turn.session, person),
        tokens=list(turn.session.exec(mine.limit(200))),
        secret=secret,
    )


def _given(told: Typed) -> dict[str, Any]:
    """What the form says of a person; what is empty there is empty."""
    given: dict[str, Any] = {name: first(told, name)[:200] for name in WORDS}
    for name in LISTED:
        given[name] = [one.strip() for one in first(told, name).split(",") if one.strip()]
    language = first(told, "language") or "zh"
    return given | {"roles": told.get("roles", []), "language": language}
