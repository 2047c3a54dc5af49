"""Each few seconds: plans that should begin, and what is due in those that run. Each morning: plans
to be reviewed or drilled, resources to be checked.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col

from bpmn import plan_offers
from records import PlanRun, Ticket
from tasks.plans import plan_upkeep, plan_watch
from workflows.ticking import claim, each_due


def offer(engine: Engine, now: datetime) -> int:
    """Tickets and hot issues that a plan may be for; proposals that are not needed any more."""

    def act(session: Session, key: int) -> bool:
        if not claim(session, Ticket, key, col(Ticket.plan_look_at) <= now):
            return False
        return plan_offers.look(session, key, now=now)

    def put_off(session: Session, key: int) -> None:
        plan_offers.put_off(session, key, now=now)

    def find(session: Session) -> Mapping[int, datetime]:
        return plan_offers.due(session, now)

    done = each_due(engine, find, act, put_off, job="offer plans", now=now)
    return done + _offer_for_issues(engine, now) + _withdraw_stale(engine, now)


def watch_runs(engine: Engine, now: datetime) -> int:
    """Notes, key nodes, answers to calls, reviews."""
    is_due = col(PlanRun.act_at) <= now

    def find(session: Session) -> Mapping[int, datetime]:
        return plan_watch.due(session, now)

    def act(session: Session, key: int) -> bool:
        if not claim(session, PlanRun, key, is_due):
            return False
        return plan_watch.take_turn(session, session.get_one(PlanRun, key), now=now)

    def put_off(session: Session, key: int) -> None:
        plan_watch.put_off(session, key, now=now)

    return each_due(engine, find, act, put_off, job="watch plans", now=now)


def watch_plans(engine: Engine, now: datetime) -> int:
    """How many were looked at."""

    def find(session: Session) -> list[int]:
        return plan_upkeep.due_plans(session, now)

    def act(session: Session, key: int) -> bool:
        return plan_upkeep.watch_plan(session, key, now=now)

    def put_off(session: Session, key: int) -> None:
        plan_upkeep.put_off_plan(session, key, now=now)

    return each_due(engine, find, act, put_off)


def watch_resources(engine: Engine, now: datetime) -> int:
    """All that are due, however many."""
    looked = 0
    while done := _watch_resources(engine, now):
        looked += done
    return looked


def _offer_for_issues(engine: Engine, now: datetime) -> int:
    def act(session: Session, key: int) -> bool:
        return plan_offers.look_at_issue(session, key, now=now)

    def wait(session: Session, key: int) -> None:
        """It is found again at the next turn."""

    return each_due(engine, plan_offers.due_issues, act, wait)


def _withdraw_stale(engine: Engine, now: datetime) -> int:
    def act(session: Session, key: int) -> bool:
        return plan_offers.withdraw(session, key, now=now)

    def wait(session: Session, key: int) -> None:
        """It is found again at the next turn."""

    return each_due(engine, plan_offers.stale, act, wait)


def _watch_resources(engine: Engine, now: datetime) -> int:
    def find(session: Session) -> list[int]:
        return plan_upkeep.due_resources(session, now)

    def act(session: Session, key: int) -> bool:
        return plan_upkeep.watch_resource(session, key, now=now)

    def put_off(session: Session, key: int) -> None:
        plan_upkeep.put_off_resource(session, key, now=now)

    return each_due(engine, find, act, put_off)
