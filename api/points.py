"""JSON: points: the ledger, and who leads a month."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Turn, allow, make_router
from api.paging import Asked, Page, narrow, page
from records import Person, PointsEntry
from tasks.learning import points

router = make_router("points")
SORTS = {"id": (col(PointsEntry.id),)}
FILTERS = {
    "person": col(Person.login),
    "kind": col(PointsEntry.kind),
    "month": col(PointsEntry.month),
    "subject": col(PointsEntry.subject),
}


class EntryShown(BaseModel):
    id: int
    login: str
    kind: str
    subject: str
    points: int = Field(description="< 0: taken back")
    full: int = Field(description="What the policy gives; `points` is less where a cap was met")
    cap: str
    by: str = Field(description="Whose doing it was")
    at: datetime
    month: str


class EntryFilter(Asked):
    person: str | None = Field(None, max_length=40)
    kind: str | None = Field(None, max_length=40)
    month: str | None = Field(None, max_length=7, examples=["2026-03"])
    subject: str | None = Field(None, max_length=100)


class RankShown(BaseModel):
    place: int
    login: str
    name: str
    name_en: str
    points: int
    entries: int


@router.get("")
def index(
    asked: Annotated[EntryFilter, Query()], turn: Turn = allow("points:read")
) -> Page[EntryShown]:
    """Every entry; none is ever changed."""
    rows = select(PointsEntry, Person.login).join(
        Person, col(Person.id) == col(PointsEntry.person_id)
    )
    rows = narrow(rows, asked, FILTERS)
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=_show)


@router.get("/ranks")
def rank(
    turn: Turn = allow("points:read"),
    month: str = Query("", max_length=7, description="2026-03; else this one"),
    limit: int = Query(50, ge=1, le=500),
) -> list[RankShown]:
    """Months that are over are kept as well: `GET /api/reports?kind=points`."""
    wanted = month or points.month_of(turn.now)
    return [RankShown(**vars(each)) for each in points.rank(turn.session, wanted, limit)]


def _show(entry: PointsEntry, login: str) -> EntryShown:
    return EntryShown.model_validate(entry.model_dump() | {"login": login})
