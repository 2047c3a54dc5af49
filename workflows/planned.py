"""The flows of SCHEDULE that have a time of their own: do one; find those that were missed.

Called by flows.py within a run of Prefect, and by the supervisor where there is no Prefect.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session

from records.database import open_session
from tasks import shifts
from workflows import hours
from workflows.check_in import checked_in
from workflows.schedule import Flow, flows

GRACE = timedelta(minutes=15)  # what a run of Prefect's own gets to come and to be tried again
TRIES = 8  # of one time, of Prefect's own and of those made up for

log = logging.getLogger(__name__)


def do(engine: Engine, name: str, flow: Flow, now: datetime, flow_run: str = "") -> int:
    """Do what the flow does, checked in; how much that was."""
    with checked_in(engine, name, flow_run, hours.coming(flow.at, now)) as own:
        own.done = flow.work(engine, now)
    return own.done


def missed(engine: Engine, now: datetime, grace: timedelta = GRACE) -> dict[str, datetime]:
    """The flows whose newest time is `grace` ago and has had no good run since, and that time.

    However many days were missed, it is one run: what it does, it does for all of them.
    """
    with open_session(engine, readonly=True) as session:
        began = shifts.first_sign(session) or now
        found = {name: hours.last(flow.at, now) for name, flow in flows().items()}
        return {
            name: at
            for name, at in found.items()
            if began < at <= now - grace and _is_wanted(session, name, at, now)
        }


def catch_up(engine: Engine, now: datetime) -> int:
    """Do here what has its time, where there is no Prefect; how much that was."""
    names = missed(engine, now, timedelta(0))
    return sum(_try(engine, name, now) for name in names)


def _is_wanted(session: Session, name: str, at: datetime, now: datetime) -> bool:
    """One that fails is not asked for again at once, and not for ever."""
    good = shifts.last_good(session, name)
    if good and good >= at:
        return False
    tries = shifts.tries_since(session, name, at)
    return len(tries) < TRIES and not any(one.started_at > now - GRACE for one in tries)


def _try(engine: Engine, name: str, now: datetime) -> int:
    try:
        return do(engine, name, flows()[name], now)
    except Exception:
        log.exception("“%s” failed", name)
        return 0
