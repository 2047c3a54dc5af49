"""A run of a plan (预案执行), from proposed to closed. States: plan_states.py.

One plan runs once for each subject: who asks for it again is added to the run that is open, with a
trace. Called by the services of emergency_plan.bpmn and by bpmn/plan_runs.py. Who is called:
callouts.py; what is reserved: reservations.py; how it is judged: plan_scores.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from records import HotIssue, Person, Plan, PlanRun, PlanVersion, history
from tasks.cases import hot_issues
from tasks.faults.tickets import require_reason
from tasks.learning import points
from tasks.plans import callouts, plan_nodes, plan_scores, plans, reservations
from tasks.plans.plan_checks import times_of
from tasks.plans.plan_courses import compare
from tasks.plans.plan_news import tell_command
from tasks.plans.plan_rules import rules_of
from tasks.plans.plan_states import LEVELS, record, require
from tasks.refusals import wrong
from tasks.texts import check_texts

MODES = ("auto", "propose", "manual")
Facts = dict[str, Any]


def open_run(
    session: Session,
    plan: Plan,
    version: PlanVersion,
    *,
    mode: str,
    subject: str,
    title: str,
    city: str,
    case: Mapping[str, Any],
    fired: Sequence[Mapping[str, Any]],
    reason: str,
    is_drill: bool,
    by: str,
    now: datetime,
) -> tuple[PlanRun, bool]:
    """A new one (its `run_id` is None), or the one that is open; whether it is new."""
    check_texts({"reason": reason, "title": title}, {"reason": 2_000, "title": 300})
    key = f"{'drill' if is_drill else 'plan'}:{plan.key}:{subject or city}"
    told: Facts = {"mode": mode, "reason": reason, "case": dict(case), "fired": list(fired)}
    if found := _find_open(session, key):
        return _merge(session, found, told, by, now), False
    told |= {"plan_id": plan.id, "number": version.number, "plan_key": plan.key}
    run = PlanRun(
        **told, title=title or version.content["title"], is_drill=is_drill, subject=subject,
        open_key=key, city=city, level=_level(fired), started_by=by, proposed_at=now,
    )  # fmt: skip
    try:
        with history.savepoint(session):
            session.add(run)
            session.flush()
    except IntegrityError:  # another session opened it a moment ago
        first = _find_open(session, key)
        if first is None:
            raise
        return _merge(session, first, told, by, now), False
    about = {"plan": plan.key, "version": version.number, "about": subject, "title": run.title}
    about |= {"mode": mode, "reason": reason, "is_drill": is_drill, "case": dict(case)}
    record(session, "proposed", run, by, now, **about, fired=list(fired))
    return run, True


def remind(session: Session, run: PlanRun, *, now: datetime) -> int:
    """Nobody has confirmed: one level higher hears of it as well; how many were told."""
    if run.state != "proposed":
        return 0
    told = tell_command(session, run, "plan_proposed", {}, key="again", higher=True, now=now)
    record(session, "confirmation reminded", run, "system", now, told=told)
    return len(told)


def decline(session: Session, run: PlanRun, *, reason: str, by: str, now: datetime) -> None:
    require("decline", run)
    require_reason(reason)
    _end(run, "declined", now)
    run.reason = reason
    record(session, "declined", run, by, now, reason=reason)
    _note_issue(session, run, "declined", by, now)


def activate(session: Session, run: PlanRun, *, by: str, now: datetime) -> Facts:
    """The bridge is open, the parties are called, what the plan needs is reserved as far as it is
    there; who confirmed commands."""
    require("activate", run)
    content = plan_nodes.version_of(session, run).content
    run.state, run.activated_at, run.bridge = "active", now, f"PLAN-{run.id}"
    run.commander = "" if run.mode == "auto" else by
    run.note_at = now + timedelta(minutes=times_of(content)["note"])
    record(session, "activated", run, by, now, commander=run.commander, bridge=run.bridge)
    _note_issue(session, run, "activated", by, now)
    called = callouts.call_parties(session, run, content, now=now)
    held, short = reservations.reserve_needs(session, run, content["resources"], by=by, now=now)
    set_next(session, run)
    return {"called": called, "reserved": held, "short": short}


def escalate(
    session: Session, run: PlanRun, *, level: str, reason: str, by: str, now: datetime
) -> None:
    """市—省—集团: the next level hears of it, and sees all of it."""
    check_escalation(run, level, reason)
    was, run.level = run.level, level
    told = tell_command(session, run, "plan_raised", {"why": reason}, key=level, now=now)
    record(session, "level raised", run, by, now, was=was, level=level, reason=reason, told=told)


def check_escalation(run: PlanRun, level: str, reason: str) -> None:
    require("escalate", run)
    require_reason(reason)
    check_texts({"reason": reason}, {"reason": 2_000})
    names = list(LEVELS)
    if level not in names or names.index(level) <= names.index(run.level):
        higher = names[names.index(run.level) + 1 :]
        some = ", ".join(higher) or "—"
        raise wrong("level", f"须高于现在的级别,可用:{some}", f"This is to be higher: {some}")


def abort(session: Session, run: PlanRun, *, reason: str, by: str, now: datetime) -> None:
    """Called off: what was reserved is free again, and who was called hears of it."""
    require("abort", run)
    require_reason(reason)
    check_texts({"reason": reason}, {"reason": 2_000})
    callouts.send_home(session, run, reason=reason, now=now)
    reservations.release_all(session, run, now=now)
    _end(run, "aborted", now)
    run.reason, run.score = reason, plan_scores.score_of(session, run, now=now)
    record(session, "called off", run, by, now, reason=reason)


def stand_down(
    session: Session, run: PlanRun, *, assessment: Mapping[str, Any], by: str, now: datetime
) -> None:
    """The goal is met: resources go back, the parties go home."""
    require("stand_down", run)
    restored = datetime.fromisoformat(assessment.get("restored_at") or now.isoformat())
    run.restored_at = min(max(restored, run.activated_at or now), now)
    run.state, run.stood_down_at, run.note_at = "stood_down", now, None
    callouts.send_home(session, run, reason=assessment["summary"], now=now)
    reservations.release_all(session, run, now=now)
    run.act_at = now + timedelta(days=rules_of(session)["closing"]["review_days"])
    record(session, "stood down", run, by, now, **assessment)


def close(
    session: Session, run: PlanRun, *, review: Mapping[str, Any], by: str, now: datetime
) -> Facts:
    """Judged, with what those who were there say of it, and drill beside reality."""
    require("close", run)
    run.score = plan_scores.score_of(session, run, now=now)
    run.review = {**review, "comparison": compare(session, run)}
    _end(run, "closed", now)
    plan = session.get_one(Plan, run.plan_id)
    if run.is_drill:
        plans.note_drill(session, plan, now=now)
        _reward(session, run, by, now)
    record(session, "closed", run, by, now, review=run.review, score=run.score)
    return run.score


def set_next(session: Session, run: PlanRun) -> None:
    """When it is looked at next: a note, a key node's limit, an answer to a call is due then."""
    if run.state != "active":
        return
    limits = plan_nodes.limits_to_come(session, run, plan_nodes.version_of(session, run).nodes)
    due = [run.note_at, callouts.next_due(session, run), *limits]
    run.act_at = min((at for at in due if at), default=None)


def _merge(session: Session, run: PlanRun, told: Facts, by: str, now: datetime) -> PlanRun:
    run.merged += 1
    record(session, "asked for again", run, by, now, **told)
    return run


def _find_open(session: Session, key: str) -> PlanRun | None:
    """Locked on PostgreSQL: of several who ask at once, each is added to the one before."""
    of_key = select(PlanRun).where(PlanRun.open_key == key).with_for_update()
    return session.exec(of_key.execution_options(populate_existing=True)).first()


def _level(fired: Sequence[Mapping[str, Any]]) -> str:
    """As the last table that says one has it."""
    said = [made["result"].get("level") for made in fired if isinstance(made["result"], dict)]
    known = [level for level in said if level in LEVELS]
    return known[-1] if known else "city"


def _reward(session: Session, run: PlanRun, by: str, now: datetime) -> None:
    """Whoever came to a live drill."""
    for call in callouts.calls_of(session, run):
        if call.acked_at:
            login = session.get_one(Person, call.person_id).login
            about = {"key": f"plan run:{run.id}:{login}", "subject": f"plan run:{run.id}"}
            points.award(session, login, "drill_done", **about, by=by, now=now)


def _note_issue(session: Session, run: PlanRun, state: str, by: str, now: datetime) -> None:
    """A hot issue keeps what became of the plan that it proposed."""
    about, _, number = run.subject.partition(":")
    if about != "hot issue" or run.is_drill or not number.isdigit():
        return
    issue = session.get(HotIssue, int(number), with_for_update=True)
    if issue and issue.plan_state == "proposed":
        told: Facts = {"ref": f"plan run:{run.id}", "reason": run.reason, "by": by, "now": now}
        hot_issues.note_plan(session, issue, state, **told)


def _end(run: PlanRun, state: str, now: datetime) -> None:
    run.state, run.closed_at, run.open_key = state, now, None
    run.note_at, run.act_at = None, None
