"""Saving the worklist as it is shown: under a name, for groups too, or to begin with."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.deps import Id, Turn, allow
from api.pages.pages import again_by, first, go, make_pages, typed
from api.pages.worklist import list_orders
from api.worklist import Wanted
from tasks import saved_views
from tasks.access.people import may

router = make_pages()


@router.post("/work-orders/views")
@again_by(list_orders)
def save(
    asked: Annotated[Wanted, Query()], turn: Turn = allow("work-orders:read", raw=True)
) -> Response:
    """What the list shows now, with what the form says of it."""
    told, by, now = typed(turn), turn.person, turn.now
    shown = asked.address()
    shown.pop("view", None)
    view = saved_views.save(turn.session, first(told, "name"), shown, by=by, now=now)
    groups = [key for key in told.get("share", []) if key]
    is_new = sorted(groups) != saved_views.shares_of(turn.session, view)
    if is_new and may(by, "views:share"):
        saved_views.share(turn.session, view, groups, by=by, now=now)
    if "first" in told:
        saved_views.begin_with(turn.session, view, by=by, now=now)
    return go(f"/work-orders?{asked.query(view=view.id)}")


@router.post("/work-orders/views/{id}/choice")
@again_by(list_orders)
def begin_with(
    id: Id, asked: Annotated[Wanted, Query()], turn: Turn = allow("work-orders:read", raw=True)
) -> Response:
    """To begin with this one; or, where that is undone, with what the list always showed."""
    view = saved_views.find(turn.session, id, turn.person)
    chosen = None if "none" in typed(turn) else view
    saved_views.begin_with(turn.session, chosen, by=turn.person, now=turn.now)
    return go(f"/work-orders?{asked.query()}")


@router.post("/work-orders/views/{id}/end")
@again_by(list_orders)
def drop(
    id: Id, asked: Annotated[Wanted, Query()], turn: Turn = allow("work-orders:read", raw=True)
) -> Response:
    view = saved_views.find(turn.session, id, turn.person)
    saved_views.drop(turn.session, view, by=turn.person, now=turn.now)
    left = asked.model_copy(update={"view": None})
    return go(f"/work-orders?{left.query(queue=asked.queue)}")
