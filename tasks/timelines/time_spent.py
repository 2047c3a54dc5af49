"""Where the time of one ticket went: its history read, cut into stretches, and added up.

Called by api/time_spent.py, by the ladder for what it says of a breach (shares_of), and by
kept_segments.py. How history becomes stretches: segments.py.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from records import Entry, Run, Ticket, WorkOrder, history
from tasks.timelines.segments import HAND_OFF, KINDS, Stretch, cut, segments_of, total
from tasks.timelines.spells import Order, Told

DIGITS = 4  # of a share
# Nothing about time, and the longest entries of all: they stay in the database.
LEFT_OUT = ("advanced", "finished", "got", "alarm added", "child merged")
_READ = [getattr(Entry, name) for name in ("subject", "at", "by", "verb", "particulars")]
_KNOWN = [getattr(WorkOrder, field.name) for field in fields(Order)]
# Built once: the ladder asks for many tickets.
_TOLD = (
    select(*_READ)
    .where(col(Entry.subject).in_(bindparam("subjects", expanding=True)))
    .where(col(Entry.verb).not_in(LEFT_OUT))
    .order_by(col(Entry.id))
)
_RUNS = select(col(Run.id)).where(col(Run.subject) == bindparam("subject"))
_ORDERS = select(*_KNOWN).where(col(WorkOrder.ticket_id) == bindparam("ticket"))


@dataclass(frozen=True)
class Gap:
    """A hand-off (衔接): something lay between two people. Other time may lie between stretches."""

    stretches: tuple[Stretch, ...]

    @property
    def first(self) -> Stretch:
        return self.stretches[0]

    @property
    def taken_by(self) -> str:
        return self.stretches[-1].taken_by

    @property
    def length(self) -> timedelta:
        return total(self.stretches)


def stretches_of(session: Session, ticket: Ticket, now: datetime) -> list[Stretch]:
    """From opened until it is over, or now. A child's time goes on as its parent's (主单): once
    merged, or while it follows."""
    own = list(_with_parents(session, _all_stretches(session, ticket, now), now))
    if ticket.state != "merged" or ticket.parent_id is None or ticket.closed_at is None:
        return own
    parent = stretches_of(session, session.get_one(Ticket, ticket.parent_id), now)
    return own + cut(parent, ticket.closed_at)


def own_stretches(session: Session, ticket: Ticket, now: datetime) -> list[Stretch]:
    """As stretches_of, without what is the parent's time: it counts once."""
    return [one for one in _all_stretches(session, ticket, now) if not one.parent]


def _with_parents(
    session: Session, stretches: Iterable[Stretch], now: datetime
) -> Iterator[Stretch]:
    for one in stretches:
        parent = session.get(Ticket, one.parent) if one.parent else None
        if parent:
            theirs = stretches_of(session, parent, now)
            yield from cut(theirs, one.started_at, one.ended_at)
        else:
            yield one


def _all_stretches(session: Session, ticket: Ticket, now: datetime) -> list[Stretch]:
    history.write(session)  # so that what this transaction did counts as well
    subject = f"ticket:{ticket.id}"
    runs = session.execute(_RUNS, {"subject": subject}).scalars()
    subjects = [subject, *(f"run:{run}" for run in runs)]
    told = [Told(*row) for row in session.execute(_TOLD, {"subjects": subjects})]
    orders = session.execute(_ORDERS, {"ticket": ticket.id})
    beginning = Told(subject, ticket.opened_at, "", "opened", {})  # if history has been lost
    return segments_of(told or [beginning], [Order(*row) for row in orders], now)


def shares_of(session: Session, ticket: Ticket, now: datetime) -> dict[str, float]:
    """Of each kind the share in all of the time so far. They add up to 1."""
    return shares(sums(stretches_of(session, ticket, now), lambda one: one.kind, KINDS))


def sums(
    stretches: Iterable[Stretch], key: Callable[[Stretch], str], known: Iterable[str] = ()
) -> dict[str, timedelta]:
    """How long for each key; `known` keys first, and also where they have nothing."""
    found = dict.fromkeys(known, timedelta())
    for one in stretches:
        found[key(one)] = found.get(key(one), timedelta()) + one.length
    return found


def shares(lengths: dict[str, timedelta]) -> dict[str, float]:
    """Rounded so that they still add up to 1; where no time has passed, all are 0."""
    whole, unit = sum(lengths.values(), timedelta()), 10**DIGITS
    if not whole:
        return dict.fromkeys(lengths, 0.0)
    exact = {key: length / whole * unit for key, length in lengths.items()}
    found = {key: int(share) for key, share in exact.items()}
    left = unit - sum(found.values())
    for key in sorted(exact, key=lambda key: found[key] - exact[key])[:left]:
        found[key] += 1
    return {key: share / unit for key, share in found.items()}


def hand_offs_of(stretches: Iterable[Stretch]) -> list[Gap]:
    """In the order in which they began."""
    found: dict[tuple[object, ...], list[Stretch]] = {}
    for one in stretches:
        if one.kind in HAND_OFF:
            begin = one.handed_at or one.started_at
            found.setdefault((one.ticket, one.work_order, begin), []).append(one)
    return [Gap(tuple(told)) for told in found.values()]
