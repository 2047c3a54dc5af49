"""The door: who comes in, by which secret, from where; and who was turned away.

Signing in takes three short transactions, because the password is compared between them; being
turned away takes one of its own, because the request's own work is rolled back.
"""

import logging
from datetime import datetime
from threading import Lock
from urllib.parse import urlsplit

from sqlmodel import Session
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from records import Person, history
from records.database import open_session
from tasks.access import sign_ins
from tasks.access.passwords import is_password
from tasks.access.sign_ins import BadToken, NotSignedIn, WrongPassword
from tasks.refusals import Forbidden, Refusal

COOKIE = "baton"
SAFE = {"GET", "HEAD", "OPTIONS"}
KEPT, PER_SECONDS = 20, 10  # refusals that one process writes into history
log = logging.getLogger("baton.door")


def secret_of(request: HTTPConnection) -> str | None:
    """The token, or else the cookie, that came with the request."""
    return _token(request) or request.cookies.get(COOKIE)


def check_origin(request: Request) -> None:
    """Refuse what another site makes a browser send with our cookie.

    Every browser that knows SameSite tells where such a request comes from; who tells nothing is
    a program, and has the cookie because somebody gave it to it.
    """
    if request.method in SAFE or _token(request):
        return
    site, origin = (request.headers.get(name) for name in ("sec-fetch-site", "origin"))
    if site:
        is_ours = site in ("same-origin", "none")
    else:
        is_ours = not origin or _host(origin) == request.headers.get("host")
    if not is_ours:
        raise Forbidden(
            "请求来自别的网站,已拒绝,请在本系统内操作",
            "This came from another site: do it from within Baton",
        )


def require_secret(request: Request) -> str:
    secret = secret_of(request)
    if not secret:
        raise NotSignedIn("请先登录,或带上令牌", "Sign in first, or send a token")
    return secret


def identify(session: Session, request: Request, now: datetime) -> Person:
    """Whose cookie or token came with the request."""
    person = sign_ins.who_is(session, require_secret(request), now=now)
    if person is None and _token(request):
        raise BadToken(
            "令牌无效、已过期或已撤销,请换一个",
            "The token is unknown, expired or revoked: get another",
        )
    if person is None:
        raise NotSignedIn("登录已失效,请重新登录", "Your sign-in is over: sign in again")
    # Kept as plain text: a rollback would take the row's attributes away.
    request.state.login, request.state.language = person.login, person.language
    return person


def check_password(request: Request, login: str, password: str, now: datetime) -> Person:
    """The person whose login and password these are. A wrong one is counted at once."""
    house = request.app.state
    with open_session(house.engine, readonly=True) as session:
        person = sign_ins.find_at_door(session, login, now=now)
    is_right = is_password(person.password_hash if person else "", password, house.hasher)
    if person and is_right:
        return person
    with open_session(house.engine) as session:
        sign_ins.count_failure(session, login, person, now=now, address=address(request))
    raise WrongPassword("账号或密码不对", "Login or password is wrong")


def sign_in(request: Request, login: str, password: str, now: datetime) -> tuple[Person, str]:
    """The person, and the secret for their cookie."""
    check_origin(request)
    person = check_password(request, login, password, now)
    with open_session(request.app.state.engine) as session:
        return person, sign_ins.sign_in(session, person, now=now, address=address(request))


def hand_cookie(request: Request, response: Response, secret: str) -> None:
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(sign_ins.STAYS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def address(request: Request) -> str:
    return request.client.host if request.client else ""


class Doorkeeper:
    """Writes down who was turned away, in a transaction of its own.

    A flood of refusals must not fill history or keep others from writing: beyond 20 in ten seconds
    they are only counted, and the next entry tells how many there were.
    """

    def __init__(self) -> None:
        self._lock, self._since, self._written, self._left_out = Lock(), 0.0, 0, 0

    def note(self, request: Request, error: Refusal, now: datetime) -> None:
        left_out = self._take_seat(now.timestamp())
        if left_out is None:
            return
        login = getattr(request.state, "login", None)
        told = {"code": error.code, "method": request.method, "path": request.url.path}
        if left_out:
            told["left_out"] = str(left_out)
        with open_session(request.app.state.engine) as session:
            history.record(
                session,
                "refused",
                subject=f"person:{login}" if login else f"door:{now:%Y-%m-%d}",
                by=login or "unknown",
                at=now,
                address=address(request),
                **told,
            )

    def _take_seat(self, at: float) -> int | None:
        """How many were left out since the last one; None where this one is, too."""
        with self._lock:
            if not 0 <= at - self._since < PER_SECONDS:
                self._since, self._written = at, 0
            if self._written >= KEPT:
                self._left_out += 1
                return None
            self._written += 1
            left_out, self._left_out = self._left_out, 0
            return left_out


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # "http://[": from no browser
        return ""


def _token(request: HTTPConnection) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
