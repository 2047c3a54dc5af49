"""What plans draw on (应急资源): how many of a kind, where, who keeps them, and whether that is so.

Each is looked at from time to time by its keeper: `check`; what is overdue is told: plan_watch.py.
Who gets them: reservations.py.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from records import Person, PlanResource, history
from tasks.access.people import find_person, may, require
from tasks.plans.plan_rules import rules_of
from tasks.refusals import Conflict, Forbidden, NotFound, wrong
from tasks.texts import check_texts, require_words

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,59}")
LONGEST = {"name": 200, "name_en": 200, "city": 100, "place": 200, "note": 2_000}
STATES = ("ready", "not_ready", "retired")
MAY_CHANGE = {*LONGEST, "quantity", "keeper", "state"}
Told = Mapping[str, Any]


def add(
    session: Session, code: str, kind: str, told: Told, *, by: Person, now: datetime
) -> PlanResource:
    require(by, "plans:equip")
    if not CODE.fullmatch(code):
        raise wrong("code", "须为字母、数字、. _ / -", "Use letters, digits and . _ / -")
    if session.exec(select(PlanResource.id).where(PlanResource.code == code)).first():
        raise Conflict(f"已有编码为 {code} 的资源", f"There is a resource {code} already")
    kinds = rules_of(session)["kinds"]
    if kind not in kinds:
        some = ", ".join(kinds)
        raise wrong(
            "kind", f"没有“{kind}”这类,可用:{some}", f"There is no “{kind}”: there are {some}"
        )
    require_words(told, "name", "place", "keeper")
    _check(session, told)
    row = PlanResource(code=code, kind=kind, **told)
    row.check_at = now + timedelta(days=rules_of(session)["resources"]["check_days"])
    session.add(row)
    session.flush()
    record(session, "created", row, by.login, now, kind=kind, **told)
    return row


def change(
    session: Session, resource: PlanResource, told: Told, *, by: Person, now: datetime
) -> None:
    require(by, "plans:equip")
    _check(session, told)
    was = {key: getattr(resource, key) for key in told if getattr(resource, key) != told[key]}
    if not was:
        return
    is_now = {key: told[key] for key in was}
    for key, value in is_now.items():
        setattr(resource, key, value)
    require_words(resource.model_dump(), "name", "place", "keeper")
    record(session, "changed", resource, by.login, now, was=was, **{"is": is_now})


def check(
    session: Session,
    resource: PlanResource,
    *,
    quantity: int,
    is_ready: bool,
    note: str,
    by: Person,
    now: datetime,
) -> None:
    """Its keeper looked: so many are there, and they work or do not."""
    if by.login != resource.keeper and not may(by, "plans:equip"):
        keeper = resource.keeper
        raise Forbidden(
            f"这项资源由 {keeper} 保管,请其检查", f"{keeper} keeps this: ask them to check"
        )
    told = {"quantity": quantity, "note": note, "state": "ready" if is_ready else "not_ready"}
    _check(session, told)
    was = {"quantity": resource.quantity, "state": resource.state}
    resource.quantity, resource.note = quantity, note
    resource.state, resource.checked_at = str(told["state"]), now
    resource.check_at = now + timedelta(days=rules_of(session)["resources"]["check_days"])
    record(session, "checked", resource, by.login, now, was=was, **{"is": told})


def find(session: Session, code: str) -> PlanResource:
    row = session.exec(select(PlanResource).where(PlanResource.code == code)).first()
    if row is None:
        raise NotFound(f"没有编码为 {code} 的资源", f"There is no resource {code}")
    return row


def stock(session: Session) -> dict[str, int]:
    """By kind: what is ready at a place, and kept by somebody."""
    is_kept = (col(PlanResource.place) != "") & (col(PlanResource.keeper) != "")
    counted = (
        select(PlanResource.kind, func.sum(PlanResource.quantity))
        .where(PlanResource.state == "ready", is_kept)
        .group_by(PlanResource.kind)
    )
    return {kind: int(count or 0) for kind, count in session.exec(counted)}


def record(
    session: Session, verb: str, resource: PlanResource, by: str, now: datetime, **told: Any
) -> None:
    subject = f"plan resource:{resource.code}"
    history.record(session, verb, subject=subject, by=by, at=now, also=told)


def _check(session: Session, told: Told) -> None:
    if unknown := set(told) - MAY_CHANGE:
        raise wrong(min(unknown), "这一项不能改", "This cannot be changed")
    check_texts(told, LONGEST)
    if "state" in told and told["state"] not in STATES:
        some = ", ".join(STATES)
        raise wrong("state", f"须为 {some} 之一", f"This is one of {some}")
    if not 0 <= told.get("quantity", 0) <= 1_000_000:
        raise wrong("quantity", "须为 0 至 1000000 的整数", "This is from 0 to 1000000")
    if "keeper" in told and not find_person(session, told["keeper"]).active:
        raise wrong("keeper", "此人已离岗,请另选保管人", "has left: choose somebody else")
