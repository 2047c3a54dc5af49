"""A stop (挂起) that is noted only afterwards: the clock did not run from `since` to `until`.

The order of a ticket's history stays as it was told; the clocks read from the entry when it was so.
Stopping from now on: stops.py. Called by bpmn/tickets.py.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from records import Entry, Person, Ticket, history
from tasks import policies
from tasks.access.people import require as require_permission
from tasks.faults.tickets import children, record, require
from tasks.refusals import Conflict, wrong
from tasks.sla.durations import when
from tasks.sla.suspensions import check_reason
from tasks.timelines.kept_segments import forget_segments

BEGINS = ("suspended", "suspended with its parent")
ENDS = ("resumed", "resumed with its parent")
AFTERWARDS = "suspended afterwards"
Stop = tuple[datetime, datetime | None]


def note_stop(
    session: Session,
    ticket: Ticket,
    *,
    reason: str,
    evidence: str,
    since: datetime,
    until: datetime,
    customer_told: bool,
    by: Person,
    now: datetime,
) -> None:
    """From `since` to `until`, both past, the time was not ours. Its children's neither."""
    check_stop(
        session,
        ticket,
        reason=reason,
        evidence=evidence,
        since=since,
        until=until,
        by=by,
        now=now,
    )
    told = {"reason": reason, "evidence": evidence, "customer_told": customer_told}
    told |= {"since": since.isoformat(), "until": until.isoformat()}
    record(session, AFTERWARDS, ticket, by.login, now, **told)
    for child in children(session, ticket):
        if child.state in ("closed", "cancelled"):
            continue
        record(session, AFTERWARDS, child, by.login, now, parent=ticket.id, **told)
        forget_segments(session, child.id)  # those until it was merged


def check_stop(
    session: Session,
    ticket: Ticket,
    *,
    reason: str,
    evidence: str,
    since: datetime,
    until: datetime,
    by: Person,
    now: datetime,
) -> None:
    """Only within the life of the ticket, not over another stop, by who may approve long ones."""
    require("note_stop", ticket)
    require_permission(by, "suspensions:approve-long")
    rules = policies.current(session, "suspensions").content
    check_reason(rules, reason)
    if not evidence.strip():
        raise wrong(
            "evidence", "请附证据(照片或通话记录)", "Give evidence: a photo or a call record"
        )
    _check_times(ticket, since, until, now, timedelta(hours=rules["max_hours"]))
    for begin, end in stops_of(_entries(session, ticket)):
        if begin < until and (end is None or since < end):
            raise _overlaps(begin, end)


def stops_of(entries: Iterable[Entry]) -> list[Stop]:
    """Every stop that history tells of; without an end, it lasts still."""
    found: list[Stop] = []
    since: datetime | None = None
    for entry in entries:
        if entry.verb in BEGINS:
            since = since or entry.at
        elif entry.verb in ENDS and since:
            found.append((since, entry.at))
            since = None
        elif entry.verb == AFTERWARDS:
            told = entry.particulars
            begin, end = (datetime.fromisoformat(told[name]) for name in ("since", "until"))
            found.append((begin, end))
    return [*found, (since, None)] if since else found


def _entries(session: Session, ticket: Ticket) -> list[Entry]:
    history.write(session)  # what this transaction did counts too
    verbs = col(Entry.verb).in_([*BEGINS, *ENDS, AFTERWARDS])
    mine = select(Entry).where(Entry.subject == f"ticket:{ticket.id}", verbs)
    return list(session.exec(mine.order_by(col(Entry.seq))))


def _check_times(
    ticket: Ticket, since: datetime, until: datetime, now: datetime, longest: timedelta
) -> None:
    if since < ticket.opened_at:
        at = when(ticket.opened_at)
        raise wrong(
            "since",
            f"不能早于建单时间 {at}",
            f"cannot be before the ticket was opened, at {at}",
        )
    if since > now:
        raise wrong("since", "不能在未来,请更正", "is in the future: correct it")
    if not since < until <= now:
        raise wrong("resume_at", "须晚于 since", "has to be later than since")
    if until - since > longest:
        hours = longest // timedelta(hours=1)
        raise wrong("since", f"一次最多 {hours} 小时", f"takes at most {hours} hours at a time")


def _overlaps(begin: datetime, end: datetime | None) -> Conflict:
    from_, to = when(begin), when(end) if end else "…"
    return Conflict(
        f"{from_} 至 {to} 已经停过表,请改成不重叠的时间",
        f"The clock was stopped from {from_} to {to} already: choose a time beside that",
    )
