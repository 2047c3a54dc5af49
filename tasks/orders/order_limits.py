"""The limits of an order in working days: how long the checks, the design and the whole may take.

They come from the decision table order_limit and stand in `ServiceOrder.limits`, each {"days",
"due", "met", "missed"}; `act_at` is the next of them (indexed). A postponed order has no due times:
they go on by the working time that was left. Called by the services and a tick (`miss`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from notifications import notices
from records import Customer, Person, ServiceOrder, Site
from tasks import recipients
from tasks.orders.order_states import OPEN, record
from tasks.refusals import wrong
from tasks.sla import clocks
from tasks.sla.durations import when

NAMES = {
    "feasibility": ("资源核查", "checks"),
    "design": ("设计与分配", "design"),
    "total": ("全程", "the whole order"),
}
Limits = dict[str, Any]


def set_limits(
    session: Session,
    order: ServiceOrder,
    days: Mapping[str, int],
    calendar: str,
    now: datetime,
    *,
    construction: int = 0,
) -> Limits:
    """Each from the order's beginning, the design from the end of the checks on. One that was met
    stays so; an amendment works them out anew."""
    known = clocks.calendars(session)
    if calendar not in known:
        raise wrong("calendar", f"没有日历“{calendar}”", f"There is no calendar “{calendar}”")
    before, limits = order.limits.get("of", {}), Limits()
    for name, count in days.items():
        kept = before.get(name, {})
        since = order.opened_at if name != "design" else now
        due = kept.get("due") if kept.get("met") else None
        due = due or known[calendar].add_days(since, count).isoformat()
        limits[name] = {"days": count, "due": due, "met": kept.get("met"), "missed": None}
    order.limits = {"calendar": calendar, "construction": construction, "of": limits}
    order.act_at = next_act(order)
    told = {name: each["due"] for name, each in limits.items()}
    record(session, "limits set", order, "system", now, calendar=calendar, **told)
    return limits


def lengthen(session: Session, order: ServiceOrder, name: str, days: int, now: datetime) -> None:
    """By so many working days: something has to be built first."""
    calendar = clocks.calendars(session)[order.limits["calendar"]]
    due = calendar.add_days(datetime.fromisoformat(order.limits["of"][name]["due"]), days)
    _change(order, name, due=due.isoformat())
    order.act_at = next_act(order)
    record(session, "limit lengthened", order, "system", now, limit=name, due=due.isoformat())


def meet(order: ServiceOrder, name: str, now: datetime) -> None:
    each = order.limits.get("of", {}).get(name)
    if each is not None and not each["met"]:
        _change(order, name, met=now.isoformat())
        order.act_at = next_act(order)


def shift(session: Session, order: ServiceOrder, since: datetime, now: datetime) -> None:
    """After a stop: what is not over yet has as much working time left as before."""
    limits = order.limits.get("of", {})
    calendar = clocks.calendars(session)[order.limits["calendar"]] if limits else None
    for name, each in limits.items():
        if calendar is not None and not each["met"] and not each["missed"]:
            left = calendar.between(since, datetime.fromisoformat(each["due"]))
            _change(order, name, due=calendar.add(now, left).isoformat())


def due(session: Session, *, now: datetime, limit: int = 200) -> list[int]:
    """Orders with a limit that has passed, or whose stop is over."""
    rows = select(ServiceOrder.id).where(col(ServiceOrder.act_at) <= now)
    return list(session.exec(rows.order_by(col(ServiceOrder.act_at)).limit(limit)))


def miss(session: Session, order: ServiceOrder, *, now: datetime) -> list[str]:
    """Note each limit that has passed, once; their names."""
    missed = [
        name
        for name, each in order.limits.get("of", {}).items()
        if not each["met"] and not each["missed"] and datetime.fromisoformat(each["due"]) <= now
    ]
    for name in missed:
        _change(order, name, missed=now.isoformat())
        told = {"limit": name, "due": order.limits["of"][name]["due"]}
        record(session, "limit missed", order, "system", now, **told)
        _tell(session, order, name, now)
    order.act_at = next_act(order)
    return missed


def _tell(session: Session, order: ServiceOrder, name: str, now: datetime) -> None:
    """Who took it in, the account manager; of the whole order the duty lead of the city too."""
    customer = session.get_one(Customer, order.customer_id)
    site = session.get_one(Site, order.a_site_id)
    zh, en = NAMES.get(name, (name, name))
    facts: dict[str, Any] = {
        "ticket": order.number,
        "customer": customer.name,
        "grade": order.grade,
    }
    facts |= {"clock": {"zh": zh, "en": en}}
    facts |= {"due": when(datetime.fromisoformat(order.limits["of"][name]["due"]))}
    logins = [order.opened_by, customer.account_manager]
    theirs = select(Person).where(col(Person.login).in_(logins), col(Person.active))
    people = list(session.exec(theirs.order_by(col(Person.id))))
    people += recipients.find_in(session, "duty_lead", site.city) if name == "total" else []
    for person in {each.id: each for each in people}.values():
        notices.tell(
            session, to=person, template="limit_missed", facts=facts,
            key=f"order_limit:{order.id}:{name}:{facts['due']}", subject=f"order:{order.id}",
            is_urgent=name == "total", now=now,
        )  # fmt: skip


def next_act(order: ServiceOrder) -> datetime | None:
    if order.state == "postponed":
        return order.resume_at
    if order.state not in OPEN:
        return None
    limits = order.limits.get("of", {}).values()
    open_ones = [each["due"] for each in limits if not each["met"] and not each["missed"]]
    return min(map(datetime.fromisoformat, open_ones), default=None)


def _change(order: ServiceOrder, name: str, **told: Any) -> None:
    """A new dict each time: the column is written where it is another object."""
    of = {**order.limits["of"], name: order.limits["of"][name] | told}
    order.limits = order.limits | {"of": of}
