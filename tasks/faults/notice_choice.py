"""Whether customers get the first word of a fault that we found, and by when: what the table
alarm_priority said of its group of alarms. Called by first_word.py, bpmn/group_tickets.py and, for
the clock of first feedback, services/tickets.py. What the columns may say: the gate asks here too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from records import AlarmGroup, Ticket
from records.customers import GRADES
from records.transactions import remembered

ALL, NONE = "all", "none"
WORDS = (ALL, NONE, *GRADES)
LONGEST = 7 * 24 * 60  # minutes
_CHOSEN = "first words of tickets"


@dataclass(frozen=True)
class Choice:
    """Of one row of the table; what no table has decided is told to all, in its own time."""

    notice: str = ALL  # all, none, or grades: "AAA, AA"
    minutes: int = 0  # within which it has to leave; 0: quiet hours may hold it

    def is_meant(self, grade: str) -> bool:
        return self.notice == ALL or grade in words_of(self.notice)

    def latest(self, now: datetime) -> datetime | None:
        return now + timedelta(minutes=self.minutes) if self.minutes else None

    def hasten(self, limit: Mapping[str, Any], grade: str) -> dict[str, Any]:
        """The limits of a ticket of this grade: its first feedback is due by then."""
        own = limit.get("first_feedback")
        if not self.minutes or not self.is_meant(grade):
            return dict(limit)
        return {**limit, "first_feedback": min(own or self.minutes, self.minutes)}


def is_choice(told: Any) -> bool:
    """all or none, or grades."""
    words = words_of(told) if isinstance(told, str) else []
    return words in ([ALL], [NONE]) or (bool(words) and {*words} <= {*GRADES})


def is_time(minutes: Any) -> bool:
    is_number = isinstance(minutes, int) and not isinstance(minutes, bool)
    return is_number and 0 <= minutes <= LONGEST


def words_of(notice: str) -> list[str]:
    return [word for word in re.split(r"[\s,、,]+", notice) if word]


def read(decision: Mapping[str, Any]) -> Choice:
    """Of what stays with a group; of one that was never decided, or by an older table, ALL."""
    told = decision.get("result", {})
    return Choice(told.get("notice") or ALL, told.get("notice_minutes") or 0)


def of(session: Session, ticket: Ticket) -> Choice:
    """Who called us is answered in any case; for the children of one parent asked but once."""
    if ticket.source != "alarm":
        return Choice()
    parent, known = ticket.parent_id or ticket.id, remembered(session, _CHOSEN)
    if parent not in known:
        mine = select(AlarmGroup.decision).where(AlarmGroup.ticket_id == parent)
        stands = col(AlarmGroup.taken_over_by).is_(None)
        newest = mine.order_by(stands.desc(), col(AlarmGroup.id).desc())
        known[parent] = read(session.exec(newest.limit(1)).first() or {})
    return known[parent]  # type: ignore[no-any-return]


def note(session: Session, ticket: Ticket, group: AlarmGroup) -> None:
    """Decided anew in this transaction, perhaps after somebody asked."""
    remembered(session, _CHOSEN)[ticket.id] = read(group.decision)
