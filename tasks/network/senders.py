"""Who may speak for a source of alarms at the plain door (POST /api/alarms).

One that was set up with an account of its own hears nobody else, or anybody who sends could end its
alarms. What it delivers in its own form: alarm_sources.require_sender. Called by api/alarms.py.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from records import AlarmSource, Person
from tasks.refusals import Forbidden

OURS = "baton"  # whose alarms are about sources: bpmn/alarm_sources.py
KEPT = timedelta(seconds=5)  # for one more statement an alarm would take a tenth longer


class Known(NamedTuple):
    read_at: datetime
    senders: Mapping[str, int | None]  # of sources that hear only one account, or none


_known: WeakKeyDictionary[Engine, Known] = WeakKeyDictionary()


def check_senders(session: Session, sources: Iterable[str], *, by: Person, now: datetime) -> None:
    senders = _senders(session, now)
    for source in {*sources}:
        if source == OURS or senders.get(source, by.id) != by.id:
            raise Forbidden(
                f"告警源“{source}”只收它自己的账号,请换用它的令牌",
                f"“{source}” takes only what its own account sends: use its token",
            )


def _senders(session: Session, now: datetime) -> Mapping[str, int | None]:
    engine = session.get_bind().engine
    known = _known.get(engine)
    if known is None or not timedelta(0) <= now - known.read_at < KEPT:
        known = _known[engine] = Known(now, _read(session))
    return known.senders


def _read(session: Session) -> dict[str, int | None]:
    rows = select(AlarmSource.key, AlarmSource.person_id, AlarmSource.is_active).where(
        col(AlarmSource.person_id).is_not(None) | ~col(AlarmSource.is_active)
    )
    return {key: person if is_active else None for key, person, is_active in session.exec(rows)}
