"""JSON: one's own inbox. All notices, of everybody: notices.py."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.paging import Asked, Page, page
from records import Notice
from tasks import notices
from tasks.access import people
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


class Channels(Given):
    channels: list[str] = Field(max_length=10, examples=[["sms", "smtp"]])


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


@router.put("/channels", status_code=204, summary="By which channels I want to hear as well")
def set_channels(given: Channels, turn: Turn = allow()) -> None:
    """The first that works; none: as the policy says. The inbox hears everything."""
    me = people.find_person(turn.session, turn.person.login)
    people.set_channels(turn.session, me, given.channels, now=turn.now)


@router.post("/{id}/acknowledgement", summary="I have seen it, by whichever channel it came")
def acknowledge(id: Id, turn: Turn = allow()) -> Letter:
    notice = turn.session.get(Notice, id)
    if notice is None or notice.person_id != turn.person.id:
        raise NotFound(f"您的收件箱里没有 {id}", f"There is no {id} in your inbox")
    notices.acknowledge(turn.session, notice, by=turn.person, now=turn.now)
    return _show(notice)


def _show(notice: Notice) -> Letter:
    return Letter.model_validate(notice, from_attributes=True)
