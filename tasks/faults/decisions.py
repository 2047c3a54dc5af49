"""Which rows of which decision tables set the limits of a ticket that count now.

Called by api/clocks.py. A table is asked in the same move of the run that sets the limits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from records import Entry, Run, Ticket

KNOWN = ("id", "version_id", "diagram_key", "content_hash")


@dataclass(frozen=True)
class Fired:
    """A decision that a run made. Rows count from 1."""

    table: str
    name: str
    rows: tuple[int, ...]
    result: Any
    element: str
    run_id: int
    version_id: int
    diagram: str
    content_hash: str


def decisions_of(session: Session, ticket: Ticket) -> list[Fired]:
    """In the order in which they were made. A child's limits are its own until it is merged."""
    set_at = (
        select(col(Entry.at))
        .where(col(Entry.subject) == f"ticket:{ticket.id}", col(Entry.verb) == "limit set")
        .order_by(col(Entry.seq).desc())
        .limit(1)
    )
    about = select(*(getattr(Run, name) for name in KNOWN))
    runs = session.execute(about.where(col(Run.subject) == f"ticket:{ticket.id}"))
    by_subject = {f"run:{run.id}": run for run in runs}
    told = select(col(Entry.subject), col(Entry.particulars)).where(
        col(Entry.subject).in_(by_subject),
        col(Entry.verb).in_(("advanced", "finished")),
        col(Entry.at) == set_at.scalar_subquery(),
    )
    rows = session.execute(told.order_by(col(Entry.id)))
    return [one for subject, steps in rows for one in _fired(by_subject[subject], steps)]


def _fired(run: Any, particulars: dict[str, Any]) -> Iterator[Fired]:
    for step in particulars.get("steps", ()):
        if made := step.get("decision"):
            yield Fired(
                table=made["table"],
                name=made["name"],
                rows=tuple(made["rows"]),
                result=made["result"],
                element=step["element"],
                run_id=run.id,
                version_id=run.version_id,
                diagram=run.diagram_key,
                content_hash=run.content_hash,
            )
