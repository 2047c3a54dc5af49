"""Cutovers (割接): asked for, approved, announced, checked before and after, and inventory brought
up to date. Window and shield are a planned work; what an assurance period freezes stays. Called by
the services of cutover.bpmn and by the doors; nothing here moves a run.

asked ──approve──▶ approved ──announce──▶ announced ──go──▶ in_work ──after──▶ checked ──▶ done
  ▲ └─ refuse ──▶ refused                     │ frozen, no go                      └──▶ backed_out
  └───────────────────────────────────────────┘
asked, approved, announced ── cancel ──▶ cancelled
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from notifications import notices
from records import Alarm, Contact, Cutover, Device, Person, PlannedWork, history
from tasks import policies
from tasks.access.people import find_person
from tasks.access.people import require as require_permission
from tasks.inspections import assurance_periods, needs
from tasks.inspections.cutover_scopes import affected_by
from tasks.network import planned_works
from tasks.refusals import Conflict, NotAllowed, wrong
from tasks.sla.durations import when

STATES = {
    "asked": ("待批准", "asked for"),
    "approved": ("已批准", "approved"),
    "announced": ("已通知", "announced"),
    "in_work": ("割接中", "in work"),
    "checked": ("已复核", "checked"),
    "done": ("已完成", "done"),
    "backed_out": ("已倒回", "backed out"),
    "refused": ("不批准", "refused"),
    "cancelled": ("已取消", "cancelled"),
}
ALLOWED = {
    "plan": {"asked", "approved", "announced"},
    "approve": {"asked"},
    "announce": {"approved"},
    "go": {"announced"},
    "after": {"in_work"},
    "close": {"checked"},
    "cancel": {"asked", "approved", "announced"},
}
LISTS = ("sites", "devices", "sections", "circuits")
EARLY = timedelta(hours=1)  # the check before begins so long before the window
GRADES = ("AAA", "AA", "A", "std")
Facts = dict[str, Any]
Given = Mapping[str, Any]


def rules_of(session: Session) -> Facts:
    rules: Facts = policies.current(session, "inspections").content["cutover"]
    return rules


def create(session: Session, told: Given, *, by: Person, now: datetime) -> Cutover:
    """`told`: title, reason, steps, way_back, the lists of what is worked on, and when."""
    require_permission(by, "cutovers:ask")
    row = Cutover(**told, asked_by=by.login, asked_at=now)
    _check(session, row, now)
    session.add(row)
    session.flush()
    _record(session, row, "asked for", by.login, now, **_span(row), **_size(row))
    return row


def describe(session: Session, row: Cutover) -> Facts:
    return {"title": row.title, "number": row.number, **_span(row), **_size(row)} | {
        "before_at": (row.starts_at - EARLY).isoformat()
    }


def take_plan(session: Session, row: Cutover, plan: Given, *, by: str, now: datetime) -> Facts:
    """Another time, other steps. What was announced is not any more."""
    require("plan", row)
    _end_window(session, row, "重新排期 / Planned again", by, now)
    for name in ("steps", "way_back"):
        setattr(row, name, plan.get(name) or getattr(row, name))
    for name in ("starts_at", "ends_at"):
        if plan.get(name):
            setattr(row, name, datetime.fromisoformat(plan[name]))
    _check(session, row, now)
    row.state = "asked"
    _record(session, row, "planned again", by, now, **_span(row))
    return {}


def take_approval(
    session: Session, row: Cutover, answer: Given, *, by: str, now: datetime
) -> Facts:
    """The window is planned work from now on, and shields what it lists."""
    require("approve", row)
    told = {"is_approved": answer["is_approved"], "reason": answer.get("reason", "")}
    if not answer["is_approved"]:
        _record(session, row, "not approved", by, now, **told)
        return {"is_approved": False, "is_final": bool(answer.get("is_final"))}
    if by == row.asked_by:
        en = "You asked for this yourself: another one approves"
        raise wrong("is_approved", "割接是您自己申请的,请另一位批准", en)
    _require_open(session, row)
    person = find_person(session, by)
    window = {name: getattr(row, name) for name in ("title", *LISTS, "starts_at", "ends_at")}
    reason = row.reason or row.title
    work = planned_works.create(session, window | {"reason": reason}, by=person, now=now)
    row.planned_work_id, row.approved_by, row.state = work.id, by, "approved"
    _record(session, row, "approved", by, now, planned_work=work.id, **told)
    return {"is_approved": True, "is_final": False}


def announce(session: Session, row: Cutover, *, by: str, now: datetime) -> Facts:
    """Every customer concerned, each contact; so many working days before as the policy has their
    grade, or at once."""
    require("announce", row)
    customers = row.affected.get("customers", {})
    facts = {"starts": when(row.starts_at), "ends": when(row.ends_at), "cutover": row.number}
    rows = select(Contact).where(col(Contact.customer_id).in_([int(key) for key in customers]))
    told = 0
    by_customer: dict[int, list[Contact]] = {}
    for contact in session.exec(rows.order_by(col(Contact.id))):
        by_customer.setdefault(contact.customer_id, []).append(contact)
    for key, contacts in by_customer.items():
        mine = facts | {"circuits": customers[str(key)]["circuits"]}
        told += len(
            notices.tell_contacts(
                session,
                contacts,
                template="cutover_announced",
                facts=mine,
                key=f"cutover:{row.id}:{row.starts_at:%Y%m%d%H%M}",
                subject=f"cutover:{row.id}",
                now=now,
            )
        )
    row.state, row.announced_at = "announced", now
    _record(session, row, "announced", by, now, customers=len(customers), notices=told)
    return {"notices": told}


def look_before(session: Session, row: Cutover) -> Facts:
    """What stands in alarm now; and whether an assurance period has come in between."""
    frozen = _freezing(session, row)
    return {"alarms": _standing(session, row), "is_frozen": bool(frozen), "frozen_by": frozen}


def take_before(session: Session, row: Cutover, answer: Given, *, by: str, now: datetime) -> Facts:
    """Go, or no go."""
    require("go", row)
    row.before = {**answer, "alarms": _standing(session, row), "at": now.isoformat(), "by": by}
    if answer["is_go"]:
        _require_open(session, row)
        row.state = "in_work"
    _record(session, row, "checked before", by, now, is_go=answer["is_go"])
    return {"is_go": answer["is_go"]}


def take_after(session: Session, row: Cutover, answer: Given, *, by: str, now: datetime) -> Facts:
    """The same again, and what is different."""
    require("after", row)
    if missing := {line["object"] for line in row.before.get("levels", [])} - {
        line["object"] for line in answer.get("levels", [])
    }:
        first = sorted(missing)[0]
        zh, en = f"割接前测过 {first},请复测", f"{first} was measured before: measure it again"
        raise wrong("levels", zh, en)
    alarms = _standing(session, row)
    was = {line["object"]: line["value"] for line in row.before.get("levels", [])}
    change = {
        line["object"]: round(line["value"] - was[line["object"]], 2)
        for line in answer.get("levels", [])
        if line["object"] in was
    }
    new = sorted(set(alarms) - set(row.before.get("alarms", [])))
    told: Facts = {"alarms": alarms, "new_alarms": new, "change": change}
    row.after = {**answer, **told, "at": now.isoformat(), "by": by}
    row.state = "checked" if answer["is_go"] else row.state
    _record(session, row, "checked after", by, now, is_go=answer["is_go"], new_alarms=new)
    return {"is_right": answer["is_go"], "new_alarms": len(new)}


def close(session: Session, row: Cutover, told: Given, *, by: str, now: datetime) -> Facts:
    """Done, or backed out; inventory says so, and the window is over."""
    require("close", row)
    _end_window(session, row, "割接结束 / The cutover is over", by, now)
    row.closing, row.ended_at = dict(told), now
    row.state = "backed_out" if told.get("is_backed_out") else "done"
    _record(session, row, "closed", by, now, state=row.state)
    return {"state": row.state}


def refuse(session: Session, row: Cutover, reason: str, *, by: str, now: datetime) -> Facts:
    row.state, row.closing, row.ended_at = "refused", {"reason": reason}, now
    _record(session, row, "refused", by, now, reason=reason)
    return {}


def cancel(session: Session, row: Cutover, reason: str, *, by: str, now: datetime) -> Facts:
    """It does not take place: whoever was told of it is told."""
    require("cancel", row)
    if not reason.strip():
        raise wrong("reason", "请写明原因", "Say why")
    _end_window(session, row, reason, by, now)
    row.state, row.closing, row.ended_at = "cancelled", {"reason": reason}, now
    _record(session, row, "cancelled", by, now, reason=reason)
    return {}


def require(verb: str, row: Cutover) -> None:
    if row.state not in ALLOWED[verb]:
        zh, en = STATES[row.state]
        raise NotAllowed(
            f"割接 {row.number} 现在是“{zh}”,不能这样做,请刷新后再看",
            f"Cutover {row.number} is {en}: this cannot be done now, reload to see",
            state=row.state,
        )


def notice_due(session: Session, row: Cutover, now: datetime) -> datetime:
    """The end of as many working days from now as the best grade is to be told before."""
    rules = rules_of(session)
    grades = {each["grade"] for each in row.affected.get("customers", {}).values()}
    by_grade = rules["notice_days_by_grade"]
    days = max([by_grade.get(grade, rules["notice_days"]) for grade in grades], default=0)
    return needs.calendar_of(session).add_days(now, days)


def _check(session: Session, row: Cutover, now: datetime) -> None:
    """In the future, announced early enough, nothing frozen; what it lists exists, as planned works
    want it."""
    if not any(getattr(row, name) for name in LISTS):
        zh, en = "请列出至少一个机房、设备、光缆段或电路", "List a site, device, section or circuit"
        raise wrong("sites", zh, en)
    if row.starts_at <= now:
        raise wrong("starts_at", "不能从过去开始,请另选", "It cannot begin in the past")
    if row.ends_at <= row.starts_at:
        raise wrong("ends_at", "须在开始之后", "It has to end after it begins")
    if not row.way_back.strip():
        raise wrong("way_back", "请写明倒回方案", "Say how to go back")
    row.affected = affected_by(session, {name: getattr(row, name) for name in LISTS})
    soonest = notice_due(session, row, now)
    if row.starts_at < soonest and not row.reason.strip():
        zh = f"有客户须提前通知,最早 {when(soonest)};紧急割接请写明原因"
        en = f"Customers are to be told before: {when(soonest)} at the earliest, or say why"
        raise wrong("starts_at", zh, en)
    _require_open(session, row)


def _require_open(session: Session, row: Cutover) -> None:
    if frozen := _freezing(session, row):
        zh = f"客户在重保期内({frozen[0]}),割接冻结,请另选时间"
        en = f"Frozen by the assurance period {frozen[0]}: choose another time"
        raise Conflict(zh, en, frozen_by=frozen)


def _freezing(session: Session, row: Cutover) -> list[str]:
    ids = [int(key) for key in row.affected.get("customers", {})]
    found = assurance_periods.freezing(session, ids, row.starts_at, row.ends_at)
    return [period.name for period in found]


def _standing(session: Session, row: Cutover) -> list[str]:
    """Objects in alarm among what is worked on and what it carries."""
    codes = set(row.affected.get("devices", []))
    ids = select(Device.id).where(col(Device.code).in_(codes))
    rows = select(Alarm.object).where(
        col(Alarm.device_id).in_(ids), col(Alarm.cleared_at).is_(None)
    )
    return sorted(set(session.exec(rows.limit(1_000))))


def _end_window(session: Session, row: Cutover, reason: str, by: str, now: datetime) -> None:
    """In the name of whoever approved it: who ends a cutover need not plan windows."""
    work = session.get(PlannedWork, row.planned_work_id) if row.planned_work_id else None
    if work is not None and work.state in ("planned", "open"):
        planner = find_person(session, row.approved_by)
        told = f"{reason} ({by})"
        planned_works.cancel(session, work, reason=told, by=planner, now=now)
    row.planned_work_id = None if row.state != "checked" else row.planned_work_id


def _span(row: Cutover) -> Facts:
    return {"starts_at": row.starts_at.isoformat(), "ends_at": row.ends_at.isoformat()}


def _size(row: Cutover) -> Facts:
    names = ("circuits", "customers")
    return {f"affected_{name}": len(row.affected.get(name, ())) for name in names}


def _record(session: Session, row: Cutover, verb: str, by: str, now: datetime, **told: Any) -> None:
    history.record(session, verb, subject=f"cutover:{row.id}", by=by, at=now, also=told)
