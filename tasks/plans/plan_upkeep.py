"""What keeps plans fit: reviews and drills that are due, resources that nobody has looked at.

Called each morning by workflows/plans.py. Who answers for it hears of it some days before, and then
again every few days: "ahead_days" and "repeat_days" of the policy "plans".
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from notifications import notices
from notifications.notices import News
from records import Person, Plan, PlanResource
from tasks.plans import plans, resources
from tasks.plans.plan_rules import guardians, rules_of

BY = "system"


def due_plans(session: Session, now: datetime, limit: int = 200) -> list[int]:
    is_due = (col(Plan.state) == "published") & (col(Plan.watch_at) <= now)
    rows = select(Plan.id).where(is_due).order_by(col(Plan.watch_at), col(Plan.id))
    return list(session.exec(rows.limit(limit)))


def watch_plan(session: Session, id: int, *, now: datetime) -> bool:
    """Its owner hears what is due. False where nothing is any more."""
    plan = session.get_one(Plan, id, with_for_update=True)
    if plan.state != "published" or not plan.watch_at or plan.watch_at > now:
        return False
    rules = rules_of(session)["review"]
    soon = now + timedelta(days=rules["ahead_days"])
    for at, zh, en, verb in (
        (plan.review_at, "该复审了", "is to be reviewed", "review due"),
        (plan.drill_at, "该演练了", "is to be drilled", "drill due"),
    ):
        if at and at <= soon:
            told = _tell(session, f"plan:{plan.key}", plan.owner, plan.content["title"], verb,
                         zh, en, at, f"/plans/{plan.key}", now)  # fmt: skip
            plans.record(session, verb, plan, BY, now, due_at=at.isoformat(), told=told)
    plan.watch_at = now + timedelta(days=rules["repeat_days"])
    return True


def put_off_plan(session: Session, id: int, *, now: datetime) -> None:
    session.get_one(Plan, id).watch_at = now + timedelta(days=1)


def due_resources(session: Session, now: datetime, limit: int = 500) -> list[int]:
    is_due = (col(PlanResource.state) != "retired") & (col(PlanResource.check_at) <= now)
    rows = select(PlanResource.id).where(is_due).order_by(col(PlanResource.id))
    return list(session.exec(rows.limit(limit)))


def watch_resource(session: Session, id: int, *, now: datetime) -> bool:
    """Its keeper is to look. What nobody has looked at for too long does not count as ready."""
    row = session.get_one(PlanResource, id, with_for_update=True)
    if row.state == "retired" or not row.check_at or row.check_at > now:
        return False
    rules = rules_of(session)
    last = row.checked_at or row.check_at - timedelta(days=rules["resources"]["check_days"])
    due = last + timedelta(days=rules["resources"]["check_days"])
    told = _tell(
        session, f"plan resource:{row.code}", row.keeper, row.name, "check due", "该检查了",
        "is to be checked", due, f"/plan-resources/{row.code}", now,
    )  # fmt: skip
    resources.record(session, "check due", row, BY, now, due_at=due.isoformat(), told=told)
    if row.state == "ready" and now - due > timedelta(days=rules["resources"]["overdue_days"]):
        row.state = "not_ready"
        resources.record(session, "not ready", row, BY, now, why="unchecked")
    row.check_at = now + timedelta(days=rules["review"]["repeat_days"])
    return True


def put_off_resource(session: Session, id: int, *, now: datetime) -> None:
    session.get_one(PlanResource, id).check_at = now + timedelta(days=1)


def _tell(
    session: Session,
    subject: str,
    login: str,
    title: str,
    verb: str,
    zh: str,
    en: str,
    at: datetime,
    link: str,
    now: datetime,
) -> list[str]:
    owner = session.exec(select(Person).where(Person.login == login, col(Person.active))).first()
    people: Iterable[Person] = [owner] if owner else guardians(session)
    facts: dict[str, Any] = {"title": title, "what": {"zh": zh, "en": en}}
    facts |= {"at": at.date().isoformat(), "link": link}
    key = f"{subject}:{verb}:{now.date().isoformat()}"
    news = News(list(people), "plan_due", facts, key, subject)
    notices.tell_all(session, [news], is_urgent=False, now=now)
    return [person.login for person in news.to]
