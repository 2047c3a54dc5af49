"""How past tickets went on from each stage: read from the segments that are kept. For risks.py."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Select, func, select
from sqlmodel import Session, col

from records import Segment, Tally, Ticket
from tasks.timelines.odds import Passed, Peers

MOST = 1_000  # past tickets, the newest

Past = dict[str, Peers]  # by stage
_READ: WeakKeyDictionary[Engine, tuple[datetime | None, Past]] = WeakKeyDictionary()


def read_past(session: Session) -> Past:
    """Of the newest tickets that were restored; read again when one more is over."""
    engine = session.get_bind().engine
    newest = session.execute(select(func.max(Tally.over_at))).scalar()
    if engine not in _READ or _READ[engine][0] != newest:
        passed: dict[str, list[Passed]] = defaultdict(list)
        for _, rows in groupby(session.execute(_told()), lambda row: row.ticket_id):
            _add(passed, list(rows))
        _READ[engine] = newest, {stage: Peers(past) for stage, past in passed.items()}
    return _READ[engine][1]


def _told() -> Select[Any]:
    """Until the service was back. Children (副单) are left out: they only waited."""
    newest = (
        select(*_columns(Tally, "ticket_id", "restored_at", "grade"), *_columns(Ticket, "domains"))
        .join(Ticket, col(Ticket.id) == col(Tally.ticket_id))
        .where(col(Tally.restored_at).is_not(None), col(Ticket.state) == "closed")
        .where(col(Ticket.parent_id).is_(None))
        .order_by(col(Tally.over_at).desc())
        .limit(MOST)
        .subquery()
    )
    return (
        select(newest, *_columns(Segment, "seq", "stage", "seconds", "stops_clock"))
        .join(Segment, col(Segment.ticket_id) == newest.c.ticket_id)
        .where(col(Segment.started_at) < newest.c.restored_at)
        .order_by(newest.c.ticket_id, col(Segment.seq))
    )


def _add(past: dict[str, list[Passed]], rows: Sequence[Any]) -> None:
    """Each stage counts from when the ticket first came to it."""
    first, last = _ends(rows)
    for stage, begin in first.items():
        rest = _net(rows[begin:])
        stay = _net(rows[begin : last[stage] + 1])
        past[stage].append(Passed(stay, rest, rows[0].grade, frozenset(rows[0].domains)))


def _ends(rows: Sequence[Any]) -> tuple[dict[str, int], dict[str, int]]:
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for place, row in enumerate(rows):
        if row.stage:
            first.setdefault(row.stage, place)
            last[row.stage] = place
    return first, last


def _net(rows: Iterable[Any]) -> float:
    return sum((float(row.seconds) for row in rows if not row.stops_clock), 0.0)


def _columns(table: Any, *names: str) -> list[Any]:
    return [getattr(table, name) for name in names]
