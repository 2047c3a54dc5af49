"""Where the time of a ticket goes: its history, cut into stretches that cover every second of it.

Pure. Who reads the history: time_spent.py; how orders are read from it: spells.py. Each second has
one kind, by this precedence:

0. it is a child that follows its parent (副单): its time is its parent's, which time_spent.py adds;
1. the ticket is suspended: `wait_customer`, and its clock stands still;
2. the ticket is restored or called back: `verify`;
3. else the most active of its open work orders: `work`, `verify`, `travel`, `wait_internal`,
   `wait_customer` (only the order is suspended: the ticket's clock runs on), `queue`. Of two that
   are equally active, the one that has been so for longer;
4. no order is open: `queue` until the ticket is accepted, then `wait_internal`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from tasks.sla.durations import instant
from tasks.states import STATES
from tasks.timelines.spells import OVER, Entry, Order, Spell, in_order, is_of_ticket, spells_of

KINDS = {  # in the order in which a bar shows them: Chinese and English
    "queue": ("待接单", "in queue"),
    "travel": ("路程", "travel"),
    "work": ("处理", "work"),
    "wait_internal": ("内部等待", "waiting (internal)"),
    "wait_customer": ("客户等待", "waiting (customer)"),
    "verify": ("验证", "verifying"),
}
HAND_OFF = ("queue", "wait_internal")  # what is lost between two people
ACTIVE = ("work", "verify", "travel", "wait_internal", "wait_customer", "queue")  # the most first
STOPPED = ("suspended", "suspended afterwards")
NEVER = datetime.max.replace(tzinfo=UTC)
NO_ORDER = "no_order"  # the reason of a wait while no work order is open


@dataclass(frozen=True)
class Stretch:
    """A time in which one thing was so. For queue and wait_internal, `from_…` had it before."""

    kind: str
    started_at: datetime
    ended_at: datetime
    ticket: int = 0  # whose time it is: a child's goes on as its parent's
    work_order: int | None = None
    element: str = ""
    title: str = ""
    stage: str = ""
    group: str = ""  # whose it was, and so the lane
    person: str = ""
    taken_by: str = ""  # who accepted in the end what waits here
    from_group: str = ""
    from_person: str = ""
    from_element: str = ""
    handed_at: datetime | None = None
    reason: str = ""
    stops_clock: bool = False
    after_restore: bool = False  # the service was back by then
    parent: int = 0  # which it follows meanwhile, whose time this really is

    @property
    def length(self) -> timedelta:
        return self.ended_at - self.started_at


@dataclass(frozen=True)
class Phase:
    """A state of the ticket itself, from an instant on."""

    since: datetime
    state: str = "new"
    reason: str = ""
    was_accepted: bool = False
    parent: int = 0


@dataclass(frozen=True)
class Stop:
    """A suspension that was granted afterwards, or from an earlier instant on (补挂起)."""

    since: datetime
    until: datetime
    reason: str


def segments_of(
    entries: Iterable[Entry], orders: Iterable[Order], until: datetime
) -> list[Stretch]:
    """From opened until it is over, or `until`. At least one stretch; they leave no gap.

    `entries`: of the ticket and of its runs, each chain in its order.
    """
    written = list(entries)
    openings = (one.at for one in written if one.verb == "opened" and is_of_ticket(one))
    begin = next(openings, written[0].at)
    told = in_order(written, begin)
    of_ticket = [one for one in told if is_of_ticket(one)]
    end, back_at = max(begin, _end(of_ticket, until)), _restored_at(of_ticket)
    phases, stops = list(_phases(of_ticket)), _stops(of_ticket)
    spells = spells_of((one for one in told if not is_of_ticket(one)), orders)
    changes = {back_at or end, *(phase.since for phase in phases)}
    changes |= {at for stop in stops for at in (stop.since, stop.until)}
    changes |= {at for spell in spells for at in (spell.since, spell.until or end)}
    cuts = [begin, *sorted(at for at in changes if begin < at < end), end]
    ticket = int(of_ticket[0].subject.partition(":")[2])
    return list(
        _joined(
            replace(one, ticket=ticket, after_restore=one.started_at >= (back_at or NEVER))
            for one in _pieces(cuts, phases, stops, spells)
        )
    )


def cut(stretches: Iterable[Stretch], begin: datetime, end: datetime = NEVER) -> list[Stretch]:
    """What is left of them from `begin` on, until `end`."""
    return [
        replace(one, started_at=max(one.started_at, begin), ended_at=min(one.ended_at, end))
        for one in stretches
        if one.ended_at > begin and one.started_at < end
    ]


def total(stretches: Iterable[Stretch]) -> timedelta:
    return sum((one.length for one in stretches), timedelta())


def net(stretches: Iterable[Stretch]) -> timedelta:
    """Without the time in which the clock was stopped: what a limit is measured against."""
    return total(one for one in stretches if not one.stops_clock)


def _end(entries: Iterable[Entry], until: datetime) -> datetime:
    over = [entry.at for entry in entries if _state(entry) in OVER]
    return min([until, *over])


def _restored_at(entries: Iterable[Entry]) -> datetime | None:
    """When the service came back for good: earlier, as a rule, than somebody noted it."""
    back_at = None
    for entry in entries:
        if entry.verb in ("restored", "restored with its parent"):
            back_at = instant(entry.particulars.get("restored_at")) or entry.at
        elif entry.verb in ("reopened", "reopened with its parent", "left its parent"):
            back_at = None
    return back_at


def _stops(entries: Iterable[Entry]) -> list[Stop]:
    stops = []
    for entry in entries:
        told = entry.particulars
        since = instant(told.get("since")) if entry.verb in STOPPED else None
        if since:
            until = instant(told.get("until")) or entry.at
            stops.append(Stop(since, until, told.get("reason", "")))
    return stops


def _phases(entries: Iterable[Entry]) -> Iterator[Phase]:
    state, was_accepted, parent = "new", False, 0
    for entry in entries:
        state = _state(entry) or state
        parent = entry.particulars.get("parent") or parent
        was_accepted = was_accepted or state == "accepted"
        reason = entry.particulars.get("reason", "") if state == "suspended" else ""
        yield Phase(entry.at, state, reason, was_accepted, parent if state == "following" else 0)


def _state(entry: Entry) -> str | None:
    state = entry.particulars.get("is")
    return state if isinstance(state, str) and state in STATES else None


def _pieces(
    cuts: Sequence[datetime],
    phases: Sequence[Phase],
    stops: Sequence[Stop],
    spells: Sequence[Spell],
) -> Iterator[Stretch]:
    """One for each two neighbouring cuts, between which nothing changes."""
    to_come = sorted(spells, key=lambda spell: spell.since, reverse=True)
    phases_to_come, phase = list(reversed(phases)), phases[0]
    active: list[Spell] = []
    for begin, end in pairwise(cuts):
        while phases_to_come and phases_to_come[-1].since <= begin:
            phase = phases_to_come.pop()
        while to_come and to_come[-1].since <= begin:
            active.append(to_come.pop())
        active = [spell for spell in active if spell.until is None or spell.until > begin]
        stop = next((stop for stop in stops if stop.since <= begin < stop.until), None)
        state = replace(phase, state="suspended", reason=stop.reason) if stop else phase
        yield _piece(begin, end, state, min(active, key=_activity, default=None))


def _activity(spell: Spell) -> tuple[int, datetime, int]:
    return ACTIVE.index(spell.kind), spell.since, spell.order.id


def _piece(begin: datetime, end: datetime, phase: Phase, spell: Spell | None) -> Stretch:
    kind, reason = _kind(phase, spell)
    stops = phase.state == "suspended"
    one = Stretch(kind, begin, end, reason=reason, stops_clock=stops, parent=phase.parent)
    return _with_order(one, spell) if spell else one


def _kind(phase: Phase, spell: Spell | None) -> tuple[str, str]:
    """The precedence at the top of this file; and the reason, where there is one."""
    if phase.state == "suspended":
        return "wait_customer", phase.reason
    if STATES[phase.state].segment == "verify":
        return "verify", ""
    if spell:
        return spell.kind, spell.reason
    return "wait_internal" if phase.was_accepted else "queue", NO_ORDER


def _with_order(one: Stretch, spell: Spell) -> Stretch:
    order = spell.order
    told = replace(
        one,
        work_order=order.id,
        element=order.element,
        title=order.title,
        stage=order.stage,
        group=spell.group,
        person=spell.person,
    )
    return _with_origin(told, spell) if one.kind in HAND_OFF else told


def _with_origin(one: Stretch, spell: Spell) -> Stretch:
    return replace(
        one,
        taken_by=spell.taken_by,
        from_group=spell.from_group,
        from_person=spell.from_person,
        from_element=spell.from_element,
        handed_at=spell.handed_at,
    )


def _joined(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Neighbours that differ in nothing but their time, as one; and none that lasts no time."""
    last: Stretch | None = None
    for one in stretches:
        if last is None or last.started_at == last.ended_at:
            last = one
        elif replace(one, started_at=last.started_at) == replace(last, ended_at=one.ended_at):
            last = replace(last, ended_at=one.ended_at)
        elif one.length:
            yield last
            last = one
    if last:
        yield last
