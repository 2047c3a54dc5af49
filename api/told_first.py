"""JSON: how often customers were told of a fault before they called."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field

from api.deps import Given, Turn, allow, make_router
from tasks.faults import told_first
from tasks.faults.told_first import By, Share
from tasks.refusals import wrong

router = make_router("reports")
MONTH, LONGEST = timedelta(days=30), timedelta(days=732)


class ToldFirstFilter(Given):
    since: AwareDatetime | None = Field(None, alias="from", description="30 days ago if left out")
    until: AwareDatetime | None = Field(None, description="Now, if left out")
    by: By = "month"


class ShareShown(BaseModel):
    key: str = Field(examples=["2026-03"], description="“several” where circuits differ")
    tickets: int
    first: int = Field(description="Told before they called, if they called at all")
    late: int = Field(description="They called, and were told afterwards or never")
    untold: int = Field(description="Not told, and they have not called")
    share: float | None = Field(description="first of tickets", examples=[0.82])


class ToldFirstShown(BaseModel):
    """Tickets of customers about outages and degradations that were opened in the period."""

    since: datetime
    until: datetime
    by: str
    total: ShareShown
    shares: list[ShareShown]


@router.get("/told-first", summary="How often customers were told before they called")
def show_told_first(
    asked: Annotated[ToldFirstFilter, Query()], turn: Turn = allow("reports:read")
) -> ToldFirstShown:
    until = asked.until or turn.now
    since = asked.since or until - MONTH
    if not since < until or until - since > LONGEST:
        zh, en = "须早于 until,且不超过两年", "has to be before until, by two years at most"
        raise wrong("from", zh, en)
    every = told_first.share_by(turn.session, since, until, asked.by)
    total = told_first.share(turn.session, since, until)
    shares = [_show(one) for one in every]
    return ToldFirstShown(since=since, until=until, by=asked.by, total=_show(total), shares=shares)


def _show(one: Share) -> ShareShown:
    return ShareShown.model_validate(one, from_attributes=True)
