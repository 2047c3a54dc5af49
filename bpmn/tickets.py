"""A fault ticket and its run together: open one, and tell the run what happened outside of it.

The doors and the timed work call this. A verb that concerns the run is checked here, sent to it as
a message, and done by the service that the diagram has at that place; where the diagram draws
nothing for it, it is done at once. The rules are in tasks/faults/tickets.py and its neighbours.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from sqlmodel import Session, col, select

from bpmn import child_tickets, forms, runs
from records import Alarm, Circuit, Person, Subscription, Ticket
from tasks.faults import intake, stops, tickets, urgency
from tasks.faults.impact import best, is_standing
from tasks.refusals import NotAllowed
from tasks.sla.past_stops import note_stop

DIAGRAM = "fault_handling"
FORMS = Path(__file__).parent / "forms"


def report(session: Session, answers: Mapping[str, Any], *, by: Person, now: datetime) -> Ticket:
    """A customer's call, as on the form fault_intake: a new ticket with its run.

    Where a ticket for the circuit is open, the call is noted on it instead; that may be the child
    of a fault which hits many.
    """
    forms.check_answers(intake_form(), answers)
    names = ("code", "circuit_code"), ("customer", "customer"), ("city", "city")
    circuit = intake.find_circuit(session, **{name: answers.get(key, "") for name, key in names})
    ticket = _find_open(session, circuit, answers, now) or _open(session, circuit, answers, by, now)
    if ticket.run_id is None:
        told = dict(answers)
        tickets.record(session, "reported", ticket, by.login, now, **told)
        return start(session, ticket, by=by.login, now=now)
    words, caller = answers["symptom"], answers["reporter"]
    call_again(session, ticket, words=words, caller=caller, by=by, now=now)
    return ticket


def start(session: Session, ticket: Ticket, *, by: str, now: datetime) -> Ticket:
    """Begin the run of a ticket that has none yet."""
    session.flush()
    data = {"ticket": {"id": ticket.id, "source": ticket.source}}
    run = runs.start(session, DIAGRAM, data, by=by, now=now, subject=_subject(ticket))
    ticket.run_id = run.id
    session.flush()
    return ticket


def call_again(
    session: Session, ticket: Ticket, *, words: str, caller: str, by: Person, now: datetime
) -> None:
    """The customer calls again. The second call raises the level."""
    tickets.require("note_call", ticket)
    told = {"words": words, "caller": caller}
    if not _tell(session, ticket, "customer_calls_again", told, by.login, now):
        urgency.note_call(session, ticket, **told, by=by.login, now=now)


def regrade(
    session: Session,
    ticket: Ticket,
    *,
    reason: str,
    by: Person,
    now: datetime,
    grade: str = "",
    impact: str = "",
) -> None:
    """Another grade or impact ("" leaves it): the run works the limits out anew. A parent takes
    over the better grade of its child."""
    told = {"grade": grade, "impact": impact, "reason": reason}
    regrade_as(session, ticket, **told, by=by.login, now=now)
    if ticket.state == "following":
        parent = session.get_one(Ticket, ticket.parent_id, with_for_update=True)
        _share_grade(session, ticket, parent, by.login, now)


def regrade_as(
    session: Session,
    ticket: Ticket,
    *,
    reason: str,
    by: str,
    now: datetime,
    grade: str = "",
    impact: str = "",
) -> None:
    """As regrade, by a login that need not be a person's."""
    urgency.check_regrade(ticket, grade, impact, reason)
    told = {"grade": grade, "impact": impact, "reason": reason}
    if not _tell(session, ticket, "regrade", told, by, now):
        urgency.regrade(session, ticket, **told, by=by, now=now)


def suspend(
    session: Session,
    ticket: Ticket,
    *,
    reason: str,
    evidence: str,
    resume_at: datetime,
    customer_told: bool,
    by: Person,
    now: datetime,
    since: datetime | None = None,
) -> None:
    """挂起, with every open work order of the ticket. It goes on by itself at `resume_at`.

    `since`: the clock has not run from then on already. Where `resume_at` has passed too, that is
    all, and the run need not know.
    """
    told: dict[str, Any] = {"reason": reason, "evidence": evidence, "by": by, "now": now}
    told["customer_told"] = customer_told
    if since and resume_at > now:
        tickets.require("suspend", ticket)
    if since:
        note_stop(session, ticket, since=since, until=min(resume_at, now), **told)
    if not since or resume_at > now:
        _suspend(session, ticket, resume_at=resume_at, **told)


def _suspend(
    session: Session,
    ticket: Ticket,
    *,
    resume_at: datetime,
    customer_told: bool,
    by: Person,
    now: datetime,
    **why: str,
) -> None:
    told: dict[str, Any] = dict(why)
    stops.check_suspend(session, ticket, resume_at=resume_at, by=by, now=now, **told)
    told["customer_told"] = customer_told
    payload = told | {"resume_at": resume_at.isoformat()}
    if not _tell(session, ticket, "suspend", payload, by.login, now):
        stops.suspend(session, ticket, resume_at=resume_at, by=by, now=now, **told)


def resume(session: Session, ticket: Ticket, *, by: Person, now: datetime) -> None:
    """解挂."""
    tickets.require("resume", ticket)
    if not _tell(session, ticket, "resume", {}, by.login, now):
        stops.resume(session, ticket, by=by.login, now=now)


def add_specialty(
    session: Session, ticket: Ticket, *, domain: str, reason: str, by: Person, now: datetime
) -> None:
    """加派: one more order beside those of the repair, which then waits for it as well."""
    tickets.check_specialty(ticket, domain, reason)
    told = {"domain": domain, "reason": reason}
    if not _tell(session, ticket, "specialty_added", told, by.login, now):
        raise NotAllowed(
            f"{ticket.number} 现在不在修复环节,不能加派;请在预判时选择专业",
            f"{ticket.number} is not being repaired now: choose the specialties when judging it",
        )


def cancel(
    session: Session, ticket: Ticket, *, reason: str, note: str, by: Person, now: datetime
) -> None:
    """作废, with what the form cancel asks for; one list of reasons holds for every door."""
    tickets.check_cancel(session, ticket, reason)
    told = {"reason": reason, "note": note}
    forms.check_answers(_form("cancel"), told)
    if not _tell(session, ticket, "cancel", told, by.login, now):
        tickets.cancel(session, ticket, **told, by=by.login, now=now)
        runs.end_of(session, ticket.run_id, reason=reason, by=by.login, now=now)


def merge(
    session: Session, ticket: Ticket, parent: Ticket, *, reason: str, by: Person, now: datetime
) -> None:
    """并单. A parent takes over the better grade of its child, and its limits with it. A child with
    a way of its own goes on with it, under another parent."""
    if ticket.state == "following":
        child_tickets.move(session, ticket, parent, by=by.login, now=now)
        _share_grade(session, ticket, parent, by.login, now)
    else:
        merge_as(session, ticket, parent, reason=reason, by=by.login, now=now)


def merge_as(
    session: Session, ticket: Ticket, parent: Ticket, *, reason: str, by: str, now: datetime
) -> None:
    """As merge, by a login that need not be a person's."""
    tickets.check_merge(ticket, parent)
    told = {"parent": parent.id, "reason": reason}
    if not _tell(session, ticket, "merge_into_parent", told, by, now):
        tickets.merge(session, ticket, parent, reason=reason, by=by, now=now)
        runs.end_of(session, ticket.run_id, reason=reason, by=by, now=now)
    _share_grade(session, ticket, parent, by, now)


def cleared(session: Session, *, now: datetime, limit: int = 200) -> list[int]:
    """Tickets whose run waits for the alarms to clear, and whose alarms are clear for good."""
    stands = (
        select(Alarm.id).where(Alarm.ticket_id == Ticket.id, is_standing(session, now)).exists()
    )
    waiting = (
        select(Ticket.id)
        .join(Subscription, col(Subscription.run_id) == col(Ticket.run_id))
        .where(Subscription.name == "alarm_cleared", ~stands)
    )
    return list(session.exec(waiting.order_by(col(Ticket.id)).limit(limit)))


def tell_cleared(session: Session, ticket_id: int, *, now: datetime) -> bool:
    """The alarms of the ticket are clear for good: its run need not wait for proof. False where
    it does not wait any more."""
    subject = f"ticket:{ticket_id}"
    told = {"cleared_at": now.isoformat()}
    name, by = "alarm_cleared", "alarms"
    return runs.send(session, "message", name, told, subject=subject, by=by, now=now) > 0


def intake_form() -> forms.Form:
    return _form("fault_intake")


@cache
def _form(name: str) -> forms.Form:
    """A form that no work order has to show: it is as it came with Baton."""
    return forms.readers({name: orjson.loads((FORMS / f"{name}.json").read_bytes())})[name]


def _open(
    session: Session, circuit: Circuit, answers: Mapping[str, Any], by: Person, now: datetime
) -> Ticket:
    return intake.open_ticket(
        session,
        source="customer",
        circuit=circuit,
        open_key=f"circuit:{circuit.id}",
        impact=answers["impact"],
        started_at=datetime.fromisoformat(answers["started_at"].upper()),  # …t02:14:00z
        symptom=answers["symptom"],
        reporter=answers["reporter"],
        phone=answers["phone"],
        by=by.login,
        now=now,
    )


def _find_open(
    session: Session, circuit: Circuit, answers: Mapping[str, Any], now: datetime
) -> Ticket | None:
    found = intake.find_open_of(session, circuit)
    return found or child_tickets.open_for_call(session, circuit, answers["impact"], now=now)


def _share_grade(session: Session, child: Ticket, parent: Ticket, by: str, now: datetime) -> None:
    grade = best({child.grade, parent.grade})
    if grade != parent.grade:
        why = f"副单 {child.number} / child {child.number}"
        regrade_as(session, parent, grade=grade, reason=why, by=by, now=now)


def _tell(
    session: Session,
    ticket: Ticket,
    message: str,
    told: Mapping[str, Any],
    by: str,
    now: datetime,
) -> bool:
    """Whether the ticket's run waited for this; if so, it has done by now what follows."""
    session.flush()
    payload, subject = {**told, "by": by}, _subject(ticket)
    heard = runs.send(session, "message", message, payload, subject=subject, by=by, now=now)
    session.refresh(ticket)
    return heard > 0


def _subject(ticket: Ticket) -> str:
    return f"ticket:{ticket.id}"
