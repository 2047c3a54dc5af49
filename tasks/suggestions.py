"""Who should take a work order: near, skilled, free, and no stranger to the place; with reasons.

Shown to dispatch, and sent to the team lead when nobody accepts. It decides nothing. Which skills
a step or a group wants is data: "skills" of the policy "recipients".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, or_, select

from records import Group, Membership, Person, Ticket, WorkOrder
from tasks import recipients
from tasks.impact import ZONE, city_of

LATELY = timedelta(hours=12)  # who finished something since then is on shift
# What each advantage counts, by judgement: being there outweighs a second skill.
NEAR, SKILLED, KNOWS_PLACE, ON_SHIFT, EACH_ORDER, MOST_ORDERS = 40, 30, 15, 5, -10, 4


@dataclass(frozen=True)
class Reason:
    """One thing that speaks for or against somebody."""

    zh: str
    en: str
    weight: float


@dataclass(frozen=True)
class Suggestion:
    """Somebody who may take the order; the larger the score, the better."""

    login: str
    name: str
    name_en: str
    city: str
    phone: str
    skills: list[str]
    holds: int  # open work orders
    reasons: list[Reason]

    @property
    def score(self) -> float:
        return sum(reason.weight for reason in self.reasons)


@dataclass(frozen=True)
class Wanted:
    """What the order asks for, and what is known of those who may take it."""

    city: str
    skills: list[str]
    held: dict[str, int]
    visits: dict[str, datetime]
    finished: dict[str, datetime]


def for_order(
    session: Session, order: WorkOrder, now: datetime, limit: int = 3
) -> list[Suggestion]:
    """The best of the order's group, the best first; whoever holds it already is left out."""
    wanted = _wanted(session, order, now)
    members = session.execute(_members(order, Person.login, *_SHOWN)).all()
    found = [_weigh(wanted, *row) for row in members if row[0] != order.holder]
    return sorted(found, key=lambda each: (-each.score, each.login))[:limit]


_SHOWN = (
    col(Person.name),
    col(Person.name_en),
    col(Person.city),
    col(Person.phone),
    col(Person.skills),
)


def _members(order: WorkOrder, *columns: Any) -> Any:
    group = select(Group.id).where(Group.key == order.group_key).scalar_subquery()
    members = select(*columns).join(Membership, col(Membership.person_id) == col(Person.id))
    return members.where(col(Membership.group_id) == group, col(Person.active))


def _wanted(session: Session, order: WorkOrder, now: datetime) -> Wanted:
    ticket = session.get(Ticket, order.ticket_id) if order.ticket_id else None
    is_member = _members(order, Person.login)
    by = col(WorkOrder.finished_by)
    lately = (col(WorkOrder.finished_at) > now - LATELY) & by.in_(is_member)
    return Wanted(
        city=city_of(session, ticket) if ticket else "",
        skills=_skills(session, order),
        held=_held(session, is_member),
        visits=_last(session, _at_the_place(ticket)) if ticket else {},
        finished=_last(session, lately),
    )


def _skills(session: Session, order: WorkOrder) -> list[str]:
    """Those of the step, or else of the group."""
    by_key = recipients.content(session)["skills"]
    return list(by_key.get(order.element) or by_key.get(order.group_key, []))


def _held(session: Session, is_member: Any) -> dict[str, int]:
    holder = col(WorkOrder.holder)
    is_open = col(WorkOrder.finished_at).is_(None)
    counted = select(holder, func.count()).where(is_open, holder.in_(is_member)).group_by(holder)
    return {str(login): number for login, number in session.execute(counted)}


def _at_the_place(ticket: Ticket) -> ColumnElement[bool]:
    """Of a finished order: it was about the same circuit, or the same device."""
    same = [
        column == value
        for column, value in (
            (col(Ticket.circuit_id), ticket.circuit_id),
            (col(Ticket.device_id), ticket.device_id),
        )
        if value is not None
    ]
    there = select(Ticket.id).where(or_(False, *same))
    return col(WorkOrder.ticket_id).in_(there) & col(WorkOrder.finished_at).is_not(None)


def _last(session: Session, condition: ColumnElement[bool]) -> dict[str, datetime]:
    """When each of them last finished such an order."""
    by = col(WorkOrder.finished_by)
    last = select(by, func.max(WorkOrder.finished_at)).where(condition).group_by(by)
    return {login: at for login, at in session.execute(last)}


def _weigh(
    wanted: Wanted, login: str, name: str, name_en: str, city: str, phone: str, skills: list[str]
) -> Suggestion:
    held = wanted.held.get(login, 0)
    reasons = [
        *_of_place(wanted, login, city),
        *_of_skills(wanted, skills),
        *_of_time(wanted, login, held),
    ]
    return Suggestion(login, name, name_en, city, phone, skills, held, reasons)


def _of_place(wanted: Wanted, login: str, city: str) -> Iterable[Reason]:
    if wanted.city and city == wanted.city:
        yield Reason(f"就在{city}", f"Is in {city}", NEAR)
    elif wanted.city:
        yield Reason(f"在{city or '别处'},不在{wanted.city}", f"Is not in {wanted.city}", 0)
    if at := wanted.visits.get(login):
        day = f"{at.astimezone(ZONE):%Y-%m-%d}"
        zh, en = f"{day} 办结过这里的工单", f"Finished an order here on {day}"
        yield Reason(zh, en, KNOWS_PLACE)


def _of_skills(wanted: Wanted, skills: list[str]) -> Iterable[Reason]:
    """Half for the first skill that is wanted, the rest for all of them."""
    has = [skill for skill in wanted.skills if skill in skills]
    if has:
        share = 0.5 + 0.5 * len(has) / len(wanted.skills)
        told = ", ".join(has)
        yield Reason(f"会 {told}", f"Is skilled in {told}", round(SKILLED * share, 1))


def _of_time(wanted: Wanted, login: str, held: int) -> Iterable[Reason]:
    zh, en = ("手上没有工单", "Holds no open order")
    if held:
        zh, en = f"手上有 {held} 张工单", f"Holds {held} open orders"
    yield Reason(zh, en, EACH_ORDER * min(held, MOST_ORDERS))
    if at := wanted.finished.get(login):
        hour = f"{at.astimezone(ZONE):%H:%M}"
        yield Reason(f"当班,{hour} 办结上一单", f"On shift: finished one at {hour}", ON_SHIFT)
