"""What is due and is not to be acted on yet: shelved by people, or shielded by planned work. Called
by the timed work, in the transaction that acts on the others.

Asked when an alarm is due and not when it comes in: a thousand a second come in.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from records import Alarm
from tasks.network import alarm_rules, flapping, planned_works


def hold_back(session: Session, keys: Sequence[int], *, now: datetime) -> list[int]:
    """Of alarms that are due, those to act on, in their order; the others are put aside."""
    shelved = _shelve(session, keys, now)
    left = [key for key in keys if key not in shelved]
    shielded = planned_works.shield(session, left, now=now)
    left = [key for key in left if key not in shielded]
    flapping.note_steady(session, left, alarm_rules.current(session), now=now)
    return left


def _shelve(session: Session, keys: Sequence[int], now: datetime) -> set[int]:
    """Those of which one is shelved that was raised before and is clear."""
    alarms = session.execute(_KEYS, {"keys": list(keys)})
    ids = {ended_key or key: id for id, key, ended_key in alarms}
    rows = session.execute(_SHELVES, {"keys": list(ids), "now": now}) if ids else ()
    told = {ids[key]: {"of": ids[key], "until": until, "by": by} for key, until, by in rows}
    if told:
        session.connection().execute(_SHELVE, [told[key] for key in sorted(told)])
    return set(told)


_KEYS = select(col(Alarm.id), col(Alarm.key), col(Alarm.ended_key)).where(
    col(Alarm.id).in_(bindparam("keys", expanding=True))
)
_SHELVES = (
    select(col(Alarm.ended_key), col(Alarm.shelved_until), col(Alarm.shelved_by))
    .where(
        col(Alarm.ended_key).in_(bindparam("keys", expanding=True)),
        col(Alarm.shelved_until) > bindparam("now"),
    )
    .order_by(col(Alarm.shelved_until))
)
_SHELVE = (
    update(Alarm)
    .where(col(Alarm.id) == bindparam("of"))
    .values(shelved_until=bindparam("until"), shelved_by=bindparam("by"), act_at=None)
)
