"""The proof that nobody changed history: its chains and seals, computed again from the page."""

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from api import history as history_routes
from api import seals as seal_routes
from api.deps import Turn, allow
from api.pages.asking import FromForm
from api.pages.pages import first, make_pages, show, typed
from api.paging import Asked

router = make_pages()


class Wanted(FromForm, Asked):
    """What the address says."""

    limit: int = 24


@router.get("/history/seals")
def list_seals(asked: Annotated[Wanted, Query()], turn: Turn = allow("history:verify")) -> Response:
    return _show(turn, asked)


@router.post("/history/verification")
def verify(turn: Turn = allow("history:verify", readonly=True, raw=True)) -> Response:
    """Compute the chain of one subject, or all, again."""
    wanted = history_routes.Verification(subject=first(typed(turn), "subject")[:200] or None)
    return _show(
        turn, Wanted(), subject=wanted.subject, verified=history_routes.verify(wanted, turn=turn)
    )


@router.post("/history/seals/verification")
def verify_seals(turn: Turn = allow("history:verify", readonly=True, raw=True)) -> Response:
    """Compute every seal again; and is the one there whose hash somebody has kept?"""
    wanted = seal_routes.SealVerification(hash=first(typed(turn), "hash")[:64] or None)
    return _show(turn, Wanted(), kept=wanted.hash, sealed=seal_routes.verify(wanted, turn=turn))


def _show(turn: Turn, asked: Wanted, **facts: Any) -> Response:
    found = seal_routes.index(asked, turn=turn)
    told = {"verified": None, "sealed": None, "subject": "", "kept": "", **facts}
    return show(turn, "history/seals.html", seals=found.items, next=found.next, **told)
