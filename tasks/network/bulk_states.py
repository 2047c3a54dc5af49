"""Many alarms acknowledged, shelved or given back at once: each by the verb for one, and each with
its own answer. Called by the door. The verbs: alarm_states.py.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from records import Alarm, Person
from tasks.network import alarm_states
from tasks.refusals import NotFound, Refusal

MOST = 200  # 0.2 s of processor time, in which nobody else writes to SQLite; 0.4 s on PostgreSQL
Verb = Callable[..., None]
VERBS: dict[str, Verb] = {
    "acknowledge": alarm_states.acknowledge,
    "unacknowledge": alarm_states.unacknowledge,
    "shelve": alarm_states.shelve,
    "unshelve": alarm_states.unshelve,
}


def change_all(
    session: Session, ids: Iterable[int], verb: str, *, by: Person, now: datetime, **told: Any
) -> dict[int, Alarm | Refusal]:
    """What became of each. Always in the same order, so that two who do this never wait for each
    other; one that is refused is as it was."""
    return {id: _change(session, id, VERBS[verb], by=by, now=now, **told) for id in sorted({*ids})}


def _change(session: Session, id: int, verb: Verb, **told: Any) -> Alarm | Refusal:
    alarm = session.get(Alarm, id)
    if alarm is None:
        return NotFound(f"没有编号为 {id} 的告警", f"There is no alarm {id}")
    try:
        verb(session, alarm, **told)
    except Refusal as refusal:
        return refusal
    return alarm
