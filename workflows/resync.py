"""Every five seconds: ask the sources whose turn it is for all that is active with them."""

import logging
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from notifications.channels.polling import fetch_list
from notifications.refusals import NotSent
from records import AlarmSource
from records.database import open_session
from tasks.network import receipts, resync
from tasks.network.alarm_sources import BY_US
from workflows.ticking import claim

log = logging.getLogger(__name__)


def ask_sources(engine: Engine, now: datetime) -> int:
    """Keep what each lists as a receipt, which the parser reads; how many told something."""
    with open_session(engine, readonly=True) as session:
        due = resync.due(session, now=now)
    return sum(_ask(engine, key, now) for key in due)


def _ask(engine: Engine, source_id: int, now: datetime) -> bool:
    """Three steps, so that nobody waits for the far side: take the turn, ask, keep."""
    with open_session(engine) as session:
        source = _claim(session, source_id)
        asked = resync.begin(source, now=now) if source else None
    if asked is None:
        return False
    try:
        found = fetch_list(asked.key, asked.url, asked.token, most=receipts.LARGEST)
    except NotSent as error:
        return _fail(engine, source_id, str(error), now)
    except Exception as error:  # whatever a far side may think of, the others are asked
        log.exception("resync of %s", asked.key)
        return _fail(engine, source_id, f"{asked.key}: {type(error).__name__}", now)
    with open_session(engine) as session:
        source = session.get_one(AlarmSource, source_id)
        key = f"{BY_US}{now.isoformat()}"
        receipts.keep(session, source, found, "application/json", now, is_complete=True, key=key)
    return True


def _fail(engine: Engine, source_id: int, error: str, now: datetime) -> bool:
    log.warning("resync: %s", error)
    with open_session(engine) as session:
        source = session.get_one(AlarmSource, source_id)
        resync.fail(session, source, error[:500], now=now)
    return False


def _claim(session: Session, source_id: int) -> AlarmSource | None:
    if not claim(session, AlarmSource, source_id):
        return None
    return session.get_one(AlarmSource, source_id)
