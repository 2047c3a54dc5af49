"""What is due in runs of plans: notes, key nodes, answers to calls, reviews. Each is told once.

Called by workflows/plans.py. After an outage, what was due several times is told once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from records import PlanRun
from tasks.plans import callouts, plan_nodes
from tasks.plans.plan_checks import times_of
from tasks.plans.plan_news import tell_command
from tasks.plans.plan_nodes import version_of
from tasks.plans.plan_runs import set_next
from tasks.plans.plan_states import record

DAY = timedelta(days=1)


def due(session: Session, now: datetime, limit: int = 200) -> Mapping[int, datetime]:
    act_at = col(PlanRun.act_at)
    rows = select(PlanRun.id, act_at).where(act_at <= now).order_by(act_at, col(PlanRun.id))
    return {id: at or now for id, at in session.exec(rows.limit(limit))}


def take_turn(session: Session, run: PlanRun, *, now: datetime) -> bool:
    """False where there was nothing to do any more."""
    if run.act_at is None or run.act_at > now:
        return False
    if run.state == "active":
        _look(session, run, now)
    elif run.state == "stood_down":
        _remind_of_review(session, run, now)
    else:
        run.act_at = None
    return True


def put_off(session: Session, id: int, *, now: datetime) -> None:
    """One that fails must not keep the others waiting."""
    session.get_one(PlanRun, id).act_at = now + timedelta(minutes=1)


def _look(session: Session, run: PlanRun, now: datetime) -> None:
    version = version_of(session, run)
    if run.note_at and run.note_at <= now:
        _miss_note(session, run, times_of(version.content)["note"], now)
    for node in plan_nodes.newly_late(session, run, version.nodes, now):
        run.late = [*run.late, node["element"]]
        zh, _, en = node["title"].partition(" / ")
        what = {"zh": f"关键节点“{zh}”超时", "en": f"the key node “{en or zh}” is late"}
        _tell(session, run, "key node late", what, node["element"], now)
    callouts.call_next(session, run, version.content, now=now)
    session.flush()
    set_next(session, run)


def _miss_note(session: Session, run: PlanRun, minutes: int, now: datetime) -> None:
    what = {"zh": "态势通报该写了", "en": "a situation note is due"}
    key = run.note_at.isoformat() if run.note_at else ""
    run.note_at = now + timedelta(minutes=minutes)
    _tell(session, run, "note missed", what, key, now)


def _tell(
    session: Session, run: PlanRun, verb: str, what: dict[str, str], key: str, now: datetime
) -> None:
    told = tell_command(session, run, "plan_behind", {"what": what}, key=key, now=now)
    record(session, verb, run, "system", now, what=what, told=told)


def _remind_of_review(session: Session, run: PlanRun, now: datetime) -> None:
    what = {"zh": "评审到期了", "en": "its review is due"}
    _tell(session, run, "review reminded", what, now.date().isoformat(), now)
    run.act_at = now + DAY
