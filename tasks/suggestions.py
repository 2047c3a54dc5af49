"""Who should take a work order: near, skilled, free, and no stranger to the place; with reasons.

Shown to dispatch, and sent to the team lead when nobody accepts. It decides nothing. Which skills
a step or a group wants is data: "skills" of the policy "recipients".
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement
from sqlalchemy import select as plain_select
from sqlmodel import Session, col, func, or_, select

from records import Group, Membership, Person, Ticket, WorkOrder
from tasks import recipients
from tasks.faults.impact import ZONE, city_of

LATELY = timedelta(hours=12)  # who finished something since then is on shift
# What each advantage counts, by judgement: being there outweighs a second skill.
NEAR, SKILLED, KNOWS_PLACE, ON_SHIFT, EACH_ORDER, MOST_ORDERS = 40, 30, 15, 5, -10, 4


class Weights(NamedTuple):
    """What each thing adds to somebody's score."""

    near: float
    knows_place: float
    skilled: float
    busy: float
    on_shift: float


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
class Member:
    """Somebody of the group."""

    login: str
    name: str
    name_en: str
    city: str
    phone: str
    skills: list[str]


class Crowds:
    """Who may take orders, by group: read once for many orders."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now
        self._crowds: dict[str, Crowd] = {}

    def of(self, group: str) -> "Crowd":
        if group not in self._crowds:
            self._crowds[group] = _read(self._session, group, self._now)
        return self._crowds[group]


@dataclass(frozen=True)
class Crowd:
    """A group, the open orders that each of them holds, and when each last finished one."""

    members: list[Member]
    held: dict[str, int]
    finished: dict[str, datetime]


@dataclass(frozen=True)
class Wanted:
    """What the order asks for, and who has finished one at its place before."""

    city: str
    skills: list[str]
    visits: dict[str, datetime]


def for_order(
    session: Session,
    order: WorkOrder,
    now: datetime,
    limit: int = 3,
    crowds: Crowds | None = None,
) -> list[Suggestion]:
    """The best of the order's group, the best first; whoever holds it already is left out."""
    crowd = (crowds or Crowds(session, now)).of(order.group_key)
    wanted = _wanted(session, order)
    weighed = (
        (_weigh(wanted, crowd, member), member)
        for member in crowd.members
        if member.login != order.holder
    )
    best = nsmallest(limit, weighed, key=lambda each: (-sum(each[0]), each[1].login))
    return [_suggest(wanted, crowd, member, weights) for weights, member in best]


def _read(session: Session, group: str, now: datetime) -> Crowd:
    key = select(Group.id).where(Group.key == group).scalar_subquery()
    joined = col(Membership.person_id) == col(Person.id)
    active = col(Person.active) & (col(Membership.group_id) == key)
    shown = [getattr(Person, field.name) for field in fields(Member)]
    members = session.execute(plain_select(*shown).join(Membership, joined).where(active))
    logins = select(Person.login).join(Membership, joined).where(active)
    by = col(WorkOrder.finished_by)
    lately = (col(WorkOrder.finished_at) > now - LATELY) & by.in_(logins)
    return Crowd([Member(*row) for row in members], _held(session, logins), _last(session, lately))


def _wanted(session: Session, order: WorkOrder) -> Wanted:
    ticket = session.get(Ticket, order.ticket_id) if order.ticket_id else None
    return Wanted(
        city=city_of(session, ticket) if ticket else "",
        skills=_skills(session, order),
        visits=_last(session, _at_the_place(ticket)) if ticket else {},
    )


def _skills(session: Session, order: WorkOrder) -> list[str]:
    """Those of the step, or else of the group."""
    by_key = recipients.content(session)["skills"]
    return list(by_key.get(order.element) or by_key.get(order.group_key, []))


def _held(session: Session, logins: Any) -> dict[str, int]:
    holder = col(WorkOrder.holder)
    is_open = col(WorkOrder.finished_at).is_(None)
    counted = select(holder, func.count()).where(is_open, holder.in_(logins)).group_by(holder)
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


def _weigh(wanted: Wanted, crowd: Crowd, member: Member) -> Weights:
    """Half of SKILLED for the first skill that is wanted, the rest for all of them."""
    has = sum(skill in member.skills for skill in wanted.skills)
    return Weights(
        near=NEAR if wanted.city and member.city == wanted.city else 0,
        knows_place=KNOWS_PLACE if member.login in wanted.visits else 0,
        skilled=round(SKILLED * (0.5 + 0.5 * has / len(wanted.skills)), 1) if has else 0,
        busy=EACH_ORDER * min(crowd.held.get(member.login, 0), MOST_ORDERS),
        on_shift=ON_SHIFT if member.login in crowd.finished else 0,
    )


def _suggest(wanted: Wanted, crowd: Crowd, member: Member, weights: Weights) -> Suggestion:
    return Suggestion(
        **vars(member),
        holds=crowd.held.get(member.login, 0),
        reasons=[*_of_place(wanted, member, weights), *_of_time(crowd, member, weights)],
    )


def _of_place(wanted: Wanted, member: Member, weights: Weights) -> Iterable[Reason]:
    if weights.near:
        yield Reason(f"就在{member.city}", f"Is in {member.city}", weights.near)
    elif wanted.city:
        here = f"在{member.city or '别处'},不在{wanted.city}"
        yield Reason(here, f"Is not in {wanted.city}", 0)
    if at := wanted.visits.get(member.login):
        day = f"{at.astimezone(ZONE):%Y-%m-%d}"
        zh, en = f"{day} 办结过这里的工单", f"Finished an order here on {day}"
        yield Reason(zh, en, weights.knows_place)
    if weights.skilled:
        told = ", ".join(skill for skill in wanted.skills if skill in member.skills)
        yield Reason(f"会 {told}", f"Is skilled in {told}", weights.skilled)


def _of_time(crowd: Crowd, member: Member, weights: Weights) -> Iterable[Reason]:
    held = crowd.held.get(member.login, 0)
    zh, en = ("手上没有工单", "Holds no open order")
    if held:
        zh, en = f"手上有 {held} 张工单", f"Holds {held} open orders"
    yield Reason(zh, en, weights.busy)
    if at := crowd.finished.get(member.login):
        hour = f"{at.astimezone(ZONE):%H:%M}"
        yield Reason(
            f"当班,{hour} 办结上一单", f"On shift: finished one at {hour}", weights.on_shift
        )
