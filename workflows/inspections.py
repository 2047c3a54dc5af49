"""Nightly: plan inspections of rooms; what is near gets a visit and a crew. In between: what was
found dangerous becomes a ticket, and whoever has to know is told what was not mended in time.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from bpmn import inspections
from records import Finding
from records.database import open_session
from tasks.inspections import findings, planner, sending
from workflows.ticking import is_my_turn

log = logging.getLogger(__name__)


def plan(engine: Engine, now: datetime) -> int:
    """How many inspections were planned, sent out or called off. Two planners: one does it."""
    with open_session(engine) as session:
        if not is_my_turn(session, "plan inspections"):
            return 0
        made = inspections.plan(session, now=now)
        gone = planner.orphans(session)
    off = _each(engine, inspections.drop_orphan, gone, now)
    with open_session(engine, readonly=True) as session:
        near = sending.due(session, now=now)
    return made.planned + off + _each(engine, inspections.send, near, now)


def open_tickets(engine: Engine, now: datetime) -> int:
    with open_session(engine, readonly=True) as session:
        waiting = inspections.waiting_findings(session)
    return _each(engine, inspections.open_ticket, waiting, now)


def tell_overdue(engine: Engine, now: datetime) -> int:
    """What was not mended in time."""

    def tell(session: Session, id: int, *, now: datetime) -> None:
        finding = session.get_one(Finding, id, with_for_update=True)
        if finding.told_at is None:
            findings.tell_overdue(session, finding, now=now)

    with open_session(engine, readonly=True) as session:
        late = findings.overdue(session, now=now)
    return _each(engine, tell, late, now)


def _each(engine: Engine, act: Callable[..., object], keys: Iterable[int], now: datetime) -> int:
    """One that fails is told of in the log; the others go on."""
    return sum(_do(engine, act, key, now) for key in keys)


def _do(engine: Engine, act: Callable[..., object], key: int, now: datetime) -> bool:
    def do(session: Session) -> bool:
        return act(session, key, now=now) is not False

    try:
        with open_session(engine) as session:
            return do(session)
    except Exception:
        log.exception("%s failed for %s", getattr(act, "__name__", act), key)
        return False
