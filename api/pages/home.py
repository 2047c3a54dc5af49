"""The first page, and what a viewer chooses: language and theme, kept in cookies."""

from typing import Any

from starlette.responses import Response

from api.deps import Turn, allow
from api.pages.languages import LANGUAGES
from api.pages.pages import back, go, make_pages, typed
from api.pages.paper import THEMES
from tasks.access.people import permissions_of

router = make_pages()
YEAR = 365 * 24 * 3600
CHOICES = {"language": LANGUAGES, "theme": (*THEMES, "auto")}


@router.get("/")
def show(turn: Turn = allow()) -> Response:
    """Whoever works on orders begins there."""
    allowed = permissions_of(turn.person)
    return go("/work-orders" if "work-orders:read" in allowed else "/tickets")


@router.post("/choices")
def choose(turn: Turn = allow(readonly=True, raw=True)) -> Any:
    answer, chosen = back(turn, "/"), typed(turn)
    for name, known in CHOICES.items():
        value = chosen.get(name, [""])[0]
        if value in known:
            answer.set_cookie(name, value, max_age=YEAR, samesite="lax", httponly=True)
    return answer
