"""What people are told of a visit: the explanation sheet (说明单) to the customer, who confirms it;
reminders until then; invitations to crew and customer, their updates and their end.

Called by visits.py, visit_crews.py, the doors, and a tick (`remind`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from notifications import notices
from records import Contact, Customer, Notice, Person, Site, Visit
from tasks import policies
from tasks.field import bookings
from tasks.field.visit_jobs import jobs_of, names_of
from tasks.field.visit_states import record, require
from tasks.refusals import NotAllowed, wrong
from tasks.sla.durations import when

Facts = dict[str, Any]
DAY = timedelta(days=1)


def explain(
    session: Session, visit: Visit, *, by: str, now: datetime, by_phone: bool = False
) -> int:
    """Send the sheet with an invitation to each contact; how many notices. `by_phone`: they were
    told already, so nothing is sent."""
    require("explain", visit)
    visit.sheet, visit.explained_at = _sheet(session, visit), now
    queued = 0 if by_phone else _tell_customer(session, visit, now)
    if not queued and not by_phone:
        raise NotAllowed(
            "没有联系人可以通知,请电话说明,并注明 by_phone",
            "There is nobody to send this to: call the customer, and say so with by_phone",
        )
    visit.confirmed_at, visit.confirmed_by, visit.reminders = None, "", 0
    visit.remind_at = _next_reminder(session, visit, now)
    record(session, "explained", visit, by, now, notices=queued, by_phone=by_phone)
    return queued


def confirm(session: Session, visit: Visit, *, who: str, by: str, now: datetime) -> None:
    """The customer agrees. `who`: somebody there."""
    require("confirm", visit)
    if visit.explained_at is None:
        raise NotAllowed(
            "还没有发说明单,请先发给客户",
            "No explanation sheet was sent yet: send it to the customer first",
        )
    if not who.strip():
        raise wrong("who", "请写明客户方由谁确认", "Say who at the customer's has agreed")
    visit.confirmed_at, visit.confirmed_by, visit.remind_at = now, who.strip(), None
    record(session, "confirmed", visit, by, now, who=visit.confirmed_by)


def due(session: Session, *, now: datetime, limit: int = 200) -> list[int]:
    rows = select(Visit.id).where(col(Visit.remind_at) <= now)
    return list(session.exec(rows.order_by(col(Visit.remind_at)).limit(limit)))


def remind(session: Session, visit: Visit, *, now: datetime) -> bool:
    """One more reminder; shortly before the visit our own people are asked to call instead."""
    if visit.remind_at is None or visit.remind_at > now:
        return False
    if visit.confirmed_at or visit.state not in ("planned", "crewed"):
        visit.remind_at = None
        return False
    if now >= _call_at(session, visit):
        visit.remind_at = None
        told = _ask_to_call(session, visit, now)
        record(session, "unconfirmed", visit, "system", now, told=told)
        return True
    visit.reminders += 1
    visit.remind_at = _next_reminder(session, visit, now)
    queued = _tell_customer(session, visit, now, is_reminder=True)
    record(session, "reminded", visit, "system", now, notices=queued, n=visit.reminders)
    return True


def tell_crew(session: Session, visit: Visit, people: Sequence[Person], *, now: datetime) -> None:
    """Each of them, with an invitation; and the customer, if they were told of the visit before."""
    visit.sequence += 1
    facts = _facts(session, visit) | {"invitation": invitation_of(session, visit, "REQUEST")}
    if visit.customer_id:
        facts["customer"] = session.get_one(Customer, visit.customer_id).name
    for person in people:
        _tell(session, visit, person, "visit_crew", facts, now)
    tell_change(session, visit, "班组", "The crew", now=now)


def tell_gone(session: Session, visit: Visit, people: Sequence[Person], *, now: datetime) -> None:
    """They need not go any more."""
    facts = _cancellation(session, visit, "改派他人", "somebody else goes, or another day")
    for person in people:
        _tell(session, visit, person, "visit_cancelled", facts, now)


def tell_change(session: Session, visit: Visit, zh: str, en: str, *, now: datetime) -> None:
    """To a customer who has had the sheet. One that is moved has to be confirmed anew."""
    if visit.explained_at is None or visit.customer_id is None:
        return
    visit.sheet = _sheet(session, visit)
    _tell_customer(session, visit, now, change={"zh": zh, "en": en})
    if visit.confirmed_at is None:
        visit.remind_at = _next_reminder(session, visit, now)


def tell_cancelled(
    session: Session, visit: Visit, people: Sequence[Person], reason: str, *, now: datetime
) -> None:
    """The crew; and the customer, if they knew of it. The reason is ours, so only the crew reads
    it."""
    visit.sequence += 1
    visit.remind_at = None
    for person in people:
        _tell(session, visit, person, "visit_cancelled", _cancellation(session, visit, reason), now)
    if visit.explained_at:
        facts = _cancellation(session, visit, "计划变更", "plans have changed")
        for contact in _contacts(session, visit):
            _tell(session, visit, contact, "visit_cancelled", facts, now)


def invitation_of(session: Session, visit: Visit, method: str = "") -> Facts:
    """As notifications/invitations.py has it; of the visit as it is, where no method is told."""
    site = session.get_one(Site, visit.site_id)
    return {
        "uid": f"visit-{visit.id}",
        "sequence": visit.sequence,
        "method": method or ("CANCEL" if visit.state == "cancelled" else "REQUEST"),
        "starts_at": visit.starts_at.isoformat(),
        "ends_at": visit.ends_at.isoformat(),
        "place": f"{site.city}{site.county} {site.name}",
    }


def _sheet(session: Session, visit: Visit) -> Facts:
    """说明单: what, who, when, what to prepare."""
    rules, jobs = policies.current(session, "visits").content, jobs_of(session, visit)
    kinds = [rules["jobs"].get(job.kind, {"prepare": ()}) for job in jobs]
    wanted = dict.fromkeys(key for kind in kinds for key in kind["prepare"])
    prepare = [dict(rules["prepare"][key]) for key in wanted if key in rules["prepare"]]
    return _facts(session, visit) | {"prepare": prepare, "crew": _crew_names(session, visit)}


def _facts(session: Session, visit: Visit) -> Facts:
    site = session.get_one(Site, visit.site_id)
    return {
        "visit": visit.number,
        "place": f"{site.city}{site.county} {site.name}",
        "starts": when(visit.starts_at),
        "ends": when(visit.ends_at),
        "jobs": [names_of(job.title) for job in jobs_of(session, visit)],
    }


def _crew_names(session: Session, visit: Visit) -> list[str]:
    ids = [row.person_id for row in bookings.of_visit(session, visit) if row.person_id]
    rows = session.exec(select(Person).where(col(Person.id).in_(ids)))
    found = {person.id: person.name for person in rows}
    return [found[key] for key in ids]


def _cancellation(session: Session, visit: Visit, zh: str, en: str = "") -> Facts:
    told = {key: value for key, value in _facts(session, visit).items() if key != "jobs"}
    invitation = invitation_of(session, visit, "CANCEL")
    return told | {"reason": {"zh": zh, "en": en or zh}, "invitation": invitation}


def _tell_customer(session: Session, visit: Visit, now: datetime, **more: Any) -> int:
    """How many notices; one that may not leave, as it names somebody else, is none."""
    facts = {**visit.sheet, **more, "invitation": invitation_of(session, visit, "REQUEST")}
    rows = [
        notice
        for contact in _contacts(session, visit)
        for notice in _tell(session, visit, contact, "visit_explained", facts, now)
    ]
    return sum(notice.state != "failed" for notice in rows)


def _tell(
    session: Session,
    visit: Visit,
    to: Person | Contact,
    template: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> list[Notice]:
    """At once where it is about today."""
    about: dict[str, Any] = {"template": template, "facts": facts, "subject": f"visit:{visit.id}"}
    key = f"{template}-{visit.id}-{visit.sequence}-{now.timestamp():.6f}"
    is_urgent = visit.starts_at < now + DAY
    return notices.tell(session, to=to, **about, key=key, is_urgent=is_urgent, now=now)


def _contacts(session: Session, visit: Visit) -> list[Contact]:
    if visit.customer_id is None:
        return []
    mine = select(Contact).where(Contact.customer_id == visit.customer_id)
    return list(session.exec(mine.order_by(col(Contact.id))))


def _ask_to_call(session: Session, visit: Visit, now: datetime) -> list[str]:
    """Who planned it, and the account manager."""
    customer = session.get(Customer, visit.customer_id) if visit.customer_id else None
    logins = {visit.planned_by, customer.account_manager if customer else ""}
    people = session.exec(select(Person).where(col(Person.login).in_(logins)))
    facts = {key: visit.sheet[key] for key in ("visit", "place", "starts")}
    facts |= {"customer": customer.name if customer else "", "reminders": visit.reminders}
    told = []
    for person in people:
        _tell(session, visit, person, "visit_unconfirmed", facts, now)
        told.append(person.login)
    return sorted(told)


def _next_reminder(session: Session, visit: Visit, now: datetime) -> datetime | None:
    hours = sorted(policies.current(session, "visits").content["remind_hours"])
    call, since = _call_at(session, visit), visit.explained_at or now
    left = [since + timedelta(hours=each) for each in hours[visit.reminders :]]
    return max(now, min([*left[:1], call]))


def _call_at(session: Session, visit: Visit) -> datetime:
    hours = policies.current(session, "visits").content["call_hours"]
    return visit.starts_at - timedelta(hours=hours)
