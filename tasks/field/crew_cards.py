"""The crew card (派班单): all that whoever goes has to know, and who was there before and did what.

Read by the doors; one for the whole crew, so that nobody comes who knows nothing of the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from records import Contact, Customer, Site, Visit, VisitJob
from tasks.field.visit_crews import Crew, crew_of
from tasks.field.visit_jobs import jobs_of

MOST = 10  # visits before


@dataclass(frozen=True)
class Done:
    """A visit before, as far as the next crew wants to know."""

    number: str
    at: datetime
    people: list[str]  # names
    jobs: Sequence[Mapping[str, Any]]  # title, state, result
    note: str


@dataclass(frozen=True)
class Card:
    """One visit, ready to go."""

    visit: Visit
    site: Site
    customer: Customer | None
    contacts: Sequence[Contact]
    jobs: Sequence[VisitJob]
    crew: Crew
    before: list[Done]


def card_of(session: Session, visit: Visit) -> Card:
    customer = session.get(Customer, visit.customer_id) if visit.customer_id else None
    contacts = select(Contact).where(Contact.customer_id == (customer.id if customer else 0))
    return Card(
        visit=visit,
        site=session.get_one(Site, visit.site_id),
        customer=customer,
        contacts=session.exec(contacts.order_by(col(Contact.id))).all(),
        jobs=jobs_of(session, visit),
        crew=crew_of(session, visit),
        before=_before(session, visit),
    )


def _before(session: Session, visit: Visit) -> list[Done]:
    """At this end, for this customer; the newest first."""
    mine = select(Visit).where(
        Visit.site_id == visit.site_id,
        Visit.customer_id == visit.customer_id,
        Visit.state == "finished",
        Visit.id != visit.id,
    )
    rows = session.exec(mine.order_by(col(Visit.finished_at).desc()).limit(MOST))
    return [_done(session, each) for each in rows]


def _done(session: Session, visit: Visit) -> Done:
    jobs = [
        {"title": job.title, "state": job.state, "result": job.result}
        for job in jobs_of(session, visit)
    ]
    at, told = visit.finished_at or visit.ends_at, visit.closing
    people = told.get("crew") or [person.name for person in crew_of(session, visit).people]
    return Done(visit.number, at, people, jobs, str(told.get("note", "")))
