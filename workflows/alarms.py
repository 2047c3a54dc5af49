"""Twice a second: put the alarms that are due into groups, all of a moment together, and do about
each group what is to be done; and see which are over, and tell the tickets that wait for that.

Several workers are safe: one at a time groups; a group is answered by whoever locks it first.
"""

import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from bpmn import alarm_groups as responses
from bpmn import tickets
from records import Alarm, AlarmGroup, Run, Ticket
from records.database import open_session
from tasks import shifts
from tasks.network import alarm_groups, alarm_holds, alarm_rules, alarms, group_clears, topology
from tasks.network.topology import Topology
from workflows import lateness
from workflows.ticking import claim, each_due, is_my_turn, later

BATCH = 1_000  # alarms in one transaction: under a second, and a storm's worth of them a second
TURN = 0.1  # seconds that answers take together before others may write
JOB = "open tickets for alarms"

log = logging.getLogger(__name__)


def open_tickets(engine: Engine, now: datetime) -> int:
    """Group what is due, then answer; how many alarms were grouped and groups answered."""
    return correlate(engine, now) + respond(engine, now)


def correlate(engine: Engine, now: datetime) -> int:
    """Put due alarms into groups; how many. After a start, only once all had time to come in."""
    with open_session(engine, readonly=True) as session:
        net = topology.of(session, now=now)  # also while nothing is due: a storm waits for nothing
        due = _due(session, now)
        if not due or shifts.is_settling(session, alarm_rules.current(session).settle, now=now):
            return 0
    began = time.monotonic()
    done = _group(engine, list(due), net, now)
    for since in due.values() if done else ():
        lateness.note(JOB, (now - since).total_seconds() + time.monotonic() - began)
    return done


def respond(engine: Engine, now: datetime) -> int:
    """Tickets, or none, for each group that is new or has changed."""
    try:
        return _respond_together(engine, now)
    except Exception:
        log.exception("groups failed together: now one by one")
    return _respond_each(engine, now)


def watch_clears(engine: Engine, now: datetime) -> int:
    """End the groups whose root is clear for good, and tell each run that waits for that."""
    return _watch_groups(engine, now) + _tell_tickets(engine, now)


def _due(session: Session, now: datetime) -> Mapping[int, datetime]:
    keys = alarms.due(session, now=now, limit=BATCH)
    rows = select(Alarm.id, Alarm.act_at).where(col(Alarm.id).in_(keys)) if keys else None
    since = dict(session.exec(rows).all()) if rows is not None else {}
    return {key: since[key] or now for key in keys}


def _group(engine: Engine, keys: Sequence[int], net: Topology, now: datetime) -> int:
    """All in one transaction; where that fails, each half in its own, down to the one at fault."""
    try:
        with open_session(engine) as session:
            return _take_in(session, keys, net, now) if is_my_turn(session, JOB) else 0
    except Exception as error:
        if len(keys) > 1:
            half = len(keys) // 2
            return sum(_group(engine, part, net, now) for part in (keys[:half], keys[half:]))
        log.exception("alarm %s failed", keys[0])
        lateness.fail(f"alarm {keys[0]}: {type(error).__name__}: {error}")
        _put_off(engine, keys[0], now)
        return 0


def _take_in(session: Session, keys: Sequence[int], net: Topology, now: datetime) -> int:
    """All but those that are shelved, or shielded by planned work."""
    left = alarm_holds.hold_back(session, keys, now=now)
    taken = alarm_groups.take_in(session, left, net, now=now) if left else 0
    return taken + len(keys) - len(left)


def _put_off(engine: Engine, key: int, now: datetime) -> None:
    with open_session(engine) as session:
        mine = update(Alarm).where(col(Alarm.id) == key, col(Alarm.act_at) <= now)
        session.connection().execute(mine.values(act_at=later(now)))


def _respond_together(engine: Engine, now: datetime) -> int:
    """A storm has thousands of groups, of which few need a ticket: a commit for each of them would
    keep those waiting who send it."""
    with open_session(engine, readonly=True) as session:
        keys = deque(alarm_groups.due(session, now=now))
    done = 0
    while keys:
        with open_session(engine) as session:
            ends = time.monotonic() + TURN
            while keys and time.monotonic() < ends:
                done += _respond_to(session, keys.popleft(), now)
    return done


def _respond_each(engine: Engine, now: datetime) -> int:
    def find(session: Session) -> list[int]:
        return alarm_groups.due(session, now=now)

    def act(session: Session, key: int) -> bool:
        return _respond_to(session, key, now)

    def put_off(session: Session, key: int) -> None:
        mine = update(AlarmGroup).where(col(AlarmGroup.id) == key, col(AlarmGroup.act_at) <= now)
        session.connection().execute(mine.values(act_at=later(now)))

    return each_due(engine, find, act, put_off)


def _respond_to(session: Session, key: int, now: datetime) -> bool:
    if not claim(session, AlarmGroup, key, col(AlarmGroup.act_at) <= now):
        return False
    responses.respond(session, session.get_one(AlarmGroup, key), now=now)
    return True


def _watch_groups(engine: Engine, now: datetime) -> int:
    def find(session: Session) -> list[int]:
        return group_clears.due(session, now=now)

    def watch(session: Session, key: int) -> bool:
        if not claim(session, AlarmGroup, key, col(AlarmGroup.over_at).is_(None)):
            return False
        return group_clears.watch(session, session.get_one(AlarmGroup, key), now=now)

    return each_due(engine, find, watch, lambda session, key: None)


def _tell_tickets(engine: Engine, now: datetime) -> int:
    def find(session: Session) -> list[int]:
        return tickets.cleared(session, now=now)

    def tell(session: Session, key: int) -> bool:
        run_id = session.exec(select(Ticket.run_id).where(Ticket.id == key)).one()
        if run_id is None or not claim(session, Run, run_id, Run.status == "open"):
            return False
        return tickets.tell_cleared(session, key, now=now)

    return each_due(engine, find, tell, lambda session, key: None)
