"""How well alarms became tickets: what was opened, against the truth that a storm knows.

Called by score.py. Nothing here is asked by correlation, and it knows no rule of it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from sqlalchemy import select
from sqlmodel import Session, col

from records import Alarm, AlarmGroup, Ticket
from records.region.breakages import Root
from records.region.storms import Storm

_KIND, _OBJECT = col(AlarmGroup.root_kind), col(AlarmGroup.root_object)


@dataclass
class Judge:
    """Looks from time to time: when was the right root known, when had it a ticket?"""

    storms: Sequence[Storm]
    due: dict[int, datetime]  # by a storm's number: when its hold-off was over
    known_at: dict[int, datetime] = field(default_factory=dict)
    opened_at: dict[int, datetime] = field(default_factory=dict)

    def look(self, session: Session, now: datetime) -> None:
        roots = standing_roots(session)
        with_ticket = {root for root, has_ticket in roots if has_ticket}
        for at, known in (
            (self.known_at, {root for root, _ in roots}),
            (self.opened_at, with_ticket),
        ):
            for storm in self.storms:
                if storm.number not in at and storm.roots & known:
                    at[storm.number] = now

    def seconds(self, storm: Storm, at: dict[int, datetime]) -> float | None:
        """From the end of the hold-off until then; None where that never came."""
        if storm.number not in at:
            return None
        return max(0.0, (at[storm.number] - self.due[storm.number]).total_seconds())


@dataclass
class Verdict:
    """`right` and `wrong`: tickets (主单) by what they take for the root."""

    right: dict[int, Storm]
    wrong: dict[int, Root]
    missed: list[Storm]
    wanted: int  # storms that a ticket should be opened for

    @property
    def precision(self) -> float:
        return len(self.right) / max(1, len(self.right) + len(self.wrong))

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / max(1, self.wanted)


def judge(session: Session, storms: Sequence[Storm]) -> Verdict:
    """Each storm is found by one ticket; a second one for it is wrong."""
    wanted = [storm for storm in storms if storm.expects != "none"]
    left, right, wrong = list(wanted), dict[int, Storm](), dict[int, Root]()
    for ticket_id, root in sorted(parent_roots(session).items()):
        storm = next((one for one in left if root in one.roots), None)
        if storm is None:
            wrong[ticket_id] = root
        else:
            right[ticket_id] = storm
            left.remove(storm)
    return Verdict(right, wrong, left, len(wanted))


def standing_roots(session: Session) -> set[tuple[Root, bool]]:
    """Of the groups that no other took over; whether there is a ticket for it."""
    rows = select(_KIND, _OBJECT, col(AlarmGroup.ticket_id)).where(
        col(AlarmGroup.taken_over_by).is_(None)
    )
    return {((kind, name), key is not None) for kind, name, key in session.execute(rows)}


def parent_roots(session: Session) -> dict[int, Root]:
    """By ticket that alarms opened, and that stands for itself: its root."""
    rows = (
        select(col(Ticket.id), _KIND, _OBJECT)
        .join(AlarmGroup, col(AlarmGroup.ticket_id) == col(Ticket.id), isouter=True)
        .where(col(Ticket.source) == "alarm", col(Ticket.parent_id).is_(None))
        .where(col(AlarmGroup.taken_over_by).is_(None))
    )
    return {key: (kind or "none", name or "") for key, kind, name in session.execute(rows)}


def opened_again(session: Session) -> int:
    """Tickets whose root had an open one of the same cause: a repeat or a flap opened them."""
    told = col(Ticket.id), col(Ticket.opened_at), col(Ticket.closed_at)
    opened = select(_KIND, _OBJECT, col(AlarmGroup.cause), *told).join(
        Ticket, col(AlarmGroup.ticket_id) == col(Ticket.id)
    )
    until: dict[tuple[str, ...], datetime | None] = {}
    tickets: set[int] = set()
    again = 0
    for *of, key, opened_at, closed_at in session.execute(opened.order_by(col(Ticket.id))):
        if key not in tickets and tuple(of) in until:
            before = until[tuple(of)]
            again += before is None or before > opened_at
        tickets.add(key)
        until[tuple(of)] = closed_at
    return again


def instead(session: Session, storm: Storm) -> str:
    """What the alarms of a storm were taken for."""
    keys = {f"{one.object}|{one.cause}" for one in storm.said}
    rows = select(_KIND, _OBJECT, col(Alarm.object), col(Alarm.cause)).join(
        Alarm, col(Alarm.group_id) == col(AlarmGroup.id)
    )
    found = Counter(
        f"{kind} {root}"
        for kind, root, name, cause in session.execute(rows)
        if f"{name}|{cause}" in keys
    )
    return ", ".join(f"{root} ({count})" for root, count in found.most_common(3)) or "nothing"


def half(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.1f} s, worst {max(seconds):.1f} s" if seconds else "–"
