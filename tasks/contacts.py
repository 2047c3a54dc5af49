"""The contacts of a customer: telling each of them, and when they were told first.

What is said: first_word.py, promises.py.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from notifications import notices
from records import Contact, Notice, Ticket

REACHED = ("waiting", "sent")  # of a notice: it leaves, or has left
_CONTACTS = (  # built once, as somebody waits for it
    select(Contact)
    .where(col(Contact.customer_id) == bindparam("customer"))
    .order_by(col(Contact.id))
)


def contacts_of(session: Session, customer: int | None) -> list[Contact]:
    if not customer:
        return []
    return list(session.exec(_CONTACTS, params={"customer": customer}))


def tell_each(session: Session, contacts: Iterable[Contact], **told: Any) -> list[Notice]:
    return [each for contact in contacts for each in notices.tell(session, to=contact, **told)]


def note_told(ticket: Ticket, queued: Iterable[Notice], now: datetime) -> None:
    """The first time that something leaves for them is when the customer was told."""
    if any(notice.state in REACHED for notice in queued):
        ticket.told_at = ticket.told_at or now
