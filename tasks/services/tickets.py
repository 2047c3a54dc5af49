"""Services about the ticket that a run is about: what fault_handling.bpmn calls.

Each does one verb and tells what came of it; the verbs and their rules are in tasks/faults/ and
its neighbours. Who did it is `by` where a message says so, else the run itself.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from records import Ticket
from tasks.access.people import find_person
from tasks.faults import (
    child_tickets,
    first_word,
    milestones,
    notice_choice,
    promises,
    stops,
    tickets,
    urgency,
)
from tasks.faults.impact import ZONE, facts_of, has_only_children, is_night, standing_alarms
from tasks.refusals import Refusal
from tasks.services.kinds import Caller, ServiceRefused

Facts = dict[str, Any]


def describe(caller: Caller) -> Facts:
    """What the decision tables ask about: grade, impact, product, circuits hit."""
    return facts_of(caller.session, ticket_of(caller))


def set_limit(
    caller: Caller, *, limit: Facts, level: str, ladder: Mapping[str, Any] | None = None
) -> Facts:
    """`ladder`: what the table collected, a list for each of its columns. The first word about a
    fault that we found is due as soon as the table alarm_priority says."""
    rungs, ticket = _rows(ladder or {}), ticket_of(caller)
    hastened = notice_choice.of(caller.session, ticket).hasten(limit, ticket.grade)
    told = _do(caller, urgency.set_limit, limit=hastened, level=level, ladder=rungs)
    return told | {"rungs": len(rungs)}


def tell_customer(caller: Caller) -> Facts:
    """我们已知道: every contact of the customer is told, before they call, where that is wanted."""
    session, ticket, now = caller.session, ticket_of(caller), caller.now
    told = first_word.tell_known(session, ticket, key=caller.key, by=caller.by, now=now)
    return {"notices": told}


def accept(caller: Caller) -> Facts:
    return _do(caller, tickets.accept)


def take_judgement(caller: Caller, *, judgement: Mapping[str, Any], also: str = "") -> Facts:
    """Note what was judged; `verdict` is "unclear" where it will not do, and history says why.

    `also`: a specialty that the product calls for beside those that were chosen.
    """
    session, ticket = caller.session, ticket_of(caller)
    told: Facts = {"verdict": judgement["verdict"], "domains": [], "parent_id": None}
    try:
        told |= _VERDICTS[judgement["verdict"]](caller, ticket, judgement, also)
    except Refusal as refusal:
        told["verdict"] = "unclear"
        why = {"zh": refusal.zh, "en": refusal.en}
        tickets.record(session, "judgement refused", ticket, caller.by, caller.now, **why)
    lasting = caller.now - ticket.started_at
    told |= {"is_night": is_night(caller.now), "outage_minutes": _minutes(lasting)}
    return facts_of(session, ticket) | told


def propose_plan(caller: Caller, *, plan: str, mode: str) -> Facts:
    return _do(caller, tickets.propose_plan, plan=plan, mode=mode)


def add_specialty(caller: Caller, *, domain: str, reason: str, by: str = "") -> Facts:
    return _do(caller, tickets.add_specialty, by, domain=domain, reason=reason)


def look_at_alarms(caller: Caller) -> Facts:
    """How many of the ticket's alarms still stand, or are not clear for good yet."""
    return {"standing": standing_alarms(caller.session, ticket_of(caller), now=caller.now)}


def restore(caller: Caller, *, at: str) -> Facts:
    """The service is back, so a suspended ticket goes on by itself."""
    ticket = ticket_of(caller)
    stops.resume(caller.session, ticket, by=caller.by, now=caller.now)
    _do(caller, tickets.restore, at=_instant(at))
    return _lasted(caller, ticket)


def restore_with_parent(caller: Caller) -> Facts:
    """A child's customer has the service back as the parent's fault is mended."""
    _do(caller, child_tickets.restore)
    return _lasted(caller, ticket_of(caller))


def tell_restored(caller: Caller) -> Facts:
    ticket = ticket_of(caller)
    told = promises.tell_restored(caller.session, ticket, key=caller.key, now=caller.now)
    return {"notices": told}


def note_repair(caller: Caller) -> Facts:
    return _do(caller, milestones.note_repair)


def note_report(caller: Caller) -> Facts:
    return _do(caller, milestones.note_report)


def reopen(caller: Caller) -> Facts:
    return _do(caller, tickets.reopen)


def reopen_with_parent(caller: Caller) -> Facts:
    return _do(caller, child_tickets.reopen)


def leave_parent(caller: Caller, *, words: str) -> Facts:
    """Its customer is not satisfied: it is a fault of its own from now on."""
    return _do(caller, child_tickets.leave, words=words)


def close_with_parent(caller: Caller) -> Facts:
    return _do(caller, child_tickets.close)


def look_at_children(caller: Caller) -> Facts:
    """How many children's customers are still to be called back."""
    return {"uncalled": child_tickets.count_uncalled(caller.session, ticket_of(caller))}


def call_back(caller: Caller, *, words: str) -> Facts:
    return _do(caller, tickets.call_back, words=words)


def call_back_by_children(caller: Caller) -> Facts:
    """Every child's customer was called back: so was this one, where it has no customer itself."""
    ticket = ticket_of(caller)
    if ticket.state == "called_back":
        return _told(ticket)
    return _do(caller, tickets.call_back, words="各副单均已回访 / every child was called back")


def close(caller: Caller, *, closing: Facts) -> Facts:
    return _do(caller, tickets.close, closing=closing)


def cancel(caller: Caller, *, reason: str, note: str, by: str = "") -> Facts:
    return _do(caller, tickets.cancel, by, reason=reason, note=note)


def merge(caller: Caller, *, parent: int, reason: str = "", by: str = "") -> Facts:
    found = caller.session.get(Ticket, parent)
    if found is None:
        raise ServiceRefused("not-found", f"没有主单 {parent}", f"There is no ticket {parent}")
    return _do(caller, tickets.merge, by, parent=found, reason=reason)


def note_call(caller: Caller, *, words: str, caller_name: str, by: str = "") -> Facts:
    _do(caller, urgency.note_call, by, words=words, caller=caller_name)
    return {"count": ticket_of(caller).calls}


def raise_level(caller: Caller, *, reason: str) -> Facts:
    return _do(caller, urgency.raise_level, reason=reason)


def regrade(caller: Caller, *, grade: str, impact: str, reason: str, by: str = "") -> Facts:
    _do(caller, urgency.regrade, by, grade=grade, impact=impact, reason=reason)
    return describe(caller)


def suspend(
    caller: Caller, *, reason: str, evidence: str, resume_at: str, customer_told: bool, by: str
) -> Facts:
    told: Facts = {"reason": reason, "evidence": evidence, "customer_told": customer_told}
    with _refusals():
        person = find_person(caller.session, by)
        stop, ticket = stops.suspend, ticket_of(caller)
        at = _instant(resume_at)
        stop(caller.session, ticket, resume_at=at, by=person, now=caller.now, **told)
    return _told(ticket)


def resume(caller: Caller, *, planned: str = "", by: str = "") -> Facts:
    """`planned`: no message came, but the planned time did."""
    ticket, who = ticket_of(caller), by or caller.by
    stops.resume(caller.session, ticket, by=who, now=caller.now, planned=bool(planned))
    return _told(ticket)


def ticket_of(caller: Caller) -> Ticket:
    """Locked on PostgreSQL, so that an alarm that is added meanwhile waits for the run."""
    about, _, number = caller.subject.partition(":")
    key = int(number) if about == "ticket" else 0
    ticket = caller.session.get(Ticket, key, with_for_update=True)
    if ticket is None:
        raise ServiceRefused("not-found", "这个流程没有故障单", "This run is not about a ticket")
    return ticket


def _fault(caller: Caller, ticket: Ticket, judgement: Mapping[str, Any], also: str) -> Facts:
    chosen = list(judgement.get("domains", []))
    domains = [*chosen, also] if chosen and also and also not in chosen else chosen
    at = judgement.get("expected_restore_at")
    tickets.judge(
        caller.session,
        ticket,
        domains=domains,
        section=judgement.get("suspected_section", ""),
        expected_at=_instant(at) if at else None,
        by=caller.by,
        now=caller.now,
    )
    return {"domains": domains}


def _duplicate(caller: Caller, ticket: Ticket, judgement: Mapping[str, Any], also: str) -> Facts:
    parent = tickets.find_by_number(caller.session, judgement.get("parent_number", ""))
    tickets.check_merge(ticket, parent)
    return {"parent_id": parent.id}


def _no_fault(caller: Caller, ticket: Ticket, judgement: Mapping[str, Any], also: str) -> Facts:
    tickets.check_cancel(caller.session, ticket, reason="not_a_fault")
    return {}


_VERDICTS = {"fault": _fault, "duplicate": _duplicate, "not_a_fault": _no_fault}


def _do(caller: Caller, verb: Callable[..., None], by: str = "", /, **told: Any) -> Facts:
    ticket = ticket_of(caller)
    with _refusals():
        verb(caller.session, ticket, by=by or caller.by, now=caller.now, **told)
    return _told(ticket)


def _lasted(caller: Caller, ticket: Ticket) -> Facts:
    lasted = _minutes((ticket.restored_at or caller.now) - ticket.started_at)
    most = ticket.limit.get("report_if_over")
    told: Facts = {"outage_minutes": lasted, "is_report_due": most is not None and lasted > most}
    return told | {"by_children": has_only_children(caller.session, ticket)}


def _rows(columns: Mapping[str, Any]) -> list[Facts]:
    """Of columns of equal length; what is no column is passed over."""
    lists = {name: cells for name, cells in columns.items() if isinstance(cells, list)}
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _told(ticket: Ticket) -> Facts:
    return {"state": ticket.state, "level": ticket.level}


@contextmanager
def _refusals() -> Iterator[None]:
    """Trying again will not help: the diagram may catch it, else somebody has to look."""
    try:
        yield
    except Refusal as refusal:
        raise ServiceRefused(refusal.code, refusal.zh, refusal.en) from refusal


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text.upper())  # forms take 2026-03-11t02:14:00z too
    return at if at.tzinfo else at.replace(tzinfo=ZONE)


def _minutes(length: timedelta) -> int:
    return max(int(length.total_seconds() // 60), 0)
