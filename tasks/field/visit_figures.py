"""What visits come to: how many an activation takes, and how many were explained beforehand.

Counted from the rows each time; the doors show it by month.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func
from sqlalchemy import select as plain_select
from sqlmodel import Session, col

from records import Visit, VisitJob


@dataclass(frozen=True)
class Figures:
    """Of visits that were finished in a time."""

    visits: int
    subjects: int  # orders, tickets …: whose last visit was then
    visits_of_subjects: int  # all that these took, at all their ends
    at_most_two: int  # subjects that took no more than two
    wanted_sheet: int  # visits whose jobs want an explanation sheet
    explained: int  # of these, confirmed by the customer before the crew came
    again: int  # visits that were not the first at their end

    @property
    def visits_per_subject(self) -> float | None:
        return round(self.visits_of_subjects / self.subjects, 2) if self.subjects else None

    @property
    def explained_share(self) -> float | None:
        return round(self.explained / self.wanted_sheet, 3) if self.wanted_sheet else None


def count_visits(session: Session, kind: str, since: datetime, until: datetime) -> Figures:
    """`kind`: what subjects begin with, as in "order:5"; "" for all."""
    own = _own(kind, since, until)
    visits, wanted, explained, again = session.execute(own).one()
    taken = list(session.execute(_taken(kind, since, until)).scalars())
    return Figures(
        visits=visits,
        subjects=len(taken),
        visits_of_subjects=sum(taken),
        at_most_two=sum(each <= 2 for each in taken),
        wanted_sheet=wanted or 0,
        explained=explained or 0,
        again=again or 0,
    )


def _own(kind: str, since: datetime, until: datetime) -> Select[Any]:
    confirmed = col(Visit.confirmed_at) <= col(Visit.started_at)
    is_explained = col(Visit.is_explained) & confirmed
    found = plain_select(col(VisitJob.visit_id)).where(_is_of(kind), *_is_there())
    return plain_select(
        func.count(),
        func.sum(case((col(Visit.is_explained), 1), else_=0)),
        func.sum(case((is_explained, 1), else_=0)),
        func.sum(case((col(Visit.ordinal) > 1, 1), else_=0)),
    ).where(_is_within(since, until), col(Visit.id).in_(found))


def _taken(kind: str, since: datetime, until: datetime) -> Select[Any]:
    """How many visits each subject took whose last one was in that time."""
    last = func.max(col(Visit.finished_at))
    return (
        plain_select(func.count(col(Visit.id).distinct()))
        .select_from(VisitJob)
        .join(Visit, col(Visit.id) == col(VisitJob.visit_id))
        .where(_is_of(kind), col(Visit.state) == "finished", *_is_there())
        .group_by(col(VisitJob.subject))
        .having(last >= since, last < until)
    )


def _is_within(since: datetime, until: datetime) -> ColumnElement[bool]:
    finished = col(Visit.finished_at)
    return (finished >= since) & (finished < until)


def _is_of(kind: str) -> ColumnElement[bool]:
    return col(VisitJob.subject).startswith(f"{kind}:" if kind else "", autoescape=True)


def _is_there() -> tuple[ColumnElement[bool], ...]:
    return (col(VisitJob.state) != "dropped",)
