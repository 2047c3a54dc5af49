"""What is known of a case when it is asked whether a plan should begin: what decision tables ask.

Every name is always there, so that a table may ask about any of them. Called by bpmn/plan_offers.py
and the doors.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from records import AffectedCircuit, AlarmGroup, Plan, PlanCircuit, Ticket
from tasks.faults.impact import city_of, facts_of
from tasks.refusals import wrong

Facts = dict[str, Any]
USUAL: Facts = {
    "impact": "",  # outage, degraded
    "grade": "",
    "circuits": 0,
    "aaa": 0,
    "root_kind": "",  # site, device, section, duct …
    "cause": "",
    "is_site_down": False,
    "is_power_lost": False,
    "is_assured": False,
    "is_linked": False,  # a circuit of it is linked to the plan that is asked
    "outage_minutes": 0,
    "cases": 0,  # complaints alike, lately
    "growth": 0.0,  # how many times as many as before
    "is_public": False,  # the press or the regulator asks
    "warning": "",  # blue, yellow, orange, red
}
POWER = ("powerProblem", "batteryDischarging")  # causes: the mains are gone


def fill(given: Mapping[str, Any]) -> Facts:
    """What was given, and the usual for all else."""
    if unknown := set(given) - USUAL.keys():
        some = ", ".join(USUAL)
        raise wrong(f"case.{min(unknown)}", f"没有这一项,可用:{some}", f"There are {some}")
    for key, value in given.items():
        if not _fits(value, USUAL[key]):
            kind = type(USUAL[key]).__name__
            raise wrong(f"case.{key}", f"类型应为 {kind}", f"This is of type {kind}")
    return {**USUAL, **given}


def of_ticket(session: Session, ticket: Ticket, *, now: datetime) -> Facts:
    facts = facts_of(session, ticket)
    told = {key: facts[key] for key in ("impact", "grade", "circuits", "aaa", "is_assured")}
    lasting = (ticket.restored_at or now) - ticket.started_at
    return {
        **USUAL,
        **told,
        "is_site_down": facts["is_site_down"],
        "is_power_lost": ticket.cause in POWER,
        "cause": ticket.cause,
        "root_kind": _root_kind(session, ticket),
        "outage_minutes": max(0, int(lasting.total_seconds() // 60)),
    }


def place_of(session: Session, ticket: Ticket) -> str:
    return city_of(session, ticket)


def plans_linked(session: Session, ticket: Ticket) -> list[str]:
    """Keys of the plans that circuits of this ticket, or of its children, are linked to."""
    children = select(Ticket.id).where(Ticket.parent_id == ticket.id)
    is_mine = (col(AffectedCircuit.ticket_id) == ticket.id) | (
        col(AffectedCircuit.ticket_id).in_(children)
    )
    hit = select(AffectedCircuit.circuit_id).where(is_mine, AffectedCircuit.impact != "at_risk")
    is_hit = col(PlanCircuit.circuit_id).in_(hit) | (PlanCircuit.circuit_id == ticket.circuit_id)
    keys = select(Plan.key).join(PlanCircuit, col(PlanCircuit.plan_id) == col(Plan.id))
    found = keys.where(is_hit, Plan.state == "published").distinct()
    return sorted(session.exec(found))


def _root_kind(session: Session, ticket: Ticket) -> str:
    mine = select(AlarmGroup.root_kind).where(AlarmGroup.ticket_id == ticket.id)
    return session.exec(mine.order_by(col(AlarmGroup.id).desc())).first() or ""


def _fits(value: Any, usual: Any) -> bool:
    if isinstance(usual, bool):
        return isinstance(value, bool)
    if isinstance(usual, int | float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str) and len(value) <= 100
