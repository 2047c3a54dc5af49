"""Signing in and out, as a page."""

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api import door
from api.deps import Turn, allow
from api.pages import paper
from api.pages.pages import SIGN_IN, go, local, make_pages
from api.problems import tell
from tasks.access import sign_ins
from tasks.access.sign_ins import TooManyTries, WrongPassword

router = make_pages()
Next = Annotated[str, Query(max_length=2_000)]


async def read_body(request: Request) -> bytes:
    return await request.body()


@router.get(SIGN_IN)
def show(request: Request, next: Next = "") -> Response:
    return _form(request, next=local(next))


@router.post(SIGN_IN)
def enter(request: Request, body: Annotated[bytes, Depends(read_body)]) -> Response:
    given = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    login, wanted = given.get("login", "")[:200], local(given.get("next", ""))
    password, now = given.get("password", "")[:200], request.app.state.clock()
    try:
        _, secret = door.sign_in(request, login, password, now)
    except (WrongPassword, TooManyTries) as error:
        status = request.app.state.status_of(error)
        return _form(request, status=status, next=wanted, login=login, told=tell(error))
    answer = go(wanted or "/")
    door.hand_cookie(request, answer, secret)
    return answer


@router.post("/sign-out")
def leave(turn: Turn = allow()) -> Response:
    secret = door.require_secret(turn.request)
    sign_ins.sign_out(turn.session, secret, by=turn.person, now=turn.now)
    answer = go(SIGN_IN)
    answer.delete_cookie(door.COOKIE, httponly=True, samesite="lax")
    return answer


def _form(request: Request, *, status: int = 200, **facts: object) -> Response:
    told = {"login": "", "told": None, **facts}
    return paper.draw(request, "sign_in.html", told, status=status)
