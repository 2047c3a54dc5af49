"""JSON: history, and the proof that nobody changed it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Turn, allow, make_router
from api.paging import Asked, Page, narrow, page
from records import Entry, history

router = make_router("history")
SORTS = {"id": (col(Entry.id),)}

FILTERS = {"subject": col(Entry.subject), "by": col(Entry.by), "verb": col(Entry.verb)}


class EntryShown(BaseModel):
    """`subject` is what it tells of; `seq` counts the entries of one subject."""

    id: int
    subject: str = Field(examples=["ticket:7"])
    seq: int
    at: datetime
    by: str
    verb: str
    particulars: dict[str, Any]
    hash: str


class HistoryFilter(Asked):
    subject: str | None = Field(None, max_length=200, description="ticket:7, run:3, person:dora …")
    by: str | None = Field(None, max_length=100, description="A login")
    verb: str | None = Field(None, max_length=100)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class Verification(Given):
    subject: str | None = Field(None, max_length=200, description="Everything if left out")


class BreakShown(BaseModel):
    subject: str
    seq: int
    reason: str


class Verified(BaseModel):
    """`breaks` is empty where every chain holds."""

    chains: int
    entries: int
    breaks: list[BreakShown]


@router.get("", summary="What happened, newest first")
def index(
    asked: Annotated[HistoryFilter, Query()], turn: Turn = allow("history:read")
) -> Page[EntryShown]:
    rows = narrow(select(Entry), asked, FILTERS)
    if asked.since:
        rows = rows.where(col(Entry.at) >= asked.since)
    if asked.until:
        rows = rows.where(col(Entry.at) < asked.until)
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=_show)


@router.post("/verifications", summary="Compute the chain of one subject, or all, again")
def verify(given: Verification, turn: Turn = allow("history:verify", readonly=True)) -> Verified:
    chains, entries = history.count(turn.session, given.subject)
    found = history.breaks(turn.session, given.subject)
    breaks = [BreakShown.model_validate(one, from_attributes=True) for one in found]
    return Verified(chains=chains, entries=entries, breaks=breaks)


def _show(entry: Entry) -> EntryShown:
    return EntryShown.model_validate(entry, from_attributes=True)
