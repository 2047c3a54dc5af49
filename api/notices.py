"""JSON: notices, and one page for people: “I have seen it”, behind the link in a notice.

A GET of that link changes nothing, because mail scanners follow links; its button does.
"""

from datetime import datetime
from html import escape
from typing import Annotated

from fastapi import Query
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlmodel import col, select
from starlette.requests import Request

from api.deps import Given, Id, Turn, allow, make_router
from api.paging import Asked, Page, narrow, page
from notifications.backlog import backlog
from records import Notice
from records.database import open_session
from tasks import notices
from tasks.access.people import find_person

router = make_router("notices")
SORTS = {"id": (col(Notice.id),)}
FILTERS = {
    "state": col(Notice.state),
    "channel": col(Notice.channel),
    "subject": col(Notice.subject),
    "to": col(Notice.to),
    "template": col(Notice.template),
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # the address is the secret
}
PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Baton 接力</title>
<style>body{{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}}
button{{font:inherit;padding:.6rem 1.4rem}}</style>
<h1>{title}</h1>{body}</html>"""
BUTTON = '<form method="post"><button>我已看到 · I have seen it</button></form>'
THANKS = "<p>已记录,谢谢。<br>Noted, thank you.</p>"
UNKNOWN = (
    "<p>请核对链接,或使用最近一封通知里的链接。<br>"
    "Check it, or take the link of the latest notice.</p>"
)
Key = Annotated[str, Query(max_length=100)]


class NoticeShown(BaseModel):
    id: int
    channel: str
    to: str = Field(description="A login, an address, a number, a name of a robot or system")
    template: str
    subject: str = Field(examples=["ticket:7"])
    language: str
    is_urgent: bool
    title: str
    state: str = Field(examples=["waiting", "sent", "failed", "kept", "dropped"])
    attempts: int
    queued_at: datetime
    due_at: datetime
    expires_at: datetime | None
    sent_at: datetime | None
    seen_at: datetime | None
    seen_by: str
    error: str = Field(description="Why it has not left, or why it failed last")


class NoticeInFull(NoticeShown):
    text: str
    fallbacks: list[list[str]] = Field(description="What has its turn if this one fails")


class NoticeFilter(Asked):
    state: str | None = Field(None, max_length=20)
    channel: str | None = Field(None, max_length=40)
    subject: str | None = Field(None, max_length=200, description="ticket:7")
    to: str | None = Field(None, max_length=200)
    template: str | None = Field(None, max_length=100)
    person: str | None = Field(None, max_length=100, description="A login")


class Dropping(Given):
    reason: str = Field(max_length=1_000, examples=["已电话告知"])


class ChannelShown(BaseModel):
    channel: str
    is_ready: bool
    setting: str
    waiting: int
    oldest_seconds: float


@router.get("", summary="Notices, newest first")
def index(
    asked: Annotated[NoticeFilter, Query()], turn: Turn = allow("notices:read")
) -> Page[NoticeShown]:
    rows = narrow(select(Notice), asked, FILTERS)
    if asked.state and asked.state != "sent":
        rows = rows.where(col(Notice.sent_at).is_(None))  # the index on states is one of these
    if asked.person:
        rows = rows.where(col(Notice.person_id) == find_person(turn.session, asked.person).id)
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=show_notice)


@router.get("/backlog", summary="What waits, by channel, and which channels are set up")
def show_backlog(turn: Turn = allow("notices:read")) -> list[ChannelShown]:
    told = backlog(turn.session, now=turn.now)
    return [ChannelShown.model_validate(one, from_attributes=True) for one in told]


@router.get("/seen", summary="The page behind a link in a notice", response_class=HTMLResponse)
def ask_whether_seen(request: Request, key: Key = "") -> HTMLResponse:
    with open_session(request.app.state.engine, readonly=True) as session:
        return _page(notices.find_by_secret(session, key))


@router.post("/seen", summary="The button on that page", response_class=HTMLResponse)
def note_seen(request: Request, key: Key = "") -> HTMLResponse:
    now: datetime = request.app.state.clock()
    with open_session(request.app.state.engine) as session:
        notice = notices.find_by_secret(session, key)
        if notice:
            notices.acknowledge_by_link(session, notice, now=now)
    return _page(notice)


@router.get("/{id}", summary="One notice, with its words")
def show(id: Id, turn: Turn = allow("notices:read")) -> NoticeInFull:
    return show_in_full(turn.find(Notice, id))


@router.post("/{id}/retry", summary="Send a notice once more, worded anew")
def retry(id: Id, turn: Turn = allow("notices:steer")) -> NoticeInFull:
    notice = _take(turn, id)
    notices.retry(turn.session, notice, by=turn.person, now=turn.now)
    return show_in_full(notice)


@router.post("/{id}/drop", summary="Do not send it any more")
def drop(id: Id, given: Dropping, turn: Turn = allow("notices:steer")) -> NoticeInFull:
    notice = _take(turn, id)
    notices.drop(turn.session, notice, reason=given.reason, by=turn.person, now=turn.now)
    return show_in_full(notice)


def show_notice(notice: Notice) -> NoticeShown:
    return NoticeShown.model_validate(notice, from_attributes=True)


def show_in_full(notice: Notice) -> NoticeInFull:
    return NoticeInFull.model_validate(notice, from_attributes=True)


def _take(turn: Turn, id: int) -> Notice:
    """Locked: a worker may be about to settle it."""
    turn.about(f"notice:{id}")
    return turn.session.get(Notice, id, with_for_update=True) or turn.find(Notice, id)


def _page(notice: Notice | None) -> HTMLResponse:
    if notice is None:
        told = {"title": "链接无效 · This link is not valid", "body": UNKNOWN}
        return HTMLResponse(PAGE.format(**told), 404, HEADERS)
    told = {"title": escape(notice.title), "body": THANKS if notice.seen_at else BUTTON}
    return HTMLResponse(PAGE.format(**told), 200, HEADERS)
