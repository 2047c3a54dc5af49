"""How often we told customers of their fault before they called us. Called by api/told_first.py.

Of tickets about an outage or a degradation that are a customer's, by when they were opened: told
first is who was told (told_at) before they called (called_at), or never called. What was merged
into another ticket is counted there; what was cancelled was no fault.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select
from sqlmodel import Session, col

from records import AffectedCircuit, Circuit, Ticket
from tasks.faults.impact import ZONE

By = Literal["month", "grade", "product", "manageability"]
SEVERAL = "several"  # products, or kinds of management, of one ticket
NONE = ""  # no circuit is known


@dataclass(frozen=True)
class Share:
    """Of one month, grade …; `first` + `late` + `untold` are all of `tickets`."""

    key: str
    tickets: int
    first: int  # told before they called, if they called at all
    late: int  # they called, and were told afterwards or never
    untold: int  # they were not told, and have not called

    @property
    def share(self) -> float | None:
        return round(self.first / self.tickets, 4) if self.tickets else None


def share(session: Session, since: datetime, until: datetime) -> Share:
    """Of all that were opened in the period."""
    return _count("", [row for _, row in _rows(session, since, until, "grade")])


def share_by(session: Session, since: datetime, until: datetime, by: By) -> list[Share]:
    """By key, in order; months as in Shanghai."""
    found: dict[str, list[Any]] = {}
    for key, row in _rows(session, since, until, by):
        found.setdefault(key, []).append(row)
    return [_count(key, found[key]) for key in sorted(found)]


def is_first(told_at: datetime | None, called_at: datetime | None) -> bool:
    return told_at is not None and (called_at is None or told_at < called_at)


def _count(key: str, rows: Iterable[Any]) -> Share:
    every = list(rows)
    first = sum(is_first(row.told_at, row.called_at) for row in every)
    untold = sum(row.told_at is None and row.called_at is None for row in every)
    return Share(key, len(every), first, len(every) - first - untold, untold)


def _rows(session: Session, since: datetime, until: datetime, by: By) -> Iterable[tuple[str, Any]]:
    wanted = select(col(Ticket.told_at), col(Ticket.called_at), *_COLUMNS[by]).where(
        col(Ticket.opened_at) >= since,
        col(Ticket.opened_at) < until,
        col(Ticket.customer_id).is_not(None),
        col(Ticket.source).in_(("alarm", "customer")),
        col(Ticket.impact).in_(("outage", "degraded")),
        col(Ticket.state).not_in(("merged", "cancelled")),
    )
    return ((_key(row[2:]), row) for row in session.execute(wanted))


def _key(said: Sequence[Any]) -> str:
    """What its one circuit, or all of them alike, or a moment, say."""
    if isinstance(said[0], datetime):
        return f"{said[0].astimezone(ZONE):%Y-%m}"
    known = {one for one in said if one}
    return known.pop() if len(known) == 1 else SEVERAL if known else NONE


def _of_circuits(name: str) -> tuple[Any, ...]:
    """Of the ticket's own circuit, and the first and the last of those that it is about."""
    said = getattr(Circuit, name)
    own = select(said).where(col(Circuit.id) == col(Ticket.circuit_id)).scalar_subquery()
    hit = col(AffectedCircuit.circuit_id) == col(Circuit.id)
    mine = (col(AffectedCircuit.ticket_id) == col(Ticket.id)) & (
        col(AffectedCircuit.customer_id) == col(Ticket.customer_id)
    )
    least, most = (
        select(one(said)).join(AffectedCircuit, hit).where(mine).scalar_subquery()
        for one in (func.min, func.max)
    )
    return own, least, most


_COLUMNS: dict[By, tuple[Any, ...]] = {
    "month": (col(Ticket.opened_at),),
    "grade": (col(Ticket.grade),),
    "product": _of_circuits("product"),
    "manageability": _of_circuits("manageability"),
}
