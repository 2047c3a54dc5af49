"""Whether a plan should begin, or be offered: asked of tables, for tickets and hot issues.

Called by workflows/plans.py. A ticket is looked at when it opens, when more is hit, when it was
judged, and each minute for a while where the table would say something if it lasted longer.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from bpmn import library, plan_runs, plans
from records import HotIssue, PlanRun, Ticket
from tasks.cases import hot_issues
from tasks.faults import tickets
from tasks.faults.intake import OVER
from tasks.plans import cases
from tasks.plans import plans as written
from tasks.plans.plan_rules import rules_of

DIAGRAM, TABLE = "fault_handling", "plan_activation"
OVER_BY_ITSELF = "故障已恢复或结束 / The fault is mended or over"
BY = "plans"  # whose doing it is, in history
Facts = Mapping[str, Any]
Offer = tuple[str, str, list[dict[str, Any]]]  # plan, mode, the tables that said so


def due(session: Session, now: datetime, limit: int = 200) -> Mapping[int, datetime]:
    """Tickets to be looked at, and since when."""
    at = col(Ticket.plan_look_at)
    rows = select(Ticket.id, at).where(at <= now).order_by(at, col(Ticket.id))
    return {id: when or now for id, when in session.exec(rows.limit(limit))}


def look(session: Session, id: int, *, now: datetime) -> bool:
    """Begin what the tables say. False where there is nothing to look at any more."""
    ticket = session.get_one(Ticket, id, with_for_update=True)
    if ticket.plan_look_at is None or ticket.plan_look_at > now:
        return False
    _look_again(session, ticket.id, None)
    if ticket.parent_id or ticket.state in OVER or ticket.restored_at:
        return True
    case = cases.of_ticket(session, ticket, now=now)
    before = _begun(session, f"ticket:{ticket.id}")
    offers = [one for one in _offers(session, ticket, case) if one[0] not in before]
    for offer in offers:
        _begin(session, ticket, case, offer, now)
    if not offers and not before:
        _look_again(session, ticket.id, _again(session, ticket, case, now))
    return True


def put_off(session: Session, id: int, *, now: datetime) -> None:
    """One that fails must not keep the others waiting."""
    _look_again(session, id, now + timedelta(minutes=1))


def stale(session: Session, limit: int = 500) -> list[int]:
    """Proposals that nobody has confirmed, about tickets that are mended or over meanwhile."""
    open_ = select(PlanRun.id, PlanRun.subject).where(PlanRun.state == "proposed")
    rows = session.exec(open_.where(~col(PlanRun.is_drill)).order_by(col(PlanRun.id)).limit(limit))
    about = {id: int(said[7:]) for id, said in rows if said.startswith("ticket:")}
    is_over = col(Ticket.restored_at).is_not(None) | col(Ticket.state).in_(OVER)
    over = set(session.exec(select(Ticket.id).where(col(Ticket.id).in_(about.values()), is_over)))
    return [id for id, ticket in about.items() if ticket in over]


def withdraw(session: Session, id: int, *, now: datetime) -> bool:
    """False where somebody was faster."""
    run = session.get_one(PlanRun, id, with_for_update=True)
    if run.state != "proposed":
        return False
    plan_runs.withdraw(session, run, reason=OVER_BY_ITSELF, by=BY, now=now)
    return True


def due_issues(session: Session) -> list[int]:
    """Red ones that nothing was begun for yet."""
    proposed = {f"hot issue:{issue.id}": issue.id for issue in hot_issues.proposed(session)}
    begun = select(PlanRun.subject).where(col(PlanRun.subject).in_(proposed))
    return [proposed[subject] for subject in proposed.keys() - set(session.exec(begun))]


def look_at_issue(session: Session, id: int, *, now: datetime) -> bool:
    """A red hot issue proposes its plan; its table says at which level."""
    issue = hot_issues.find(session, id, locked=True)
    if issue.plan_state != "proposed" or not _is_published(session, issue.plan):
        return False
    plan_runs.begin(
        session, issue.plan, mode="propose", subject=f"hot issue:{issue.id}", city="",
        title=issue.title, case=_case_of(issue), reason="热点变红 / it turned red", by=BY, now=now,
    )  # fmt: skip
    return True


def _offers(session: Session, ticket: Ticket, case: Facts) -> list[Offer]:
    """What the table for all tickets says; else what was said when it was judged; and what the
    plans say that circuits of it are linked to."""
    found = _by_table(session, case) or _as_judged(ticket)
    known = {found[0]} if found else set()
    linked = (_by_link(session, key, case) for key in cases.plans_linked(session, ticket))
    offers = [found] if found else []
    offers += [one for one in linked if one and one[0] not in known]
    return [one for one in offers if _is_published(session, one[0])]


def _by_table(session: Session, case: Facts) -> Offer | None:
    loaded = library.current(session, DIAGRAM)
    table = loaded.blueprint.decisions.get(TABLE)
    if table is None:  # an owner took it out of the diagram
        return None
    made = table.decide({"judged": dict(case)})
    told: Any = made.result
    fired = {
        "table": made.table,
        "name": made.name,
        "rows": list(made.rows),
        "notes": list(made.notes),
        "inputs": made.inputs,
        "result": told,
        "version_id": loaded.version_id,
    }
    return (told["plan"], told["plan_mode"], [fired]) if told["plan"] else None


def _as_judged(ticket: Ticket) -> Offer | None:
    return (ticket.plan, "propose", []) if ticket.plan else None


def _by_link(session: Session, key: str, case: Facts) -> Offer | None:
    _, version = written.current(session, key)
    made = plans.decide(session, version, {**case, "is_linked": True})
    mode = made["result"].get("mode") if isinstance(made["result"], dict) else ""
    return (key, mode, []) if mode else None


def _begin(session: Session, ticket: Ticket, case: Facts, offer: Offer, now: datetime) -> None:
    key, mode, fired = offer
    linked = key in cases.plans_linked(session, ticket)
    run, _ = plan_runs.begin(
        session, key, mode=mode, subject=f"ticket:{ticket.id}",
        city=cases.place_of(session, ticket), title=ticket.title,
        case={**case, "is_linked": linked}, fired=fired, reason=ticket.number, by=BY, now=now,
    )  # fmt: skip
    if not ticket.plan:
        ticket.plan = key
        about = {"plan": key, "mode": mode, "plan_run": run.id}
        tickets.record(session, "plan proposed", ticket, BY, now, **about)


def _again(session: Session, ticket: Ticket, case: Facts, now: datetime) -> datetime | None:
    """Where the table would name a plan if this lasted, it is asked again in a while."""
    rules = rules_of(session)["offers"]
    longest = case["outage_minutes"] + rules["look_minutes"]
    ends = ticket.opened_at + timedelta(minutes=rules["look_minutes"])
    if now >= ends or not _by_table(session, {**case, "outage_minutes": longest}):
        return None
    return now + timedelta(seconds=rules["look_seconds"])


def _look_again(session: Session, id: int, at: datetime | None) -> None:
    """Its revision stays: nobody who works on the ticket is refused because of this."""
    row = update(Ticket).where(col(Ticket.id) == id).values(plan_look_at=at)
    session.execute(row, execution_options={"synchronize_session": False})


def _begun(session: Session, subject: str) -> set[str]:
    """Plans that run for it, ran, or were declined: none of them is offered twice."""
    mine = select(PlanRun.plan_key).where(PlanRun.subject == subject, ~col(PlanRun.is_drill))
    return set(session.exec(mine))


def _is_published(session: Session, key: str) -> bool:
    plan = written.find_by_key(session, key)
    return plan is not None and plan.state == "published"


def _case_of(issue: HotIssue) -> dict[str, Any]:
    growth = issue.volume / issue.usual if issue.usual else float(issue.volume)
    told = {"cases": issue.volume, "growth": round(growth, 2), "is_public": issue.press > 0}
    return cases.fill(told)
