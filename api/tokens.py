"""JSON: tokens, for programs to come in with."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, page
from records import Person, Token
from tasks.access import tokens
from tasks.access.people import find_person, require

router = make_router("tokens")
SORTS = {"id": (col(Token.id),)}


class TokenShown(BaseModel):
    id: int
    person: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class TokenMade(TokenShown):
    """`secret` is shown this once; a repeat under the same Idempotency-Key has null."""

    secret: str | None


class TokenFilter(Asked):
    person: str | None = Field(
        None, max_length=40, description="A login; of others: administrators"
    )


class NewToken(Given):
    name: str = Field(max_length=100, examples=["EMS of the east region"])
    scopes: list[str] = Field(max_length=50, examples=[["alarms:send"]])
    days: int = Field(90, description=f"How long it holds, 1 to {tokens.LONGEST_DAYS}")
    person: str | None = Field(None, max_length=40, description="Whose; oneself if left out")


@router.get("", summary="One's own tokens, or somebody's")
def index(asked: Annotated[TokenFilter, Query()], turn: Turn = allow()) -> Page[TokenShown]:
    person = _owner(turn, asked.person)
    if person.id != turn.person.id:
        require(turn.person, "people:administer")
    rows = select(Token, Person).join(Person).where(Token.person_id == person.id)
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=show_token)


@router.post("", status_code=201, summary="Make a token")
def create(given: NewToken, turn: Turn = allow()) -> TokenMade:
    return once(turn, lambda: _create(given, turn), secret="secret")


@router.delete("/{token_id}", status_code=204, summary="Revoke a token")
def revoke(token_id: Id, turn: Turn = allow()) -> None:
    token = turn.find(Token, token_id)
    tokens.revoke_token(turn.session, token, by=turn.person, now=turn.now)


def show_token(token: Token, person: Person) -> TokenShown:
    return TokenShown(**token.model_dump(), person=person.login)


def _create(given: NewToken, turn: Turn) -> TokenMade:
    person = _owner(turn, given.person)
    told = given.model_dump(exclude={"person"})
    token, secret = tokens.create_token(turn.session, person, **told, by=turn.person, now=turn.now)
    return TokenMade(**show_token(token, person).model_dump(), secret=secret)


def _owner(turn: Turn, login: str | None) -> Person:
    return find_person(turn.session, login) if login else turn.person
