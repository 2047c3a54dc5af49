"""What people add to a work order without moving it: chases, comments, files."""

import hashlib
import re
from datetime import datetime
from typing import Any

from sqlmodel import Session

from records import Attachment, Comment, Person, WorkOrder, history
from tasks.refusals import Invalid, NotAllowed
from tasks.states import STATES

LARGEST_FILE = 10 * 1024 * 1024  # bytes
LONGEST_TEXT = 4_000  # characters
NOT_IN_NAMES = re.compile(r"[/\\\x00-\x1f\x7f\u202a-\u202e]")  # the last turn "gpj.exe" round
MEDIA_TYPES = {"image/jpeg", "image/png", "image/webp", "application/pdf", "text/plain", "text/csv"}


def comment(session: Session, order: WorkOrder, text: str, *, by: Person, now: datetime) -> Comment:
    check_text(text)
    row = Comment(work_order_id=order.id, at=now, by=by.login, text=text)
    session.add(row)
    _record(session, "commented", order, by, now, text=text)
    return row


def chase(session: Session, order: WorkOrder, text: str, *, by: Person, now: datetime) -> None:
    """催办: ask how far it is. The holder sees it, and so does whoever audits."""
    _require_open(order)
    check_text(text)
    _record(session, "chased", order, by, now, text=text, holder=order.holder)


def attach(
    session: Session,
    order: WorkOrder,
    *,
    name: str,
    media_type: str,
    content: bytes,
    by: Person,
    now: datetime,
) -> Attachment:
    """Keep a file with the order, at most 10 MB. Its SHA-256 goes into history."""
    media_type = media_type.partition(";")[0].strip().lower()  # text/plain; charset=utf-8
    check_file(name, media_type, content)
    digest = hashlib.sha256(content).hexdigest()
    told: dict[str, Any] = {"name": name, "media_type": media_type, "sha256": digest}
    told["size"] = len(content)
    row = Attachment(work_order_id=order.id, at=now, by=by.login, content=content, **told)
    session.add(row)
    _record(session, "attached", order, by, now, **told)
    return row


def check_text(text: str) -> None:
    if not 0 < len(text.strip()) <= LONGEST_TEXT:
        zh, en = f"请写 1 到 {LONGEST_TEXT} 个字", f"Write 1 to {LONGEST_TEXT} characters"
        raise Invalid(zh, en, fields=[{"field": "text", "zh": zh, "en": en}])


def check_file(name: str, media_type: str, content: bytes) -> None:
    if media_type not in MEDIA_TYPES:
        zh, en = f"不接受 {media_type} 文件", f"Files of type {media_type} are not accepted"
    elif not content or len(content) > LARGEST_FILE:
        zh, en = "文件须有内容且不超过 10 MB", "The file must have content, at most 10 MB"
    elif not 0 < len(name) <= 200 or NOT_IN_NAMES.search(name):
        zh, en = "文件名不合适", "The file's name will not do"
    else:
        return
    raise Invalid(zh, en, fields=[{"field": "file", "zh": zh, "en": en}])


def _require_open(order: WorkOrder) -> None:
    if order.finished_at:
        state = STATES[order.state]
        raise NotAllowed(
            f"工单 {order.id} 已是“{state.zh}”,不用催了",
            f"Work order {order.id} is {state.en} already: no need to chase it",
        )


def _record(
    session: Session, verb: str, order: WorkOrder, by: Person, now: datetime, **told: object
) -> None:
    subject = f"run:{order.run_id}"
    history.record(session, verb, subject=subject, by=by.login, at=now, work_order=order.id, **told)
