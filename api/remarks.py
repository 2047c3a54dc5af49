"""JSON: what people add to a work order without moving it: chases, comments, files."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select
from starlette.responses import Response

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.work_orders import OrderShown, show_order, take
from records import Attachment, Comment, WorkOrder
from tasks import remarks
from tasks.refusals import NotFound

router = make_router("work-orders")


class Text(Given):
    text: str = Field(examples=["物业说十点以后才能进"])


class CommentShown(BaseModel):
    id: int
    at: datetime
    by: str
    text: str


class AttachmentShown(BaseModel):
    id: int
    at: datetime
    by: str
    name: str
    media_type: str
    size: int = Field(description="bytes")
    sha256: str


@router.post("/{id}/chases")
def chase(id: Id, given: Text, turn: Turn = allow("work-orders:read")) -> OrderShown:
    """催办: ask how far it is."""
    order = turn.find(WorkOrder, id)
    remarks.chase(turn.session, order, given.text, by=turn.person, now=turn.now)
    return show_order(order)


@router.get("/{id}/comments")
def list_comments(id: Id, turn: Turn = allow("work-orders:read")) -> list[CommentShown]:
    turn.find(WorkOrder, id)
    rows = select(Comment).where(Comment.work_order_id == id).order_by(col(Comment.id))
    return [CommentShown.model_validate(row.model_dump()) for row in turn.session.exec(rows)]


@router.post("/{id}/comments", status_code=201)
def comment(id: Id, given: Text, turn: Turn = allow("work-orders:read")) -> CommentShown:
    def make() -> CommentShown:
        order = turn.find(WorkOrder, id)
        row = remarks.comment(turn.session, order, given.text, by=turn.person, now=turn.now)
        turn.session.flush()
        return CommentShown.model_validate(row.model_dump())

    return once(turn, make)


@router.get("/{id}/attachments")
def list_attachments(id: Id, turn: Turn = allow("work-orders:read")) -> list[AttachmentShown]:
    turn.find(WorkOrder, id)
    columns = [getattr(Attachment, name) for name in AttachmentShown.model_fields]
    rows = select(*columns).where(Attachment.work_order_id == id).order_by(col(Attachment.id))
    found = turn.session.execute(rows).mappings()
    return [AttachmentShown.model_validate(dict(row)) for row in found]


@router.post("/{id}/attachments", status_code=201)
def attach(
    id: Id,
    name: Annotated[str, Query(examples=["gate.jpg"])],
    turn: Turn = allow("work-orders:advance", raw=True),
) -> AttachmentShown:
    """The body is the file itself, and Content-Type says what it is."""

    def make() -> AttachmentShown:
        row = remarks.attach(
            turn.session,
            take(turn, id),
            name=name,
            media_type=turn.request.headers.get("content-type", ""),
            content=turn.body,
            by=turn.person,
            now=turn.now,
        )
        turn.session.flush()
        return AttachmentShown.model_validate(row.model_dump(exclude={"content"}))

    return once(turn, make)


@router.get("/{id}/attachments/{attachment_id}")
def download(id: Id, attachment_id: Id, turn: Turn = allow("work-orders:read")) -> Response:
    row = turn.session.get(Attachment, attachment_id)
    if row is None or row.work_order_id != id:
        raise NotFound(f"没有附件 {attachment_id}", f"There is no attachment {attachment_id}")
    # Never shown within our own pages: an uploaded file could be one.
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(row.content, 200, headers, row.media_type)
