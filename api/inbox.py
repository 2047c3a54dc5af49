"""JSON: one's own inbox. All notices, of everybody: notices.py."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Id, Turn, allow, make_router
from api.paging import Asked, Page, page
from records import Notice
from tasks import notices
from tasks.refusals import NotFound

router = make_router("inbox")
SORTS = {"id": (col(Notice.id),)}


class Letter(BaseModel):
    id: int
    template: str
    subject: str = Field(examples=["ticket:7"])
    is_urgent: bool
    title: str
    text: str
    queued_at: datetime
    seen_at: datetime | None


class InboxFilter(Asked):
    is_unseen: bool | None = Field(None, alias="unseen")


class Inbox(Page[Letter]):
    """`unseen` counts all of them, not only those on this page."""

    unseen: int


@router.get("", summary="My notices, newest first, and how many I have not seen")
def index(asked: Annotated[InboxFilter, Query()], turn: Turn = allow()) -> Inbox:
    mine = (col(Notice.person_id) == turn.person.id) & (col(Notice.channel) == "inbox")
    rows = select(Notice).where(mine, col(Notice.state).in_(["waiting", "sent"]))
    if asked.is_unseen is not None:
        seen = col(Notice.seen_at)
        rows = rows.where(seen.is_(None) if asked.is_unseen else seen.is_not(None))
    letters = page(turn.session, rows, asked, sorts=SORTS, default="-id", show=_show)
    unseen = notices.count_unseen(turn.session, turn.person)
    return Inbox(items=letters.items, next=letters.next, unseen=unseen)


@router.post("/{id}/acknowledgement", summary="I have seen it, by whichever channel it came")
def acknowledge(id: Id, turn: Turn = allow()) -> Letter:
    notice = turn.session.get(Notice, id)
    if notice is None or notice.person_id != turn.person.id:
        raise NotFound(f"您的收件箱里没有 {id}", f"There is no {id} in your inbox")
    notices.acknowledge(turn.session, notice, by=turn.person, now=turn.now)
    return _show(notice)


def _show(notice: Notice) -> Letter:
    return Letter.model_validate(notice, from_attributes=True)
