"""Twice a second: read what sources of alarms delivered; and every five: whether one is silent, or
still misses something.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bpmn import alarm_sources as tickets_of_sources
from records import AlarmSource, Receipt, Run, Ticket
from records.database import open_session
from tasks.network import alarm_sources, receipts, source_gaps
from tasks.network.alarm_formats.reading import Parsed
from tasks.refusals import Refusal
from workflows import lateness
from workflows.ticking import claim, each_due

Told = list[tuple[Receipt, Parsed]]
ROUNDS = 4  # batches of one source before others, and tickets, have their turn: about a second
log = logging.getLogger(__name__)


def parse_receipts(engine: Engine, now: datetime) -> int:
    """Read what waits, source by source; how many deliveries were read or rejected."""
    with open_session(engine, readonly=True) as session:
        sources = receipts.sources_waiting(session)
    return sum(_parse_source(engine, source, now) for source in sources)


def watch_sources(engine: Engine, now: datetime) -> int:
    """One ticket for each source that gives no sign of life; how many fell silent or came back."""

    def find(session: Session) -> list[int]:
        watched = col(AlarmSource.heartbeat_seconds).is_not(None)
        sources = session.exec(select(AlarmSource).where(watched)).all()
        return [one.id for one in sources if _has_changed(session, one, now)]

    def tell(session: Session, key: int) -> bool:
        if not claim(session, AlarmSource, key):
            return False
        source = session.get_one(AlarmSource, key)
        if not _has_changed(session, source, now):
            return False
        tickets_of_sources.tell_change(session, source, now=now)
        return True

    return each_due(engine, find, tell, lambda session, key: None)


def watch_gaps(engine: Engine, now: datetime) -> int:
    """A ticket for each source that still misses something; and who has all of it now is told."""

    def find(session: Session) -> list[int]:
        return source_gaps.staying(session, now=now)

    def open_one(session: Session, key: int) -> bool:
        if not claim(session, AlarmSource, key, col(AlarmSource.gap_ticket_id).is_(None)):
            return False
        source = session.get_one(AlarmSource, key)
        if source.gap_at is None:
            return False
        tickets_of_sources.open_gap(session, source, now=now)
        return True

    def end_one(session: Session, key: int) -> bool:
        """The run first, as who completes its order has that and wants the source."""
        mine = select(Run.id).join(Ticket, col(Ticket.run_id) == col(Run.id))
        about = mine.join(AlarmSource, col(AlarmSource.gap_ticket_id) == col(Ticket.id))
        run = session.exec(about.where(AlarmSource.id == key)).first()
        if run is None or not (claim(session, Run, run) and claim(session, AlarmSource, key)):
            return False
        source = session.get_one(AlarmSource, key)
        if source.gap_at or not source.gap_ticket_id:
            return False
        tickets_of_sources.end_gap(session, source, now=now)
        return True

    def leave(session: Session, key: int) -> None:
        """It is found again at the next look."""

    opened = each_due(engine, find, open_one, leave)
    return opened + each_due(engine, source_gaps.filled, end_one, leave)


def _has_changed(session: Session, source: AlarmSource, now: datetime) -> bool:
    seen = alarm_sources.last_seen(session, source)
    return alarm_sources.is_silent(source, seen, now) != (source.silent_at is not None)


def _parse_source(engine: Engine, source_id: int, now: datetime) -> int:
    done = 0
    for _ in range(ROUNDS):
        told = _read_batch(engine, source_id)
        if not told:
            break
        kept = _keep_batch(engine, source_id, told, now)
        done += kept
        if not kept:
            break  # another worker has this source
    return done


def _read_batch(engine: Engine, source_id: int) -> Told:
    """Reading takes long and needs no transaction: nobody who writes waits for it."""
    with open_session(engine, readonly=True) as session:
        source = session.get_one(AlarmSource, source_id)
        waiting = receipts.waiting(session, source_id)
        mappings = receipts.mappings_for(session, source)
    return [(receipt, receipts.read(source, receipt, mappings)) for receipt in waiting]


def _keep_batch(engine: Engine, source_id: int, told: Told, now: datetime) -> int:
    """All in one transaction; if that fails, each in its own, so that one cannot stop the rest."""
    try:
        return _keep(engine, source_id, told, now)
    except Exception:
        log.exception("deliveries of source %s failed together: now one by one", source_id)
    return sum(_keep_one(engine, source_id, one, now) for one in told)


def _keep_one(engine: Engine, source_id: int, one: tuple[Receipt, Parsed], now: datetime) -> int:
    try:
        return _keep(engine, source_id, [one], now)
    except Exception as error:
        log.exception("delivery %s failed", one[0].id)
        lateness.fail(f"delivery {one[0].id}: {type(error).__name__}: {error}")
        with open_session(engine) as session:
            receipt = session.get_one(Receipt, one[0].id)
            receipts.reject(session, receipt, *_why(error), now=now)
        return 1


def _keep(engine: Engine, source_id: int, told: Told, now: datetime) -> int:
    """0 where another worker has the source now, or was faster: the order must stay."""
    with open_session(engine) as session:
        if not claim(session, AlarmSource, source_id):
            return 0
        keys = [receipt.id for receipt, _ in told]
        still = _still_waiting(session, keys)
        told = [one for one in told if one[0].id in still]
        if told:
            source = session.get_one(AlarmSource, source_id)
            receipts.settle(session, source, told, now=now)
    late = [(now - receipt.received_at).total_seconds() for receipt, _ in told]
    for seconds in late:
        lateness.note("read deliveries", max(seconds, 0.0))
    return len(told)


def _still_waiting(session: Session, keys: Sequence[int]) -> set[int]:
    rows = select(Receipt.id).where(col(Receipt.id).in_(keys), Receipt.state == "waiting")
    return set(session.exec(rows))


def _why(error: Exception) -> tuple[str, str]:
    if isinstance(error, Refusal):
        return error.zh, error.en
    name = type(error).__name__
    return (
        f"内容无法保存({name}),请查看原文,更正后重放",
        f"This could not be stored ({name}): look at the body, correct it and replay",
    )
