"""The contacts of a customer: telling each of them, and when they were told first.

What is said: first_word.py, promises.py.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from notifications import notices
from records import Contact, Ticket

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


def tell_each(
    session: Session, ticket: Ticket, contacts: Sequence[Contact], *, now: datetime, **told: Any
) -> int:
    """How many notices; one that may not leave, as it names somebody else, is none. The first time
    that something leaves for them is when the ticket's customer was told."""
    states = notices.tell_contacts(session, contacts, now=now, **told)
    if ticket.told_at is None and any(state in REACHED for state in states):
        ticket.told_at = now
    return sum(state != "failed" for state in states)
