"""What the customer is told and promised: how it goes, when it will be back, that it is; a limit
put off.

Called by the doors; both verbs restart or lengthen clocks, as the policy "clocks" says. The first
word to a customer, before they call: first_word.py.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from records import Contact, Customer, Person, Ticket
from tasks.access.people import require as require_permission
from tasks.faults.contacts import contacts_of, tell_each
from tasks.faults.impact import circuit_code
from tasks.faults.tickets import FARTHEST, children, merged_into, record, require, require_reason
from tasks.refusals import NotAllowed, wrong
from tasks.sla import clocks
from tasks.sla.durations import when

CLOCK = "restore"  # whose limit is put off


def tell_progress(
    session: Session,
    ticket: Ticket,
    *,
    words: str,
    by: str,
    now: datetime,
    expected_at: datetime | None = None,
    by_phone: bool = False,
) -> int:
    """进展通报: to each contact of the customer, and of those of its children that are not restored
    yet; how many notices.

    `by_phone`: the ticket's customer was called already, so nothing is sent.
    """
    require("tell_progress", ticket)
    _check_words(words, expected_at, now)
    ticket.expected_at = expected_at or ticket.expected_at
    told: dict[str, Any] = {"words": words, "by_phone": by_phone}
    told["expected_at"] = expected_at.isoformat() if expected_at else None
    if by_phone:
        ticket.told_at = ticket.told_at or now
        record(session, "progress told", ticket, by, now, told=[], **told)
        return 0
    queued, called = 0, 0
    waiting = [one for one in children(session, ticket) if one.state in ("merged", "following")]
    for one in (*waiting, ticket):
        contacts = contacts_of(session, one.customer_id)
        queued += _notify(session, one, contacts, ticket, words, now)
        called += bool(contacts)
        if contacts or (one is ticket and called):  # of a parent, once its children's were told
            names = [contact.name for contact in contacts]
            record(session, "progress told", one, by, now, told=names, **told)
    if not queued:
        raise _nobody_to_tell()
    return queued


def tell_restored(session: Session, ticket: Ticket, *, key: str, now: datetime) -> int:
    """业务已恢复, to each contact, also of what was merged into it; how many notices. Children with
    a way of their own tell their customers themselves."""
    queued = 0
    for one in (ticket, *merged_into(session, ticket)):
        at = one.restored_at or now
        facts = {
            "ticket": one.number,
            "circuit": circuit_code(session, one),
            "restored_at": when(at),
            "lasted_minutes": int((at - one.started_at).total_seconds() // 60),
        }
        told: dict[str, Any] = {"template": "restored", "facts": facts, "now": now}
        told |= {"subject": f"ticket:{one.id}", "is_urgent": ticket.impact == "outage"}
        contacts = contacts_of(session, one.customer_id)
        queued += tell_each(session, one, contacts, key=f"{key}-{one.id}", **told)
    return queued


def postpone(
    session: Session,
    ticket: Ticket,
    *,
    reason: str,
    by: Person,
    now: datetime,
    until: datetime | None = None,
    minutes: int | None = None,
) -> NotAllowed | None:
    """延期: the limit of the repair, `until` then or by so many `minutes`; only before it is due.

    Asked too late, it is a breach of its own: recorded, and returned for the edge to say so.
    """
    require("postpone", ticket)
    require_permission(by, "tickets:postpone")
    require_reason(reason)
    reading = _reading(session, ticket, now)
    due = reading.due_at  # None while the clock is stopped
    _check_length(until, minutes, due or now)
    told: dict[str, Any] = {
        "clock": CLOCK,
        "reason": reason,
        "was_due_at": due.isoformat() if due else None,
    }
    told |= {"until": until.isoformat() if until else None, "minutes": minutes}
    if reading.breached_at or (due and due <= now):
        record(session, "postponement refused", ticket, by.login, now, is_breach=True, **told)
        return _too_late(ticket, due or now)
    record(session, "postponed", ticket, by.login, now, **told)
    return None


def due_at(session: Session, ticket: Ticket, now: datetime) -> datetime | None:
    """The limit of the repair, as it stands."""
    return _reading(session, ticket, now).due_at


def _notify(
    session: Session,
    ticket: Ticket,
    contacts: list[Contact],
    of: Ticket,
    words: str,
    now: datetime,
) -> int:
    """Of a child its customer reads about their own circuit, and the progress of the parent."""
    if not contacts:
        return 0
    limit = ticket.limit if ticket.state == "following" else of.limit
    every, expected = limit.get("progress_every"), of.expected_at
    facts = {
        "customer": session.get_one(Customer, ticket.customer_id).name,
        "ticket": ticket.number,
        "circuit": circuit_code(session, ticket),
        "progress": words,
        "expected": when(expected) if expected and expected > now else None,
        "next_at": when(now + timedelta(minutes=every)) if every else None,
    }
    told: dict[str, Any] = {"template": "progress", "facts": facts, "now": now}
    told |= {"subject": f"ticket:{ticket.id}", "is_urgent": of.impact == "outage"}
    key = f"progress-{ticket.id}-{now.timestamp():.6f}"
    return tell_each(session, ticket, contacts, key=key, **told)


def _reading(session: Session, ticket: Ticket, now: datetime) -> clocks.Reading:
    found = {reading.name: reading for reading in clocks.read_all(session, ticket, now)}
    if CLOCK not in found:
        raise NotAllowed(
            f"{ticket.number} 还没有时限,无可延期",
            f"{ticket.number} has no limit yet: there is nothing to postpone",
        )
    return found[CLOCK]


def _check_words(words: str, expected_at: datetime | None, now: datetime) -> None:
    if not words.strip():
        raise wrong("words", "请写明进展", "Say how it goes")
    if expected_at and expected_at <= now:
        raise wrong("expected_at", "预计时间已过,请更正", "has passed already: correct it")
    if expected_at and expected_at > now + FARTHEST:
        days = FARTHEST.days
        zh = f"预计时间须在 {days} 天以内,请更正"
        raise wrong("expected_at", zh, f"is more than {days} days ahead: correct it")


def _check_length(until: datetime | None, minutes: int | None, due: datetime) -> None:
    """One of the two, and no more than FARTHEST beyond what was promised."""
    if (until is None) is (minutes is None):
        raise wrong("until", "until 与 minutes 须填且只填一项", "give either until or minutes")
    longest, days = FARTHEST // timedelta(minutes=1), FARTHEST.days
    if minutes is not None and not 0 < minutes <= longest:
        raise wrong("minutes", f"须为 1 至 {longest} 分钟", f"has to be 1 to {longest} minutes")
    if until is not None and not due < until <= due + FARTHEST:
        at = when(due)
        raise wrong(
            "until",
            f"须晚于现在的时限 {at},最多延 {days} 天",
            f"has to be later than the limit, {at}, by {days} days at most",
        )


def _too_late(ticket: Ticket, due: datetime) -> NotAllowed:
    return NotAllowed(
        f"{ticket.number} 的时限 {when(due)} 已过,不能再延期;这次申请已记为一次超时",
        f"The limit of {ticket.number} was {when(due)}: too late to postpone, and asking now"
        " counts as a breach of its own",
        due_at=due.isoformat(),
    )


def _nobody_to_tell() -> NotAllowed:
    return NotAllowed(
        "没有联系人可以通知,请电话告知客户,并注明 by_phone",
        "There is nobody to send this to: call the customer, and say so with by_phone",
    )
