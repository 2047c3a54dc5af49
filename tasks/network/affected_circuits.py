"""The circuits that tickets are about, as rows: AffectedCircuit. Kept by bpmn/group_tickets.py.

A row is on the parent's ticket until its customer has a child (`waits_since`), then on the child.
What hits them: affected.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy import select as plain_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from records import AffectedCircuit, Circuit, Customer, Site, Ticket
from records.transactions import remembered

AT_RISK = "at_risk"
FORESEEN = "circuits of tickets"
_A, _Z, _OF = aliased(Site), aliased(Site), aliased(Ticket)
_WHOSE = (  # of a parent, those of its children too
    plain_select(
        col(AffectedCircuit.id),
        col(AffectedCircuit.ticket_id),
        col(AffectedCircuit.impact),
        col(AffectedCircuit.customer_id),
        col(Circuit.id).label("circuit_id"),
        *(getattr(Circuit, name) for name in ("code", "grade", "product", "manageability")),
        col(Customer.grade).label("customer_grade"),
        col(_A.city).label("city"),
        col(_A.county).label("a_county"),
        col(_Z.county).label("z_county"),
    )
    .join(Circuit, col(Circuit.id) == col(AffectedCircuit.circuit_id))
    .join(Customer, col(Customer.id) == col(AffectedCircuit.customer_id))
    .join(_A, col(_A.id) == col(Circuit.a_site_id))
    .join(_Z, col(_Z.id) == col(Circuit.z_site_id))
    .where(col(AffectedCircuit.until).is_(None))
    .order_by(col(AffectedCircuit.id))
)
_OF_TICKET = _WHOSE.where(col(AffectedCircuit.ticket_id) == bindparam("ticket"))
_BY_CUSTOMER = _WHOSE.where(
    col(AffectedCircuit.ticket_id) == bindparam("ticket"),
    col(AffectedCircuit.customer_id).in_(bindparam("customers", expanding=True)),
)
_CHILDREN = plain_select(col(_OF.id)).where(col(_OF.parent_id) == bindparam("ticket"))
_GIVE = (
    update(AffectedCircuit)
    .where(
        col(AffectedCircuit.ticket_id) == bindparam("parent"),
        col(AffectedCircuit.customer_id) == bindparam("whose"),
    )
    .values(ticket_id=bindparam("child"), waits_since=None)
)
_ALL_OF = _WHOSE.where(
    (col(AffectedCircuit.ticket_id) == bindparam("ticket"))
    | col(AffectedCircuit.ticket_id).in_(_CHILDREN)
)


def all_of(session: Session, ticket: Ticket) -> list[Any]:
    """Of the ticket and, where it is a parent, of its children: each circuit once."""
    session.flush()
    rows = session.execute(_ALL_OF, {"ticket": ticket.id})
    return list({row.circuit_id: row for row in rows}.values())


def of_ticket(session: Session, ticket: Ticket) -> list[Any]:
    """Those that are on the ticket itself."""
    known: list[Any] | None = remembered(session, FORESEEN).get(ticket.id)
    if known is None:
        session.flush()
        known = list(session.execute(_OF_TICKET, {"ticket": ticket.id}))
    return known


def foresee(session: Session, ticket: Ticket, rows: list[Any]) -> None:
    """Of a ticket that will be asked for them in this transaction, and has just got these."""
    remembered(session, FORESEEN)[ticket.id] = rows


def by_customer(
    session: Session, parent: Ticket, customers: Iterable[int]
) -> Mapping[int, list[Any]]:
    """Those on the parent itself, of these customers."""
    told = {"ticket": parent.id, "customers": list(customers)}
    return _grouped(session.execute(_BY_CUSTOMER, told), "customer_id")


def add(session: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        remembered(session, FORESEEN).clear()
        session.flush()
        session.connection().execute(insert(AffectedCircuit), rows)


def move(session: Session, rows: Iterable[int], ticket: int) -> None:
    """To this ticket, where they wait no more; what it had of these circuits is older."""
    keys = list(rows)
    moved = plain_select(col(AffectedCircuit.circuit_id)).where(col(AffectedCircuit.id).in_(keys))
    older = (col(AffectedCircuit.ticket_id) == ticket) & col(AffectedCircuit.id).not_in(keys)
    _run(session, delete(AffectedCircuit).where(older, col(AffectedCircuit.circuit_id).in_(moved)))
    change(session, keys, ticket_id=ticket, waits_since=None)


def give(session: Session, parent: Ticket, children: Iterable[Ticket]) -> None:
    """To children that are new: to each what its customer has on the parent."""
    told = [{"child": one.id, "parent": parent.id, "whose": one.customer_id} for one in children]
    if told:
        session.flush()
        session.connection().execute(_GIVE, told)


def change(session: Session, rows: Iterable[int], **values: Any) -> None:
    _run(
        session,
        update(AffectedCircuit).where(col(AffectedCircuit.id).in_(list(rows))).values(**values),
    )


def end(session: Session, ticket: Ticket, now: datetime) -> None:
    """The ticket is over, and with it what was hit."""
    mine = (col(AffectedCircuit.ticket_id) == ticket.id) & col(AffectedCircuit.until).is_(None)
    _run(session, update(AffectedCircuit).where(mine).values(until=now, waits_since=None))


def _run(session: Session, statement: Any) -> None:
    remembered(session, FORESEEN).clear()
    session.flush()
    session.execute(statement, execution_options={"synchronize_session": False})


def _grouped(rows: Iterable[Any], name: str) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found
