"""The outbox of notices: queued in the caller's transaction, sent later under one key.

The edge drives three short steps, as for service calls: claim (a transaction), `deliver` (outside
any transaction), settle (a transaction). A lost worker's claim runs out; the key stays the same.
"""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy import update
from sqlmodel import Session, col, select

from notifications.channels import CHANNELS
from notifications.refusals import NotSent
from records import Notice

BACKOFF = (
    5,
    30,
    120,
    600,
    3600,
)  # seconds before the 2nd, 3rd … try; after the last, it has failed
LEASE = timedelta(seconds=20)  # then another worker tries; twice what a far side may take


def queue(
    session: Session,
    *,
    key: str,
    channel: str,
    to: str,
    template: str,
    facts: dict[str, Any],
    subject: str,
    now: datetime,
) -> Notice:
    """Queue a notice. A second one under the same key is the first one."""
    found = session.exec(select(Notice).where(Notice.key == key)).first()
    if found:
        return found
    notice = Notice(
        key=key,
        channel=channel,
        to=to,
        template=template,
        facts=facts,
        subject=subject,
        due_at=now,
        queued_at=now,
    )
    session.add(notice)
    return notice


def due(session: Session, *, now: datetime, limit: int = 100) -> list[int]:
    waiting = (col(Notice.state) == "waiting") & (col(Notice.due_at) <= now)
    rows = select(Notice.id).where(waiting).order_by(col(Notice.due_at)).limit(limit)
    return list(session.exec(rows))


def claim(session: Session, notice_id: int, *, now: datetime) -> Notice | None:
    """Take a notice for LEASE. None if another worker was faster."""
    mine = (
        update(Notice)
        .where(col(Notice.id) == notice_id, col(Notice.state) == "waiting")
        .where(col(Notice.due_at) <= now)
        .values(due_at=now + LEASE, attempts=Notice.attempts + 1)
    )
    if session.connection().execute(mine).rowcount != 1:
        return None
    return session.get_one(Notice, notice_id, populate_existing=True)


def deliver(notice: Notice) -> NotSent | None:
    """Send it; what kept it from leaving, or None. Never within a transaction."""
    try:
        subject, text = words(notice.template, notice.facts)
        CHANNELS[notice.channel](notice.key, notice.to, subject, text)
    except NotSent as error:
        return error
    except Exception as error:
        return NotSent(f"{type(error).__name__}: {error}", is_final=True)
    return None


def settle(session: Session, notice_id: int, error: NotSent | None, *, now: datetime) -> None:
    notice = session.get_one(Notice, notice_id, populate_existing=True)
    if notice.state != "waiting":
        return
    if error is None:
        notice.state, notice.sent_at, notice.error = "sent", now, ""
    elif error.is_final or notice.attempts > len(BACKOFF):
        notice.state, notice.error = "failed", str(error)
    else:
        notice.error = str(error)
        notice.due_at = now + timedelta(seconds=BACKOFF[notice.attempts - 1])


def words(template: str, facts: dict[str, Any]) -> tuple[str, str]:
    """Subject and text of a notice, Chinese first and English below: words/<template>.txt."""
    text = _environment().get_template(f"{template}.txt").render(facts)
    subject, _, body = text.partition("\n")
    return subject.strip(), body.strip()


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    folder = FileSystemLoader(Path(__file__).parent / "words")
    return ImmutableSandboxedEnvironment(loader=folder, undefined=StrictUndefined)
