"""When a clock may be stopped (挂起), and who may allow it. Called by work_orders and tickets.

The reasons and limits are the policy "suspensions". Source of those shipped: domain.md §2.5.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from records import Person
from tasks import policies
from tasks.access.people import may
from tasks.refusals import Forbidden, Invalid

Rules = Mapping[str, Any]


def check_suspension(
    session: Session,
    *,
    reason: str,
    evidence: str,
    resume_at: datetime,
    renewals: int,
    by: Person,
    now: datetime,
) -> None:
    """Refuse a suspension without a good reason, evidence, an end in time, an approver."""
    rules = policies.current(session, "suspensions").content
    check_reason(rules, reason)
    if not evidence.strip():
        _refuse("evidence", "请附证据(照片或通话记录)", "Give evidence: a photo or a call record")
    hours = rules["max_hours"]
    if not now < resume_at <= now + timedelta(hours=hours):
        _refuse(
            "resume_at",
            f"计划解挂时间须在现在之后、{hours} 小时以内",
            f"has to be later than now, by {hours} hours at most",
        )
    check_approver(rules, resume_at - now, renewals=renewals, by=by)


def check_reason(rules: Rules, reason: str) -> None:
    if reason in rules["never"]:
        name = rules["never"][reason]
        _refuse(
            "reason",
            f"“{name['zh']}”不能停表,请用“等待内部”",
            f"“{name['en']}” never stops the clock: use “waiting (internal)”",
        )
    if reason not in rules["reasons"]:
        known = ", ".join(rules["reasons"])
        _refuse("reason", f"请选择挂起原因:{known}", f"Choose one of the reasons: {known}")


def check_approver(rules: Rules, length: timedelta, *, renewals: int, by: Person) -> None:
    is_long = length > timedelta(hours=rules["dispatcher_hours"]) or renewals > rules["renewals"]
    if not may(by, "suspensions:approve-long" if is_long else "suspensions:approve"):
        raise Forbidden(
            "这次挂起须由值班长批准" if is_long else "挂起须由调度员批准",
            "The duty lead has to approve this suspension"
            if is_long
            else "A dispatcher has to approve a suspension",
        )


def _refuse(field: str, zh: str, en: str) -> None:
    raise Invalid(zh, en, fields=[{"field": field, "zh": zh, "en": en}])
