"""A hot issue and the runs of its cases: one answer to all of them. Called by the doors."""

from datetime import datetime

from sqlmodel import Session

from bpmn import cases
from records import HotIssue, Person
from tasks.cases import hot_issues


def settle(session: Session, issue: HotIssue, words: str, *, by: Person, now: datetime) -> int:
    """Every open case of it that is still asked about need not be: its owner has the answer. How
    many these are."""
    waiting = hot_issues.settle(session, issue, words, by=by, now=now)
    return sum(cases.settle(session, case, words, by=by.login, now=now) for case in waiting)
