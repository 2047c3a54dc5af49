"""The contacts of a customer: telling each of them, and when they were told first.

What is said: first_word.py, promises.py.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from notifications import notices
from records import Contact, Ticket
from records.transactions import remembered

FORESEEN = "contacts of customers"
REACHED = ("waiting", "sent")  # of a notice: it leaves, or has left
_CONTACTS = (  # built once, as somebody waits for it
    select(Contact)
    .where(col(Contact.customer_id) == bindparam("customer"))
    .order_by(col(Contact.id))
)


def contacts_of(session: Session, customer: int | None) -> list[Contact]:
    if not customer:
        return []
    known: list[Contact] | None = remembered(session, FORESEEN).get(customer)
    if known is None:
        known = list(session.exec(_CONTACTS, params={"customer": customer}))
    return known


def foresee(session: Session, customers: Iterable[int]) -> None:
    """These will be told in this transaction: their contacts, with one statement."""
    keys = list(customers)
    known = remembered(session, FORESEEN)
    known.update({key: [] for key in keys})
    rows = select(Contact).where(col(Contact.customer_id).in_(keys)).order_by(col(Contact.id))
    for contact in session.exec(rows):
        known[contact.customer_id].append(contact)


def tell_each(
    session: Session, ticket: Ticket, contacts: Sequence[Contact], *, now: datetime, **told: Any
) -> int:
    """How many notices; one that may not leave, as it names somebody else, is none. The first time
    that something leaves for them is when the ticket's customer was told."""
    states = notices.tell_contacts(session, contacts, now=now, **told)
    if ticket.told_at is None and any(state in REACHED for state in states):
        ticket.told_at = now
    return sum(state != "failed" for state in states)
