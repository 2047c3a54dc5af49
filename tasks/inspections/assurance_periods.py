"""Assurance periods (重保): planned, approved, prepared, watched day by day, summed up. Called by
the services of assurance_period.bpmn and by the doors; nothing here moves a run.

planned ──ready──▶ ready ──begin──▶ on ──end──▶ over ──close──▶ closed
planned, ready ── move ──▶ planned          planned, ready, on ── cancel ──▶ cancelled
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from records import (
    AssurancePeriod,
    AssuredCustomer,
    Customer,
    Finding,
    InspectionNeed,
    Person,
    history,
)
from tasks import policies
from tasks.access.people import require as require_permission
from tasks.refusals import NotAllowed, wrong

STATES = {
    "planned": ("准备中", "being prepared"),
    "ready": ("就绪", "ready"),
    "on": ("保障中", "on"),
    "over": ("待总结", "over, to be summed up"),
    "closed": ("已结束", "closed"),
    "cancelled": ("已取消", "cancelled"),
}
ALLOWED = {
    "plan": {"planned"},
    "ready": {"planned"},
    "move": {"planned", "ready"},
    "begin": {"planned", "ready"},
    "note": {"on"},
    "end": {"on"},
    "close": {"over"},
    "cancel": {"planned", "ready", "on"},
}
AHEAD = ("planned", "ready", "on")
EARLY = timedelta(days=1)  # whether all is ready is asked so long before
MOST = 20_000  # customers
Facts = dict[str, Any]
Given = Mapping[str, Any]


def rules_of(session: Session) -> Facts:
    rules: Facts = policies.current(session, "inspections").content["assurance"]
    return rules


def create(
    session: Session, told: Given, customers: Iterable[int], *, by: Person, now: datetime
) -> AssurancePeriod:
    """`told`: name, level, reason, starts_at, ends_at."""
    require_permission(by, "assurance:plan")
    ids = sorted(set(customers))
    if not 0 < len(ids) <= MOST:
        zh = f"请选 1 到 {MOST} 个客户"
        raise wrong("customers", zh, f"Choose 1 to {MOST} customers")
    period = AssurancePeriod(**told, created_by=by.login, created_at=now)
    _check(session, period, now)
    session.add(period)
    session.flush()
    session.add_all(AssuredCustomer(period_id=period.id, customer_id=id) for id in ids)
    span = {"starts_at": period.starts_at.isoformat(), "ends_at": period.ends_at.isoformat()}
    _record(session, period, "planned", by.login, now, customers=len(ids), **span)
    return period


def find_customers(
    session: Session, codes: Sequence[str], industry: str, grades: Sequence[str]
) -> list[int]:
    """Those with these codes, and those of an industry and these grades."""
    found = dict[str, int](
        session.exec(select(Customer.code, Customer.id).where(col(Customer.code).in_(codes))).all()
    )
    for n, code in enumerate(codes):
        if code not in found:
            zh, en = f"没有编码为 {code} 的客户", f"There is no customer {code}"
            raise wrong(f"customers.{n}", zh, en)
    ids = list(found.values())
    if industry or grades:
        rows = select(Customer.id)
        rows = rows.where(Customer.industry == industry) if industry else rows
        rows = rows.where(col(Customer.grade).in_(grades)) if grades else rows
        ids += session.exec(rows.limit(MOST)).all()
    return ids


def describe(session: Session, period: AssurancePeriod) -> Facts:
    """What the diagram goes by."""
    ready_at = max(period.created_at, period.starts_at - EARLY)
    return {
        "name": period.name,
        "level": period.level,
        "ready_at": ready_at.isoformat(),
        "starts_at": period.starts_at.isoformat(),
        "ends_at": period.ends_at.isoformat(),
    }


def take_plan(
    session: Session, period: AssurancePeriod, plan: Given, *, by: str, now: datetime
) -> Facts:
    require("plan", period)
    period.plan = dict(plan)
    _record(session, period, "drafted", by, now, plan=dict(plan))
    return {}


def take_approval(
    session: Session, period: AssurancePeriod, answer: Given, *, by: str, now: datetime
) -> Facts:
    """By somebody else than who drafted it asks for."""
    require("plan", period)
    if answer["is_approved"] and by == period.created_by:
        en = "You asked for this yourself: another one approves"
        raise wrong("is_approved", "方案是您自己提的,请另一位批准", en)
    period.approved_by = by if answer["is_approved"] else ""
    told = {"is_approved": answer["is_approved"], "reason": answer.get("reason", "")}
    _record(session, period, "approval given", by, now, **told)
    return {"is_approved": answer["is_approved"]}


def look(session: Session, period: AssurancePeriod) -> Facts:
    """How far its inspections are, and what dangers are still there."""
    cause = f"assurance period:{period.id}"
    states = select(InspectionNeed.state, func.count()).where(InspectionNeed.cause == cause)
    needs = dict(session.exec(states.group_by(InspectionNeed.state)).all())
    mine = select(AssuredCustomer.customer_id).where(AssuredCustomer.period_id == period.id)
    dangers = select(func.count(col(Finding.id))).where(
        col(Finding.customer_id).in_(mine),
        col(Finding.fixed_at).is_(None),
        Finding.nature == "danger",
    )
    told = {state: needs.get(state, 0) for state in ("open", "planned", "met", "missed")}
    return {"inspections": told, "open_dangers": session.exec(dangers).one()}


def take_readiness(
    session: Session, period: AssurancePeriod, answer: Given, *, by: str, now: datetime
) -> Facts:
    require("ready", period)
    period.state = "ready"
    told = look(session, period) | {"points": answer.get("points", "")}
    _record(session, period, "ready", by, now, **told)
    return {}


def begin(session: Session, period: AssurancePeriod, *, by: str, now: datetime) -> Facts:
    require("begin", period)
    period.state, period.began_at = "on", now
    _record(session, period, "begun", by, now)
    return _next_note(session, period, now)


def note_day(
    session: Session, period: AssurancePeriod, answer: Given, *, by: str, now: datetime
) -> Facts:
    """平安日报."""
    require("note", period)
    note = {"at": now.isoformat(), "by": by, **answer}
    period.notes = [*period.notes, note]
    _record(session, period, "day noted", by, now, is_clear=answer["is_clear"])
    return _next_note(session, period, now)


def end(session: Session, period: AssurancePeriod, *, by: str, now: datetime) -> Facts:
    require("end", period)
    period.state, period.ended_at = "over", now
    _record(session, period, "ended", by, now, notes=len(period.notes))
    return {}


def close(
    session: Session, period: AssurancePeriod, summary: Given, *, by: str, now: datetime
) -> Facts:
    require("close", period)
    period.state, period.summary = "closed", dict(summary)
    _record(session, period, "closed", by, now, summary=dict(summary))
    return {}


def move(
    session: Session, period: AssurancePeriod, told: Given, *, by: str, now: datetime
) -> Facts:
    """Other dates: the planner moves its inspections along."""
    require("move", period)
    was = describe(session, period)
    period.starts_at = datetime.fromisoformat(told["starts_at"])
    period.ends_at = datetime.fromisoformat(told["ends_at"])
    _check(session, period, now)
    require_reason(told.get("reason"))
    period.state = "planned"
    _record(session, period, "moved", by, now, was=was, reason=told["reason"])
    return {}


def cancel(
    session: Session, period: AssurancePeriod, told: Given, *, by: str, now: datetime
) -> Facts:
    require("cancel", period)
    require_reason(told.get("reason"))
    period.state, period.closing, period.ended_at = "cancelled", dict(told), now
    _record(session, period, "cancelled", by, now, reason=told["reason"])
    return {}


def freezing(
    session: Session, customers: Iterable[int], starts_at: datetime, ends_at: datetime
) -> list[AssurancePeriod]:
    """Periods of any of these customers in which nothing of theirs is cut over, and that overlap
    this time."""
    levels = [key for key, level in rules_of(session)["levels"].items() if level["freezes"]]
    mine = select(AssuredCustomer.period_id).where(
        col(AssuredCustomer.customer_id).in_(list(customers))
    )
    rows = select(AssurancePeriod).where(
        col(AssurancePeriod.id).in_(mine),
        col(AssurancePeriod.state).in_(AHEAD),
        col(AssurancePeriod.level).in_(levels),
        AssurancePeriod.starts_at < ends_at,
        AssurancePeriod.ends_at > starts_at,
    )
    return list(session.exec(rows.order_by(col(AssurancePeriod.starts_at))))


def require(verb: str, period: AssurancePeriod) -> None:
    if period.state not in ALLOWED[verb]:
        zh, en = STATES[period.state]
        raise NotAllowed(
            f"重保“{period.name}”现在是“{zh}”,不能这样做,请刷新后再看",
            f"The assurance period is {en}: this cannot be done now, reload to see",
            state=period.state,
        )


def check_dates(session: Session, period: AssurancePeriod, told: Given, now: datetime) -> None:
    """Before the run is told of them."""
    require("move", period)
    copy = AssurancePeriod(**period.model_dump() | {key: told[key] for key in _DATES})
    _check(session, copy, now)
    require_reason(told.get("reason"))


_DATES = ("starts_at", "ends_at")


def _next_note(session: Session, period: AssurancePeriod, now: datetime) -> Facts:
    next_at = now + timedelta(hours=rules_of(session)["note_hours"])
    is_last = next_at >= period.ends_at
    return {"is_last": is_last, "next_at": min(next_at, period.ends_at).isoformat()}


def _check(session: Session, period: AssurancePeriod, now: datetime) -> None:
    rules = rules_of(session)
    if not 0 < len(period.name.strip()) <= 200:
        raise wrong("name", "请写 1 到 200 个字", "Write 1 to 200 characters")
    if period.level not in rules["levels"]:
        some = ", ".join(rules["levels"])
        raise wrong("level", f"级别应为 {some}", f"Levels are {some}")
    if period.starts_at <= now:
        raise wrong("starts_at", "重保不能从过去开始,请另选", "It cannot begin in the past")
    hours, days = rules["least_hours"], rules["most_days"]
    lasts = period.ends_at - period.starts_at
    if not timedelta(hours=hours) <= lasts <= timedelta(days=days):
        zh = f"重保最短 {hours} 小时、最长 {days} 天"
        raise wrong("ends_at", zh, f"It lasts {hours} hours at least and {days} days at most")


def require_reason(reason: object) -> None:
    if not str(reason or "").strip():
        raise wrong("reason", "请写明原因", "Say why")


def _record(
    session: Session, period: AssurancePeriod, verb: str, by: str, now: datetime, **told: Any
) -> None:
    subject = f"assurance period:{period.id}"
    history.record(session, verb, subject=subject, by=by, at=now, also=told)
