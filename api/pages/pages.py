"""How a page answers: drawn, sent on to another one, or drawn again with what was wrong.

A form that is refused is shown again with what was typed: its route says by which page
(`again_by`). What was done until then is rolled back before that page reads anything.
"""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import APIRouter
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import Route, Turn, guard_of
from api.pages import paper
from api.problems import Told, tell
from tasks.refusals import Refusal, wrong

REFUSALS = (Refusal, StaleDataError, IntegrityError)
Typed = dict[str, list[str]]
SIGN_IN = "/sign-in"
MOST_FIELDS = 20_000  # a decision table has one for each cell


def make_pages() -> APIRouter:
    return APIRouter(route_class=PageRoute, include_in_schema=False)


def again_by(page: Callable[..., Response]) -> Callable[[Any], Any]:
    """Where the route refuses, this page is shown instead, and says why."""

    def mark(endpoint: Callable[..., Any]) -> Callable[..., Any]:
        endpoint.again = page  # type: ignore[attr-defined]
        return endpoint

    return mark


class PageRoute(Route):
    """A route for people."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.again: Callable[..., Response] | None = getattr(endpoint, "again", None)
        options["response_model"] = None
        super().__init__(path, endpoint, **options)

    def around(self, run: Callable[..., Response]) -> Callable[..., Response]:
        if self.again is None:
            return run
        again = self.again

        @wraps(run)
        def run_or_show_again(*, turn: Turn, **given: Any) -> Response:
            try:
                return run(turn=turn, **given)
            except REFUSALS as error:
                return _show_again(turn, again, error, given)

        return run_or_show_again


def _show_again(
    turn: Turn, again: Callable[..., Response], error: Exception, given: dict[str, Any]
) -> Response:
    request = turn.request
    request.state.told, request.state.typed = tell(error), typed(turn)
    looking = Turn(request, guard_of(again) or turn.guard, b"")
    wanted = {name: given[name] for name in signature(again).parameters if name in given}
    with looking.taken():
        answer = again(turn=looking, **wanted)
    answer.status_code = request.app.state.status_of(error)
    return answer


def show(turn: Turn, template: str, **facts: Any) -> Response:
    """The page; with what was wrong and what was typed where it is shown again."""
    state = turn.request.state
    state.person = turn.person
    told: Told | None = getattr(state, "told", None)
    facts |= {"told": told, "typed": getattr(state, "typed", {})}
    facts["wrong"] = {one["field"]: one for one in told.fields} if told else {}
    return paper.draw(turn.request, template, facts)


def go(path: str) -> Response:
    """On to another page, after something was done."""
    return RedirectResponse(path, 303)


def back(turn: Turn, otherwise: str) -> Response:
    """To the page that the form was on."""
    return go(local(typed(turn).get("back", [""])[0]) or otherwise)


def typed(turn: Turn) -> Typed:
    """The fields of the form that was sent; what is empty is not there."""
    text = turn.body.decode("utf-8", "replace").replace("\0", "")
    try:
        return parse_qs(text, max_num_fields=MOST_FIELDS)
    except ValueError:  # from no form of ours
        raise wrong("form", "表单的字段太多", "has too many fields") from None


def first(told: Typed, name: str) -> str:
    return told.get(name, [""])[0].strip()


def local(path: str) -> str:
    """The path, if it leads nowhere but here; else nothing."""
    parts = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_ours and not (parts.scheme or parts.netloc) and path.isprintable() else ""


def refuse(request: Request, status: int, told: Told, headers: dict[str, str]) -> Response:
    """A page for what was refused; who is not signed in may do that first, and comes back."""
    if status == 401:
        return _to_sign_in(request)
    answer = paper.draw(request, "problem.html", {"told": told, "status": status}, status=status)
    answer.headers.update({name: value for name, value in headers.items() if name != "Allow"})
    return answer


def _to_sign_in(request: Request) -> Response:
    if request.method == "GET":
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    else:  # what was typed is lost, but not where they were
        wanted = urlsplit(request.headers.get("referer", "")).path
    return go(f"{SIGN_IN}?next={quote(local(wanted))}" if local(wanted) else SIGN_IN)
