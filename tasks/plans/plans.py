"""Emergency plans (应急预案): written, published in versions, reviewed, withdrawn.

    draft ──publish──▶ published ──withdraw──▶ withdrawn

A change of a published one is a draft beside it until it is published. What is published has its
four parts: plan_checks.py; bpmn/plans.py looks at the diagram and calls `keep_version` here.
Reviews and drills that are due: plan_watch.py. What runs by a plan: plan_runs.py.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from records import Circuit, Person, Plan, PlanCircuit, PlanVersion, history
from tasks.access.people import find_person, require
from tasks.faults.tickets import require_reason
from tasks.plans.plan_rules import rules_of
from tasks.refusals import Conflict, NotAllowed, NotFound, wrong
from tasks.texts import check_texts, require_words

KEY = re.compile(r"[a-z][a-z0-9_]{1,59}")
LONGEST = {"title": 200, "title_en": 200, "purpose": 4_000, "purpose_en": 4_000}
LONGEST_OF_PARTY = {"key": 60, "zh": 100, "en": 100, "duties": 1_000, "duties_en": 1_000}
CONTENT = {*LONGEST, "table", "diagram", "parties", "resources", "times"}
MOST = {"parties": 30, "resources": 60}
STATES = {
    "draft": ("草稿", "a draft"),
    "published": ("已发布", "published"),
    "withdrawn": ("已撤回", "withdrawn"),
}
Told = Mapping[str, Any]


def write(session: Session, key: str, told: Told, *, by: Person, now: datetime) -> Plan:
    """A new draft; anything may still be missing but its title."""
    require(by, "plans:write")
    if not KEY.fullmatch(key):
        zh, en = "须为小写字母、数字、下划线,以字母开头", "Use lower-case letters, digits and _"
        raise wrong("key", zh, en)
    if find_by_key(session, key):
        raise Conflict(f"已有预案“{key}”,请在那里修改", f"There is a plan “{key}”: change that one")
    require_words(told, "title")
    _check(told)
    plan = Plan(key=key, content=dict(told), owner=by.login, created_by=by.login, created_at=now)
    session.add(plan)
    session.flush()
    record(session, "written", plan, by.login, now, **told)
    return plan


def change(session: Session, plan: Plan, told: Told, *, by: Person, now: datetime) -> None:
    """What its next version is to say; `owner` counts at once."""
    require(by, "plans:write")
    _require_state(plan, {"draft", "published"})
    told = dict(told)
    owner = told.pop("owner", plan.owner)
    _check(told)
    if owner != plan.owner and not find_person(session, owner).active:
        raise wrong("owner", "此人已离岗,请另选负责人", "has left: choose somebody else")
    held = next_content(plan)
    is_now = {key: value for key, value in told.items() if held.get(key) != value}
    if not is_now and owner == plan.owner:
        return
    was = {key: held.get(key) for key in is_now} | {"owner": plan.owner}
    record(session, "changed", plan, by.login, now, was=was, **{"is": is_now | {"owner": owner}})
    plan.owner = owner
    if plan.number and is_now:
        plan.draft = {**(plan.draft or {}), **is_now}
    elif is_now:
        plan.content = {**plan.content, **is_now}


def check_publishable(plan: Plan, reason: str, *, by: Person) -> None:
    """Before anything else is looked at."""
    require(by, "plans:publish")
    _require_state(plan, {"draft", "published"})
    require_reason(reason)


def keep_version(
    session: Session,
    plan: Plan,
    nodes: list[dict[str, Any]],
    version: tuple[int, str],
    *,
    reason: str,
    by: str,
    now: datetime,
) -> PlanVersion:
    """What is checked already counts from now on. `version`: the id and the hash of the diagrams.
    The same once more is the same version."""
    content, last = next_content(plan), find_version(session, plan, plan.number)
    if last and (last.content, last.nodes, last.content_hash) == (content, nodes, version[1]):
        plan.draft = None
        return last
    plan.content, plan.draft, plan.number = content, None, plan.number + 1
    plan.state, plan.published_at = "published", now
    _set_dates(session, plan, now)
    row = PlanVersion(
        plan_id=plan.id, number=plan.number, content=content, nodes=nodes, version_id=version[0],
        content_hash=version[1], published_at=now, published_by=by, reason=reason,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, "published", plan, by, now, version=row.number, reason=reason)
    return row


def review(session: Session, plan: Plan, *, note: str, by: Person, now: datetime) -> None:
    """It is right as it stands."""
    require(by, "plans:publish")
    _require_state(plan, {"published"})
    require_reason(note)
    check_texts({"note": note}, {"note": 2_000})
    plan.review_at = now + timedelta(days=rules_of(session)["review"]["review_days"])
    _look_again(session, plan)
    record(session, "reviewed", plan, by.login, now, note=note, review_at=_iso(plan.review_at))


def note_drill(session: Session, plan: Plan, *, now: datetime) -> None:
    plan.drilled_at = now
    plan.drill_at = now + timedelta(days=rules_of(session)["review"]["drill_days"])
    _look_again(session, plan)


def withdraw(session: Session, plan: Plan, *, reason: str, by: Person, now: datetime) -> None:
    """Nothing begins by it any more; what runs goes on."""
    require(by, "plans:publish")
    _require_state(plan, {"draft", "published"})
    require_reason(reason)
    plan.state, plan.watch_at = "withdrawn", None
    record(session, "withdrawn", plan, by.login, now, reason=reason)


def link(
    session: Session, plan: Plan, circuit: Circuit, *, note: str, by: Person, now: datetime
) -> PlanCircuit:
    """This circuit's customer is recovered by this plan; `note`: what helps there."""
    require(by, "plans:write")
    _require_state(plan, {"draft", "published"})
    check_texts({"note": note}, {"note": 2_000})
    row = session.get(PlanCircuit, circuit.id)
    row = row or PlanCircuit(circuit_id=circuit.id, plan_id=plan.id, added_by="", added_at=now)
    row.plan_id, row.note, row.added_by, row.added_at = plan.id, note, by.login, now
    session.add(row)
    session.flush()
    record(session, "circuit linked", plan, by.login, now, circuit=circuit.code, note=note)
    return row


def unlink(session: Session, plan: Plan, circuit: Circuit, *, by: Person, now: datetime) -> None:
    require(by, "plans:write")
    row = session.get(PlanCircuit, circuit.id)
    if row is None or row.plan_id != plan.id:
        code = circuit.code
        raise NotFound(f"电路 {code} 没有关联这个预案", f"{code} is not linked to this plan")
    session.delete(row)
    record(session, "circuit unlinked", plan, by.login, now, circuit=circuit.code)


def find(session: Session, key: str) -> Plan:
    plan = find_by_key(session, key)
    if plan is None:
        raise NotFound(f"没有“{key}”这个预案", f"There is no plan “{key}”")
    return plan


def find_by_key(session: Session, key: str) -> Plan | None:
    return session.exec(select(Plan).where(Plan.key == key)).first()


def find_version(session: Session, plan: Plan, number: int) -> PlanVersion | None:
    of = select(PlanVersion).where(PlanVersion.plan_id == plan.id, PlanVersion.number == number)
    return session.exec(of).first()


def current(session: Session, key: str) -> tuple[Plan, PlanVersion]:
    """What begins now begins by this."""
    plan = find(session, key)
    version = find_version(session, plan, plan.number) if plan.state == "published" else None
    if version is None:
        raise NotAllowed(
            f"预案“{key}”没有发布的版本,请先发布", f"The plan “{key}” is not published: publish it"
        )
    return plan, version


def published(session: Session) -> list[Plan]:
    rows = select(Plan).where(Plan.state == "published").order_by(col(Plan.key))
    return list(session.exec(rows))


def next_content(plan: Plan) -> dict[str, Any]:
    """As it would be published now."""
    return {**plan.content, **(plan.draft or {})}


def record(session: Session, verb: str, plan: Plan, by: str, now: datetime, **told: Any) -> None:
    history.record(session, verb, subject=f"plan:{plan.key}", by=by, at=now, also=told)


def _set_dates(session: Session, plan: Plan, now: datetime) -> None:
    rules = rules_of(session)["review"]
    plan.review_at = now + timedelta(days=rules["review_days"])
    plan.drill_at = plan.drill_at or now + timedelta(days=rules["drill_days"])
    _look_again(session, plan)


def _look_again(session: Session, plan: Plan) -> None:
    ahead = timedelta(days=rules_of(session)["review"]["ahead_days"])
    dates = [at for at in (plan.review_at, plan.drill_at) if at]
    plan.watch_at = min(dates) - ahead if dates else None


def _check(told: Told) -> None:
    if unknown := set(told) - CONTENT:
        raise wrong(min(unknown), "这一项不能这样改", "This cannot be changed in this way")
    check_texts(told, LONGEST)
    for party in told.get("parties") or ():
        check_texts(party, LONGEST_OF_PARTY)
    for field, most in MOST.items():
        if len(told.get(field) or ()) > most:
            raise wrong(field, f"最多 {most} 项", f"has {most} entries at most")


def _require_state(plan: Plan, allowed: set[str]) -> None:
    if plan.state not in allowed:
        zh, en = STATES[plan.state]
        raise NotAllowed(
            f"预案“{plan.key}”现在是“{zh}”,不能这样做,请刷新后再看",
            f"The plan “{plan.key}” is {en}: this cannot be done now, reload to see",
            state=plan.state,
        )


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
