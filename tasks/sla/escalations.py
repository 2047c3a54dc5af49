"""What happens when a clock gets to a rung of its ladder (升级), or to its limit.

    due ──▶ fire: plan (what history says is due, whom it reaches) ──▶ tell, record, keep

Called by workflows/clocks.py, for many clocks in one transaction; the rows of the clocks move on
when it commits (clocks.py). Whom a rung reaches: recipients.py; what they read: rung_words.py.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from notifications import notices
from records import Circuit, Clock, Customer, Escalation, Person, Ticket, history
from tasks.recipients import Reach, Roster
from tasks.refusals import NotAllowed
from tasks.sla import clocks
from tasks.sla.clock_ladders import Rung
from tasks.sla.clock_outcomes import Outcome
from tasks.sla.rung_words import Words, Writer
from tasks.timelines.time_spent import shares_of

BY = "clocks"  # whose doing it is, in history


@dataclass(frozen=True)
class Step:
    """One rung that is due now."""

    clock: Clock
    ticket: Ticket
    outcome: Outcome
    rung: Rung
    reach: Reach
    words: Words
    facts: dict[str, Any] = field(default_factory=dict)


def due(session: Session, now: datetime, limit: int = 200) -> list[int]:
    """Clocks that somebody has to look at, the longest overdue first; their tickets are locked.

    On PostgreSQL a ticket that somebody has in hand is left for the next time: so nobody waits for
    another in a circle, and no two workers have the same ticket.
    """
    rows = (
        select(Clock.id)
        .join(Ticket, col(Ticket.id) == col(Clock.ticket_id))
        .where(col(Clock.next_at) <= now)
        .order_by(col(Clock.next_at), col(Clock.id))
        .limit(limit)
        .with_for_update(of=Ticket, skip_locked=True)
    )
    return list(session.exec(rows))


def fire(session: Session, clock_id: int, *, now: datetime) -> list[Escalation]:
    """Every rung of the clock that is due, in order; none where it was paused or told meanwhile."""
    ticket = select(Clock.ticket_id).where(Clock.id == clock_id)
    session.get(Ticket, session.exec(ticket).one(), with_for_update=True)
    return fire_all(session, [clock_id], now=now)


def fire_all(session: Session, clock_ids: Sequence[int], *, now: datetime) -> list[Escalation]:
    """The same for several clocks whose tickets are locked. First all is read, then written."""
    steps = _plan(session, clock_ids, now)
    fired = [_take(session, step, now) for step in steps]
    notices.tell_all(session, map(_news, steps), is_urgent=True, now=now)
    return fired


def acknowledge(session: Session, escalation: Escalation, *, by: Person, now: datetime) -> None:
    """已阅: somebody has taken it up. Who was first stays."""
    if escalation.seen_at:
        raise NotAllowed(
            f"{escalation.seen_by} 已经确认过了",
            f"{escalation.seen_by} has acknowledged it already",
            first=escalation.seen_by,
        )
    escalation.seen_at, escalation.seen_by = now, by.login
    session.add(escalation)
    history.record(
        session,
        "escalation seen",
        subject=f"ticket:{escalation.ticket_id}",
        by=by.login,
        at=now,
        escalation=escalation.id,
        rung=escalation.rung,
    )


def note_failure(session: Session, clock_id: int, error: str, *, now: datetime) -> None:
    """A rung that could not be told is seen on its ticket, once for each way that it fails."""
    clock = session.get_one(Clock, clock_id)
    subject = f"ticket:{clock.ticket_id}"
    last = history.last(session, subject)
    told = {"clock": clock.name, "cycle": clock.cycle, "error": error}
    if last is None or (last.verb, last.particulars) != ("escalation failed", told):
        history.record(session, "escalation failed", subject=subject, by=BY, at=now, **told)


def _plan(session: Session, clock_ids: Iterable[int], now: datetime) -> list[Step]:
    found = select(Clock).where(col(Clock.id).in_(list(clock_ids)))
    rows = session.exec(found.order_by(col(Clock.next_at), col(Clock.id))).all()
    of = {row.ticket_id for row in rows}
    tickets = {t.id: t for t in session.exec(select(Ticket).where(col(Ticket.id).in_(of)))}
    _about = _read_along(session, tickets.values())  # held, so that they stay in the session
    outcomes, planner = clocks.outcomes(session, of, now), _Planner(session, now)
    steps: list[Step] = []
    for row in rows:
        outcome = outcomes.get(row.ticket_id, {}).get(row.name)
        mine = planner.steps(row, tickets[row.ticket_id], outcome) if outcome else []
        steps += mine
        if outcome is None:  # its policy has no such clock any more
            row.next_at = None
        elif not mine:  # paused, stopped or told meanwhile, and the row does not know it yet
            clocks.follow(session, row.ticket_id, now)
    return steps


class _Planner:
    """Finds whom each rung reaches, and what they read."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now
        self._roster = Roster(session)
        self._writer = Writer(session, self._roster.actions, now)

    def steps(self, clock: Clock, ticket: Ticket, outcome: Outcome) -> list[Step]:
        rungs = [rung for rung in outcome.rungs if _is_due(rung, self._now)]
        is_missed = any(rung.is_limit for rung in rungs)
        shares = shares_of(self._session, ticket, self._now) if is_missed else {}
        steps = []
        for rung in rungs:
            reach = self._roster.reach_for_rung(rung.to, ticket)
            words = self._writer.say(ticket, outcome, rung, shares)
            facts = ({"shares": shares} if rung.is_limit else {}) | words.kept
            steps.append(Step(clock, ticket, outcome, rung, reach, words, facts))
        return steps


def _read_along(session: Session, tickets: Collection[Ticket]) -> list[Any]:
    """What the words of many tickets need, in two queries."""
    customers = {ticket.customer_id for ticket in tickets if ticket.customer_id}
    circuits = {ticket.circuit_id for ticket in tickets if ticket.circuit_id}
    return [
        *session.exec(select(Customer).where(col(Customer.id).in_(customers))),
        *session.exec(select(Circuit).where(col(Circuit.id).in_(circuits))),
    ]


def _is_due(rung: Rung, now: datetime) -> bool:
    return rung.fired_at is None and rung.instant is not None and rung.instant <= now


def _take(session: Session, step: Step, now: datetime) -> Escalation:
    rung = step.rung
    row = Escalation(
        clock_id=step.clock.id,
        ticket_id=step.ticket.id,
        cycle=step.outcome.cycle.number,
        rung=rung.number,
        at=rung.at,
        to=rung.to,
        action=rung.action,
        told=[person.login for person in step.reach.people],
        facts=step.facts | _up(step.reach),
        due_at=rung.instant or now,
        fired_at=now,
    )
    session.add(row)
    _record(session, step, row, now)
    return row


def _news(step: Step) -> notices.News:
    key = f"rung-{step.clock.id}-{step.outcome.cycle.number}-{step.rung.number}"
    words, subject = step.words, f"ticket:{step.ticket.id}"
    return notices.News(step.reach.people, words.template, words.facts, key, subject)


def _up(reach: Reach) -> dict[str, Any]:
    """Which rules found nobody, and which one did in their place."""
    return {"nobody": reach.nobody, "reached": reach.rule} if reach.nobody else {}


def _record(session: Session, step: Step, row: Escalation, now: datetime) -> None:
    verb = "limit missed" if step.rung.is_limit else "escalated"
    told = {"clock": step.clock.name, "cycle": row.cycle, "rung": row.rung, "at": row.at}
    told |= {"to": row.to, "action": row.action, "told": row.told}
    told |= {"due_at": row.due_at.isoformat(), **row.facts}
    subject = f"ticket:{step.ticket.id}"
    history.record(session, verb, subject=subject, by=BY, at=now, also=told)
