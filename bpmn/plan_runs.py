"""A run of a plan and the run of its diagram together: activate, and tell it what happened outside.

The doors and the timed work call this. What concerns the diagram is checked here, sent to it as a
message, and done by the service that it has at that place. The rules are in tasks/plans/.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bpmn import library, plans, runs
from records import Person, PlanCall, PlanRun, PlanVersion, Ticket
from tasks.access.people import require as require_permission
from tasks.faults.tickets import require_reason
from tasks.plans import callouts, cases, plan_nodes, plan_runs, reservations
from tasks.plans import plans as written
from tasks.plans.plan_checks import times_of
from tasks.plans.plan_news import tell_command
from tasks.plans.plan_states import require, subject_of
from tasks.refusals import NotAllowed, NotFound, wrong
from tasks.texts import check_texts

SUBJECTS = ("ticket", "circuit", "hot issue", "room", "warning", "case")
Facts = Mapping[str, Any]


def activate(
    session: Session,
    key: str,
    *,
    subject: str = "",
    city: str = "",
    title: str = "",
    case: Facts | None = None,
    reason: str,
    is_drill: bool = False,
    by: Person,
    now: datetime,
) -> tuple[PlanRun, bool]:
    """A person asks for a plan, whatever its table says; the row that fired is kept all the same.
    Where it runs already for this subject, that run, with a trace; whether it is new."""
    require_permission(by, "plan-runs:drill" if is_drill else "plan-runs:start")
    require_reason(reason)
    ticket = _ticket_of(session, subject)
    known = cases.of_ticket(session, ticket, now=now) if ticket else cases.USUAL
    told = cases.fill({**known, **(case or {})})
    city = city or (cases.place_of(session, ticket) if ticket else by.city)
    if ticket:
        told["is_linked"] = key in cases.plans_linked(session, ticket)
        subject, title = f"ticket:{ticket.id}", title or ticket.title
    return begin(
        session, key, mode="manual", subject=subject, city=city, title=title, case=told,
        reason=reason, is_drill=is_drill, by=by.login, now=now,
    )  # fmt: skip


def begin(
    session: Session,
    key: str,
    *,
    mode: str,
    subject: str,
    city: str,
    title: str,
    case: Facts,
    fired: Sequence[Facts] = (),
    reason: str,
    is_drill: bool = False,
    by: str,
    now: datetime,
) -> tuple[PlanRun, bool]:
    """As activate, by a login that need not be a person's. `fired`: tables asked before its own."""
    plan, version = written.current(session, key)
    asked = [*fired, plans.decide(session, version, case)]
    name = f"{version.content['title']}:{title}" if title else version.content["title"]
    name = f"【演练】{name}" if is_drill else name
    run, is_new = plan_runs.open_run(
        session, plan, version, mode=mode, subject=subject, title=name[:300], city=city, case=case,
        fired=asked, reason=reason, is_drill=is_drill, by=by, now=now,
    )  # fmt: skip
    if is_new:
        _start(session, run, version, by, now)
    return run, is_new


def acknowledge(
    session: Session, run: PlanRun, *, answer: str, by: Person, now: datetime
) -> list[PlanCall]:
    """收到,就来."""
    require_permission(by, "plan-runs:advance")
    calls = callouts.acknowledge(session, run, answer=answer, by=by, now=now)
    parties = plan_nodes.version_of(session, run).content["parties"]
    callouts.take_command(session, run, parties, by=by, now=now)
    plan_runs.set_next(session, run)
    return calls


def escalate(
    session: Session, run: PlanRun, *, level: str, reason: str, by: Person, now: datetime
) -> None:
    """市—省—集团."""
    require_permission(by, "plan-runs:command")
    plan_runs.check_escalation(run, level, reason)
    _tell(session, run, "escalate_level", {"level": level, "reason": reason}, by.login, now)


def arrive(
    session: Session, run: PlanRun, reservation_id: int, *, by: Person, now: datetime
) -> None:
    """资源到位."""
    require_permission(by, "plan-runs:advance")
    reservations.check_arrival(session, run, reservation_id)
    _tell(session, run, "resource_arrived", {"reservation": reservation_id}, by.login, now)


def abort(session: Session, run: PlanRun, *, reason: str, by: Person, now: datetime) -> None:
    """终止: where it has just begun, it is as if it had been declined, but for the trace."""
    require_permission(by, "plan-runs:command")
    require("abort", run)
    require_reason(reason)
    check_texts({"reason": reason}, {"reason": 2_000})
    _tell(session, run, "abort", {"reason": reason}, by.login, now)


def withdraw(session: Session, run: PlanRun, *, reason: str, by: str, now: datetime) -> None:
    """A proposal that is not needed any more."""
    _tell(session, run, "abort", {"reason": reason}, by, now)


def _start(session: Session, run: PlanRun, version: PlanVersion, by: str, now: datetime) -> None:
    """The run of its diagram, as that was when this version was published."""
    loaded = library.load(session, version.version_id, version.content_hash)
    plan = {"id": run.id, "key": run.plan_key, "mode": run.mode, "is_drill": run.is_drill}
    data = {"plan": plan | {"times": times_of(version.content)}, "case": run.case}
    if run.mode != "auto":
        tell_command(session, run, "plan_proposed", {}, key="first", now=now)
    about = {"subject": subject_of(run), "loaded": loaded}
    started = runs.start(session, plans.RUNNER, data, by=by, now=now, **about)  # type: ignore[arg-type]
    run.run_id = started.id
    session.flush()
    plan_runs.set_next(session, run)


def _ticket_of(session: Session, subject: str) -> Ticket | None:
    """The ticket that it is about; where that follows another one, that one."""
    if not subject:
        return None
    about, _, number = subject.partition(":")
    if about not in SUBJECTS or not number or len(subject) > 100:
        some = ", ".join(SUBJECTS)
        raise wrong("subject", f"格式为 类型:编号,类型有 {some}", f"kind:number, of {some}")
    check_texts({"subject": subject}, {"subject": 100})
    if about != "ticket":
        return None
    ticket = session.get(Ticket, int(number)) if number.isascii() and number.isdigit() else None
    if ticket is None:
        raise NotFound(f"没有编号为 {number} 的故障单", f"There is no ticket {number}")
    while ticket.parent_id:
        ticket = session.get_one(Ticket, ticket.parent_id)
    return ticket


def _tell(
    session: Session, run: PlanRun, message: str, told: dict[str, Any], by: str, now: datetime
) -> None:
    session.flush()
    payload = {**told, "by": by}
    heard = runs.send(session, "message", message, payload, run_id=run.run_id, by=by, now=now)
    session.refresh(run)
    if not heard:
        raise NotAllowed(
            f"预案执行 {run.id} 现在的环节不能这样做,请刷新后再看",
            f"Plan run {run.id} is at a step where this cannot be done: reload to see",
            state=run.state,
        )
