"""JSON: views of the worklist that were saved; one's own, and what groups share."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.worklist import Wanted
from records import SavedView
from tasks import saved_views

router = make_router("views")


class ViewShown(BaseModel):
    id: int
    owner: str
    name: str
    asked: dict[str, Any] = Field(description="As in the query of /api/worklist")
    groups: list[str] = Field(description="It is shared with")
    is_first: bool = Field(description="The worklist begins with it")
    saved_at: datetime


class NewView(Given):
    name: str = Field(max_length=saved_views.LONGEST, examples=["海州 AAA"])
    asked: Wanted = Field(examples=[{"queue": "all", "grade": "AAA", "due": "1h"}])


class Shares(Given):
    groups: list[Annotated[str, Field(max_length=100)]] = Field(
        max_length=100, examples=[["dispatch"]]
    )


@router.get("")
def index(turn: Turn = allow("work-orders:read")) -> list[ViewShown]:
    """Few: nobody may keep more than a hundred."""
    return [_show(turn, view) for view in saved_views.views_of(turn.session, turn.person)]


@router.post("", status_code=201)
def save(given: NewView, turn: Turn = allow("work-orders:read")) -> ViewShown:
    """Under a name of one's own that exists: in place of what that was."""

    def make() -> ViewShown:
        asked, told = given.asked.address(), {"name": given.name}
        view = saved_views.save(turn.session, **told, asked=asked, by=turn.person, now=turn.now)
        return _show(turn, view)

    return once(turn, make)


@router.put("/{id}/shares")
def share(id: Id, given: Shares, turn: Turn = allow("views:share")) -> ViewShown:
    view = saved_views.find(turn.session, id, turn.person)
    saved_views.share(turn.session, view, given.groups, by=turn.person, now=turn.now)
    return _show(turn, view)


@router.put("/{id}/choice")
def begin_with(id: Id, turn: Turn = allow("work-orders:read")) -> ViewShown:
    """What the worklist shows when nothing is asked for."""
    view = saved_views.find(turn.session, id, turn.person)
    saved_views.begin_with(turn.session, view, by=turn.person, now=turn.now)
    return _show(turn, view)


@router.delete("/{id}")
def drop(id: Id, turn: Turn = allow("work-orders:read")) -> None:
    view = saved_views.find(turn.session, id, turn.person)
    saved_views.drop(turn.session, view, by=turn.person, now=turn.now)


def _show(turn: Turn, view: SavedView) -> ViewShown:
    first = saved_views.first_of(turn.session, turn.person)
    told = view.model_dump() | {"groups": saved_views.shares_of(turn.session, view)}
    return ViewShown.model_validate(told | {"is_first": first is not None and first.id == view.id})
