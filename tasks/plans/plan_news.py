"""Telling those who command a plan, and those whom it calls. A drill tells nobody.

What is said: notifications/words. Called by the verbs of this room.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from notifications import notices
from notifications.notices import News
from records import Person, PlanRun
from tasks.learning.knowledge import members
from tasks.plans.plan_rules import guardians
from tasks.plans.plan_states import LEVELS, subject_of

ABOVE = {  # who hears of it at each level: groups of the demo; an owner's are in "recipients"
    "city": ("city_head",),
    "province": ("province_crc",),
    "group": ("group_duty",),
}


def tell_command(
    session: Session,
    run: PlanRun,
    template: str,
    facts: Mapping[str, Any],
    *,
    key: str,
    higher: bool = False,
    now: datetime,
) -> list[str]:
    """The commander, else who may become one; `higher`: who is above them too. Their logins."""
    people = _command(session, run)
    if higher or run.level != "city":
        people += members(session, ABOVE[run.level])
    return tell(session, run, people, template, facts, key=key, now=now)


def tell(
    session: Session,
    run: PlanRun,
    people: Sequence[Person],
    template: str,
    facts: Mapping[str, Any],
    *,
    key: str,
    now: datetime,
) -> list[str]:
    each = list({person.id: person for person in people}.values())
    if each and not run.is_drill:
        zh, en = LEVELS[run.level]
        said = {"title": run.title, "level": {"zh": zh, "en": en}, "bridge": run.bridge}
        said |= {"link": f"/plan-runs/{run.id}", **facts}
        about = (f"{subject_of(run)}:{template}:{key}", subject_of(run))
        notices.tell_all(session, [News(each, template, said, *about)], is_urgent=True, now=now)
    return [person.login for person in each]


def _command(session: Session, run: PlanRun) -> list[Person]:
    if run.commander:
        return list(session.exec(select(Person).where(Person.login == run.commander)))
    return guardians(session)
