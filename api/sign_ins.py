"""JSON: signing in and out, and who one is."""

from datetime import datetime

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api import door
from api.deps import Given, Turn, allow, make_router
from api.people import PersonShown, keep_password, show_person
from tasks.access import sign_ins
from tasks.access.groups import groups_of
from tasks.access.people import permissions_of
from tasks.refusals import wrong

router = make_router("sign-ins")
me = make_router("me")


class Credentials(Given):
    login: str = Field(max_length=200, examples=["dora"])
    password: str = Field(max_length=200, examples=["correct horse battery"])


class SignedIn(BaseModel):
    person: PersonShown
    expires_at: datetime


class NewPassword(Given):
    current: str = Field(max_length=200)
    password: str = Field(max_length=200, examples=["correct horse battery"])


class Me(PersonShown):
    permissions: list[str]
    groups: list[str]


@router.post("", status_code=201, summary="Sign in; the answer sets a cookie")
def create(given: Credentials, request: Request, response: Response) -> SignedIn:
    """After five wrong passwords a login has to wait: 30 s, then twice as long each time."""
    now: datetime = request.app.state.clock()
    person, secret = door.sign_in(request, given.login, given.password, now)
    door.hand_cookie(request, response, secret)
    return SignedIn(person=show_person(person), expires_at=now + sign_ins.STAYS)


@router.delete("/current", status_code=204, summary="Sign out")
def end(turn: Turn = allow()) -> None:
    secret = door.require_secret(turn.request)
    sign_ins.sign_out(turn.session, secret, by=turn.person, now=turn.now)
    turn.headers["Set-Cookie"] = f"{door.COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=lax"


@me.get("", summary="Who am I, and what may I do")
def show(turn: Turn = allow()) -> Me:
    person = turn.person
    return Me(
        **show_person(person).model_dump(),
        permissions=sorted(permissions_of(person)),
        groups=[group.key for group in groups_of(turn.session, person)],
    )


@me.put("/password", status_code=204, summary="Take another password; ends every sign-in")
def set_own_password(given: NewPassword, turn: Turn = allow(apart=True)) -> None:
    login = turn.person.login
    try:
        door.check_password(turn.request, login, given.current, turn.now)
    except sign_ins.WrongPassword:
        raise wrong("current", "现在的密码不对", "is not your password") from None
    keep_password(turn, login, given.password)
