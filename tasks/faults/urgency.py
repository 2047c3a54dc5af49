"""How urgent a ticket is: its limits, its level, its grade, and the calls that raise them.

Diagrams reach these verbs through services/tickets.py. What else happens to a ticket: tickets.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from records import Ticket
from records.customers import GRADES
from tasks.faults.intake import IMPACTS
from tasks.faults.tickets import move, record, require, require_reason
from tasks.refusals import wrong
from tasks.sla import clocks

LEVELS = ("F1", "F2", "F3", "F4")  # the most serious first


def set_limit(
    session: Session,
    ticket: Ticket,
    limit: Mapping[str, Any],
    level: str,
    *,
    by: str,
    now: datetime,
    ladder: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Limits in minutes, and the ladder of those who are told meanwhile: the clocks follow.

    A regrading never lowers the level that calls have raised.
    """
    require("set_limit", ticket)
    pinned = clocks.pin(session, limit, ladder)
    ticket.limit = dict(limit)
    ticket.level = min(level, ticket.level) if ticket.calls > 1 and ticket.level else level
    state = "dispatched" if ticket.state == "new" else ticket.state
    told: dict[str, Any] = {"limit": ticket.limit, "level": ticket.level}
    told |= {"ladder": [dict(rung) for rung in ladder], "policies": pinned}
    move(session, "limit set", ticket, state, by, now, **told)


def note_call(
    session: Session, ticket: Ticket, *, words: str, caller: str, by: str, now: datetime
) -> None:
    """The customer called again; their words are kept as they were said."""
    require("note_call", ticket)
    ticket.calls += 1
    ticket.called_at = ticket.called_at or now
    told = {"count": ticket.calls, "words": words, "caller": caller}
    record(session, "customer called", ticket, by, now, **told)


def raise_level(session: Session, ticket: Ticket, *, reason: str, by: str, now: datetime) -> None:
    """升一级, up to F1."""
    require("raise_level", ticket)
    was = ticket.level or LEVELS[-1]
    ticket.level = LEVELS[max(LEVELS.index(was) - 1, 0)]
    record(
        session, "level raised", ticket, by, now, **{"from": was, "to": ticket.level}, why=reason
    )


def regrade(
    session: Session,
    ticket: Ticket,
    *,
    grade: str,
    impact: str,
    reason: str,
    by: str,
    now: datetime,
) -> None:
    """Another grade or impact; "" leaves it. The limits follow: the run asks its tables again."""
    check_regrade(ticket, grade, impact, reason)
    told = {"grade": [ticket.grade, grade or ticket.grade], "reason": reason}
    told["impact"] = [ticket.impact, impact or ticket.impact]
    ticket.grade, ticket.impact = grade or ticket.grade, impact or ticket.impact
    record(session, "regraded", ticket, by, now, **told)


def check_regrade(ticket: Ticket, grade: str, impact: str, reason: str) -> None:
    require("regrade", ticket)
    if not (grade or impact):
        raise wrong("grade", "请给出新的等级或影响", "Give another grade or another impact")
    if grade and grade not in GRADES:
        known = ", ".join(GRADES)
        raise wrong("grade", f"等级应为 {known} 之一", f"The grade is one of {known}")
    if impact and impact not in IMPACTS:
        known = ", ".join(IMPACTS)
        raise wrong("impact", f"影响应为 {known} 之一", f"The impact is one of {known}")
    require_reason(reason)
