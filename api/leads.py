"""JSON: leads, what customers will want soon; noted by inspections."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.paging import Asked, Page, narrow, page
from records import Lead
from tasks.inspections import leads

router = make_router("leads")
SORTS = {"id": (col(Lead.id),)}
State = Literal["open", "taken", "won", "lost"]


class LeadShown(BaseModel):
    id: int
    customer_id: int
    source: str
    what: str
    wanted_by: datetime | None
    owner: str
    state: State
    state_zh: str
    state_en: str
    note: str
    noted_by: str
    noted_at: datetime
    closed_at: datetime | None


class LeadFilter(Asked):
    state: State | None = None
    owner: str | None = Field(None, max_length=100)
    customer: int | None = None


class Closing(Given):
    is_won: bool
    note: str = Field(max_length=2_000)


@router.get("", summary="Leads, the newest first")
def index(
    asked: Annotated[LeadFilter, Query()], turn: Turn = allow("inspections:read")
) -> Page[LeadShown]:
    filters = {"state": col(Lead.state), "owner": col(Lead.owner)}
    rows = narrow(select(Lead), asked, filters | {"customer": col(Lead.customer_id)})
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=_show)


@router.post("/{id}/acceptance", summary="I follow it up")
def take(id: Id, turn: Turn = allow("leads:keep")) -> LeadShown:
    row = turn.find(Lead, id)
    leads.take(turn.session, row, by=turn.person, now=turn.now)
    return _show(row)


@router.post("/{id}/closing", summary="Won, or lost")
def close(id: Id, given: Closing, turn: Turn = allow("leads:keep")) -> LeadShown:
    row = turn.find(Lead, id)
    leads.close(turn.session, row, **given.model_dump(), by=turn.person, now=turn.now)
    return _show(row)


def _show(row: Lead) -> LeadShown:
    zh, en = leads.STATES[row.state]
    return LeadShown(**row.model_dump(), state_zh=zh, state_en=en)
