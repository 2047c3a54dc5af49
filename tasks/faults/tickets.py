"""A fault ticket (故障单), from opened to archived. Every change of its state is in this file.

    new ──set_limit──▶ dispatched ──accept──▶ accepted ──restore──▶ restored ──call_back──┐
                                               ▲   │                   │                  ▼
                                               └───┴───── reopen ──────┴──────────── called_back
    suspended ◀── suspend ── from new … accepted, and back with resume                    │
    merged    ◀── merge ──── from any open state: a child (副单)                         close
    cancelled ◀── cancel ─── from any open state                                          ▼
    following ─── restored, called back and closed with its parent: child_tickets.py   closed

Opening: intake.py; limits, levels, calls: urgency.py; suspending: stops.py. Diagrams reach the
verbs through services/tickets.py; where the run is concerned too, the doors call bpmn/tickets.py.
`by` is the login of who does it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from records import Entry, Ticket, history
from tasks.faults.elements import check_elements
from tasks.network import affected_circuits
from tasks.refusals import NotAllowed, NotFound, wrong
from tasks.states import STATES

BEFORE_REPAIR_IS_DONE = {"new", "dispatched", "accepted"}
RUNNING = BEFORE_REPAIR_IS_DONE | {"restored", "called_back"}
OPEN = RUNNING | {"suspended", "following"}

ALLOWED = {  # verb: the states in which it may be done
    "set_limit": OPEN,
    "accept": {"new", "dispatched"},
    "judge": {"accepted"},
    "propose_plan": OPEN,
    "add_specialty": OPEN,
    "note_call": OPEN,
    "raise_level": OPEN,
    "tell_progress": OPEN,
    "postpone": BEFORE_REPAIR_IS_DONE | {"suspended"},
    "note_stop": OPEN,
    "regrade": OPEN,
    "suspend": BEFORE_REPAIR_IS_DONE | {"suspended"},
    "resume": {"suspended"},
    "note_repair": OPEN,
    "restore": {"accepted"},
    "reopen": {"accepted", "restored", "called_back"},
    "call_back": {"restored"},
    "close": {"called_back"},
    "settle": BEFORE_REPAIR_IS_DONE | {"suspended"},
    "note_report": OPEN,
    "merge": RUNNING | {"suspended"},
    "join": BEFORE_REPAIR_IS_DONE | {"suspended"},
    "restore_with_parent": {"following"},
    "reopen_with_parent": {"restored", "called_back"},
    "leave": {"following", "restored", "called_back"},
    "cancel": OPEN,
}
FARTHEST = timedelta(days=30)  # what is promised for later is another promise
DOMAINS = {"transport": "传输", "data": "数据", "line": "线路", "access": "接入"}
SPECIALTIES = {**DOMAINS, "field": "外线"}
_CHILDREN = (  # built once: each restored and each closed ticket asks for its own
    select(Ticket).where(col(Ticket.parent_id) == bindparam("parent")).order_by(col(Ticket.id))
)


def find_by_number(session: Session, number: str) -> Ticket:
    """By what people say on the phone: FT-20260311-417."""
    digits = number.rpartition("-")[2]
    ticket = session.get(Ticket, int(digits)) if digits.isdecimal() else None
    if ticket is None or ticket.number != number:
        raise NotFound(f"没有故障单 {number},请核对", f"There is no ticket {number}: check it")
    return ticket


def accept(session: Session, ticket: Ticket, *, by: str, now: datetime) -> None:
    require("accept", ticket)
    move(session, "accepted", ticket, "accepted", by, now)


def judge(
    session: Session,
    ticket: Ticket,
    *,
    domains: list[str],
    section: str,
    expected_at: datetime | None,
    by: str,
    now: datetime,
) -> None:
    """预判: which specialties, where, and when it will be restored."""
    require("judge", ticket)
    unknown = [domain for domain in domains if domain not in DOMAINS]
    if unknown:
        raise wrong("domains", f"没有专业 {unknown[0]}", f"There is no specialty {unknown[0]}")
    if expected_at and expected_at > now + FARTHEST:
        expected_at = None  # a slip of the pen: nobody is told that
    ticket.domains, ticket.section, ticket.expected_at = list(domains), section, expected_at
    told = {"domains": ticket.domains, "section": section, "expected_at": _iso(expected_at)}
    record(session, "judged", ticket, by, now, **told)


def propose_plan(
    session: Session, ticket: Ticket, *, plan: str, mode: str, by: str, now: datetime
) -> None:
    require("propose_plan", ticket)
    ticket.plan, ticket.plan_look_at = plan, now
    record(session, "plan proposed", ticket, by, now, plan=plan, mode=mode)


def add_specialty(
    session: Session, ticket: Ticket, *, domain: str, reason: str, by: str, now: datetime
) -> None:
    """加派: one more specialty joins the repair."""
    check_specialty(ticket, domain, reason)
    if domain in DOMAINS and domain not in ticket.domains:
        ticket.domains = [*ticket.domains, domain]
    record(session, "specialty added", ticket, by, now, domain=domain, reason=reason)


def restore(session: Session, ticket: Ticket, *, at: datetime, by: str, now: datetime) -> None:
    """业务恢复. A time before the fault, before a reopening that found it not restored after all,
    or after now is a slip: the nearest one counts."""
    require("restore", ticket)
    since = _reopened_at(session, ticket) if ticket.reopened else None
    ticket.restored_at = max(since or ticket.started_at, min(at, now))
    told = {"restored_at": _iso(ticket.restored_at), "said": _iso(at)}
    move(session, "restored", ticket, "restored", by, now, **told)
    for child in merged_into(session, ticket):
        child.restored_at = ticket.restored_at
        record(session, "restored with its parent", child, by, now, parent=ticket.id, **told)


def reopen(session: Session, ticket: Ticket, *, by: str, now: datetime) -> None:
    """The test failed or the customer is not satisfied: judge again."""
    require("reopen", ticket)
    ticket.reopened += 1
    ticket.restored_at = None
    move(session, "reopened", ticket, "accepted", by, now, count=ticket.reopened)


def call_back(session: Session, ticket: Ticket, *, words: str, by: str, now: datetime) -> None:
    """已回访: the customer is satisfied."""
    require("call_back", ticket)
    move(session, "called back", ticket, "called_back", by, now, words=words)


def close(
    session: Session, ticket: Ticket, closing: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """归档, with all six elements. What was merged into it is closed with it; children with a way
    of their own have been called back by then."""
    require("close", ticket)
    check_elements(closing)
    ticket.closing, ticket.cause = dict(closing), str(closing["cause"])
    end(session, "closed", ticket, "closed", by, now, closing=ticket.closing)
    for child in merged_into(session, ticket):
        child.open_key = None
        record(session, "closed with its parent", child, by, now, parent=ticket.id)


def cancel(
    session: Session, ticket: Ticket, *, reason: str, note: str, by: str, now: datetime
) -> None:
    """作废: no fault of ours after all."""
    check_cancel(session, ticket, reason)
    end(session, "cancelled", ticket, "cancelled", by, now, reason=reason, note=note)


def merge(
    session: Session, ticket: Ticket, parent: Ticket, *, reason: str, by: str, now: datetime
) -> None:
    """并单: the ticket becomes a child (副单) of `parent`; its own children move along with it.

    It keeps its open_key, so that further alarms reach the parent through it (intake.find_open).
    """
    check_merge(ticket, parent)
    stops, stood = parent.state == "suspended", ticket.state == "suspended"
    moved = children(session, ticket)
    for child in moved:
        child.parent_id = parent.id
        record(session, "moved to parent", child, by, now, parent=parent.id)
    if stops is not stood:  # from now on their clocks stand still, and run, with the parent's
        verb = "suspended with its parent" if stops else "resumed with its parent"
        for one in (ticket, *moved):
            record(session, verb, one, by, now, parent=parent.id)
    ticket.parent_id, ticket.closed_at = parent.id, now
    move(session, "merged", ticket, "merged", by, now, parent=parent.id, reason=reason)
    record(session, "child merged", parent, by, now, child=ticket.id, number=ticket.number)


def children(session: Session, ticket: Ticket) -> list[Ticket]:
    """副单 of this ticket: merged into it, or with a way of their own (child_tickets.py)."""
    return list(session.exec(_CHILDREN, params={"parent": ticket.id}))


def merged_into(session: Session, ticket: Ticket) -> list[Ticket]:
    return [child for child in children(session, ticket) if child.state == "merged"]


def check_specialty(ticket: Ticket, domain: str, reason: str) -> None:
    require("add_specialty", ticket)
    if domain not in SPECIALTIES:
        known = ", ".join(SPECIALTIES)
        raise wrong("domain", f"专业应为 {known} 之一", f"The specialty is one of {known}")
    require_reason(reason)


def check_cancel(session: Session, ticket: Ticket, reason: str) -> None:
    require("cancel", ticket)
    require_reason(reason)
    if children(session, ticket):
        raise NotAllowed(
            f"{ticket.number} 有副单,不能作废:请先处理完,或换一张主单",
            f"{ticket.number} has child tickets and cannot be cancelled: see it through,"
            " or merge it into another parent",
        )


def check_merge(ticket: Ticket, parent: Ticket) -> None:
    """Only into an open ticket: so a parent is never a child, and no circle can come about."""
    require("merge", ticket)
    check_parent(ticket, parent)


def check_parent(ticket: Ticket, parent: Ticket) -> None:
    if parent.parent_id:
        raise NotAllowed(
            f"{parent.number} 自己是副单,请并入它的主单",
            f"{parent.number} is a child itself: merge it into that one's parent",
            parent=parent.parent_id,
        )
    if parent.id == ticket.id:
        raise wrong(
            "parent", "不能并入自己,请选另一张主单", "Not into itself: choose another parent"
        )
    if parent.state not in OPEN:
        state = STATES[parent.state]
        raise NotAllowed(
            f"主单 {parent.number} 已是“{state.zh}”,请选一张未结束的单",
            f"The parent {parent.number} is {state.en}: choose a ticket that is open",
            state=parent.state,
        )


def require(verb: str, ticket: Ticket) -> None:
    if ticket.state not in ALLOWED[verb]:
        state = STATES[ticket.state]
        raise NotAllowed(
            f"{ticket.number} 现在是“{state.zh}”,不能这样做,请刷新后再看",
            f"{ticket.number} is {state.en}: this cannot be done now, reload to see",
            state=ticket.state,
        )


def end(
    session: Session, verb: str, ticket: Ticket, state: str, by: str, now: datetime, **told: Any
) -> None:
    ticket.closed_at, ticket.open_key = now, None
    if ticket.priority or ticket.parent_id:  # else it has no affected circuits
        affected_circuits.end(session, ticket, now)
    move(session, verb, ticket, state, by, now, **told)


def move(
    session: Session, verb: str, ticket: Ticket, state: str, by: str, now: datetime, **told: Any
) -> None:
    told |= {"was": ticket.state, "is": state}
    ticket.state = state
    record(session, verb, ticket, by, now, **told)


def record(
    session: Session, verb: str, ticket: Ticket, by: str, now: datetime, **told: Any
) -> None:
    history.record(session, verb, subject=f"ticket:{ticket.id}", by=by, at=now, **told)


def require_reason(reason: str) -> None:
    if not reason.strip():
        raise wrong("reason", "请写明原因", "Say why")


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _reopened_at(session: Session, ticket: Ticket) -> datetime | None:
    history.write(session)
    reopened = select(Entry.at).where(Entry.subject == f"ticket:{ticket.id}")
    return session.exec(
        reopened.where(Entry.verb == "reopened").order_by(col(Entry.seq).desc()).limit(1)
    ).first()
