"""Services about a source of alarms that never sent something: what alarm_source_gap.bpmn calls.

The run is about the ticket; the source is whose gap that ticket is about. The verbs:
tasks/network/source_gaps.py, resync.py.
"""

from typing import Any

from sqlmodel import select

from records import AlarmSource
from tasks.faults import settling
from tasks.network import resync, source_gaps
from tasks.services.kinds import Caller, ServiceRefused
from tasks.services.tickets import ticket_of

Facts = dict[str, Any]


def describe_gap(caller: Caller) -> Facts:
    return source_gaps.describe(_source(caller))


def ask(caller: Caller) -> Facts:
    """For all that is active, where it can be asked; else people have to."""
    source = _source(caller)
    resync.want(caller.session, source, why="gap", by=caller.by, now=caller.now)
    return {"asked": source.resync == "wanted" and bool(source.resync_url)}


def give_up(caller: Caller, *, note: str) -> Facts:
    source = _source(caller)
    source_gaps.give_up(caller.session, source, note=note, by=caller.by, now=caller.now)
    return _end(caller, source, note)


def note_filled(caller: Caller) -> Facts:
    return _end(caller, _source(caller), "已补齐 / filled")


def _end(caller: Caller, source: AlarmSource, words: str) -> Facts:
    source.gap_ticket_id = None
    ticket = ticket_of(caller)
    settling.settle(caller.session, ticket, words=words, by=caller.by, now=caller.now)
    return {"state": ticket.state}


def _source(caller: Caller) -> AlarmSource:
    ticket = ticket_of(caller)
    mine = select(AlarmSource).where(AlarmSource.gap_ticket_id == ticket.id).with_for_update()
    source = caller.session.exec(mine.execution_options(populate_existing=True)).first()
    if source is None:
        zh, en = "这张单不是告警源的缺口单", "This ticket is about no gap of a source"
        raise ServiceRefused("not-found", zh, en)
    return source
