"""What those read whom a rung of a ladder reaches: which template, with which facts.

Called by escalations.py. Templates: escalation, limit_missed, redispatch (notifications/words).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from records import Customer, Group, Ticket, WorkOrder
from tasks import suggestions
from tasks.faults.impact import circuit_code
from tasks.sla.clock_ladders import Rung
from tasks.sla.clock_outcomes import Outcome
from tasks.sla.durations import in_en, in_zh, when
from tasks.sla.limits import offset_of
from tasks.suggestions import Suggestion
from tasks.timelines.segments import KINDS

REASSIGN = "reassign"  # the action that asks for another person
MINUTE = timedelta(minutes=1)
Both = dict[str, str]  # Chinese and English


@dataclass(frozen=True)
class Words:
    """A template with its facts, and what of it is kept with the escalation."""

    template: str
    facts: dict[str, Any]
    kept: dict[str, Any] = field(default_factory=dict)


class Writer:
    """Finds the words of many rungs in one transaction."""

    def __init__(self, session: Session, actions: Mapping[str, Both], now: datetime) -> None:
        self._session, self._actions, self._now = session, actions, now
        self._crowds = suggestions.Crowds(session, now)

    def say(
        self, ticket: Ticket, outcome: Outcome, rung: Rung, shares: Mapping[str, float]
    ) -> Words:
        session, now, due = self._session, self._now, outcome.due_at
        facts = _about(session, ticket, outcome)
        order = _waiting_order(session, ticket) if rung.action == REASSIGN else None
        if order:
            found = suggestions.for_order(session, order, now, crowds=self._crowds)
            return _redispatch(session, ticket, order, facts, found, now)
        action = self._named(rung.action)
        if rung.is_limit:
            facts |= {"shares": _shown(shares), "action": action}
            return Words("limit_missed", facts | _to_go(due, now))
        asked = action or self._named("notify") or {"zh": "请知悉", "en": "Please note"}
        return Words("escalation", facts | {"at": _at(rung), "action": asked} | _to_go(due, now))

    def _named(self, action: str) -> Both | None:
        found = self._actions.get(action)
        return {"zh": found["zh"], "en": found["en"]} if found else None


def _about(session: Session, ticket: Ticket, outcome: Outcome) -> dict[str, Any]:
    of = outcome.course.definition
    customer = session.get(Customer, ticket.customer_id) if ticket.customer_id else None
    return {
        "ticket": ticket.number,
        "customer": customer.name if customer else None,
        "circuit": circuit_code(session, ticket),
        "grade": ticket.grade,
        "clock": {"zh": of.zh, "en": of.en},
        "due": when(outcome.due_at) if outcome.due_at else "—",
        "link": f"/tickets/{ticket.id}",
    }


def _at(rung: Rung) -> str | Both:
    """50%, or 超时 2 小时."""
    beyond = offset_of(rung.at, timedelta())
    if not beyond:
        return rung.at
    seconds = beyond.total_seconds()
    return {"zh": f"超时 {in_zh(seconds)}", "en": f"{in_en(seconds)} late"}


def _to_go(due: datetime | None, now: datetime) -> dict[str, Any]:
    """Until the limit; or since, for a rung beyond it or one that was told late."""
    if due and due > now:
        return {"left_minutes": (due - now) // MINUTE}
    return {"over_minutes": (now - due) // MINUTE if due else 0}


def _redispatch(
    session: Session,
    ticket: Ticket,
    order: WorkOrder,
    about: dict[str, Any],
    found: list[Suggestion],
    now: datetime,
) -> Words:
    """Who could take what nobody has accepted."""
    group = select(Group.name, Group.name_en).where(Group.key == order.group_key)
    zh, en = session.exec(group).first() or (order.group_key, order.group_key)
    facts = {
        "ticket": ticket.number,
        "customer": about["customer"],
        "work_order": _halves(order.title),
        "group": {"zh": zh, "en": en},
        "waited_minutes": (now - order.opened_at) // MINUTE,
        "suggestion": found[0].name if found else None,
        "why": _why(found[0]) if found else None,
        "link": f"/work-orders/{order.id}",
    }
    kept = {"work_order": order.id, "suggested": [each.login for each in found]}
    return Words("redispatch", facts, kept)


def _waiting_order(session: Session, ticket: Ticket) -> WorkOrder | None:
    """The one that has waited longest for somebody to accept it."""
    waiting = select(WorkOrder).where(
        WorkOrder.ticket_id == ticket.id,
        WorkOrder.state == "dispatched",
        col(WorkOrder.finished_at).is_(None),
    )
    return session.exec(waiting.order_by(col(WorkOrder.opened_at), col(WorkOrder.id))).first()


def _why(best: Suggestion) -> Both:
    zh = ",".join(reason.zh for reason in best.reasons)
    return {"zh": zh, "en": ", ".join(reason.en for reason in best.reasons)}


def _shown(shares: Mapping[str, float]) -> list[dict[str, Any]]:
    """Where most of the time went first; what took none is left out."""
    most = sorted(shares.items(), key=lambda each: -each[1])
    return [
        {"name": _halves(" / ".join(KINDS[kind])), "percent": round(share * 100)}
        for kind, share in most
        if share > 0
    ]


def _halves(title: str) -> Both:
    """“判断 / Judge” in its two languages."""
    zh, _, en = title.partition(" / ")
    return {"zh": zh, "en": en or zh}
