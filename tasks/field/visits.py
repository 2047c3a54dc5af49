"""Visits (上门): every job at one end of a customer's goes into one visit. Called by the doors, by
planners, and by the services of diagrams; nothing here moves a run.

A second visit at the same end for the same subject needs a reason, and somebody's approval. States:
visit_states.py. Who goes: visit_crews.py. What people are told: visit_sheets.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select as plain_select
from sqlmodel import Session, col, select

from records import Customer, Person, Site, Visit, VisitJob
from tasks import policies
from tasks.field import bookings, visit_crews, visit_sheets
from tasks.field.visit_crews import crew_of, people_of
from tasks.field.visit_jobs import (
    Job,
    Window,
    check_window,
    fill_in,
    is_new,
    jobs_of,
    merge_hours,
    minutes_of,
    wants_sheet,
)
from tasks.field.visit_repeats import check_approver, needs_approval, ordinal_of
from tasks.field.visit_states import OPEN, record, require, require_reason, shift
from tasks.refusals import Invalid, NotFound, wrong

__all__ = ["Job", "Window"]


def plan(
    session: Session,
    *,
    site_id: int,
    customer_id: int | None,
    jobs: Sequence[Job],
    window: Window,
    by: str,
    now: datetime,
    reason: str = "",
    within: Window | None = None,
) -> Visit:
    """Put these jobs on the open visit of that end, or on a new one. Doing it twice adds nothing.

    `reason`: why somebody has to come again; without one a second visit is refused. `within`: only
    a visit that is in this time will do.
    """
    rows, window = fill_in(session, jobs), Window(*window)
    rules = policies.current(session, "visits").content
    _lock_end(session, site_id, customer_id)
    found = _open_visits(session, site_id, customer_id, within)
    visit = _fitting(session, found, rows, window, rules)
    if visit is not None:
        _join(session, visit, rows, reason, by, now)
        return visit
    check_window(rules, window, rows, now)
    visit = Visit(site_id=site_id, customer_id=customer_id, planned_by=by, planned_at=now,
                  starts_at=window.starts_at, ends_at=window.ends_at)  # fmt: skip
    visit.ordinal = ordinal_of(session, visit, rows)
    visit.state = "to_approve" if needs_approval(rules, visit, reason) else "planned"
    visit.is_explained = wants_sheet(rules, rows)
    session.add(visit)
    session.flush()
    _add(session, visit, rows)
    told = {"jobs": [_told(row) for row in rows], "ordinal": visit.ordinal, "reason": reason}
    record(session, "planned", visit, by, now, state=visit.state, **_span(visit), **told)
    return visit


def approve(session: Session, visit: Visit, *, by: Person, now: datetime) -> None:
    """Somebody else than who planned it lets the crew come again."""
    check_approver(session, visit, by)
    visit.approved_by, visit.approved_at = by.login, now
    shift(session, "approved", visit, "planned", by.login, now)


def refuse(session: Session, visit: Visit, *, reason: str, by: Person, now: datetime) -> None:
    """Not again: the visit is cancelled, and its jobs are whoever's they were."""
    check_approver(session, visit, by)
    cancel(session, visit, reason=reason, by=by.login, now=now)


def move(
    session: Session, visit: Visit, window: Window, *, reason: str, by: str, now: datetime
) -> bool:
    """Another time. Whether the crew still comes; where they cannot, they are released. A customer
    who has confirmed has to confirm anew."""
    require("move", visit)
    require_reason(reason)
    rules, was = policies.current(session, "visits").content, _span(visit)
    check_window(rules, window, jobs_of(session, visit), now)
    visit.starts_at, visit.ends_at = window
    visit.confirmed_at, visit.confirmed_by = None, ""
    record(session, "moved", visit, by, now, reason=reason, was=was, **_span(visit))
    return _follow(session, visit, "时间", "The time", by, now)


def cancel(session: Session, visit: Visit, *, reason: str, by: str, now: datetime) -> None:
    """Nobody comes; crew, vehicle and instruments are free."""
    require("cancel", visit)
    require_reason(reason)
    rows = bookings.release(session, visit, now=now)
    people = people_of(session, [row.person_id for row in rows])
    for job in jobs_of(session, visit):
        job.state = "dropped"
    visit.cancelled_at, visit.closing = now, {"reason": reason}
    visit_sheets.tell_cancelled(session, visit, people, reason, now=now)
    shift(session, "cancelled", visit, "cancelled", by, now, reason=reason)


def drop(session: Session, subject: str, *, reason: str, by: str, now: datetime) -> list[Visit]:
    """What was planned for it is not wanted any more. A visit that nothing is left of is
    cancelled. The visits that this is about."""
    found = [visit for visit in of_subject(session, subject) if visit.state in OPEN]
    for visit in found:
        jobs = jobs_of(session, visit)
        if all(job.subject == subject for job in jobs):
            cancel(session, visit, reason=reason, by=by, now=now)
            continue
        for job in jobs:
            job.state = "dropped" if job.subject == subject else job.state
        session.flush()
        record(session, "jobs dropped", visit, by, now, subject_of_jobs=subject, reason=reason)
        visit_sheets.tell_change(session, visit, "事项", "What is done", now=now)
    return found


def start(session: Session, visit: Visit, *, by: str, now: datetime, unexplained: str = "") -> None:
    """到场. Not without every instrument, in calibration, nor without the customer's word or the
    reason why they could not be asked."""
    require("start", visit)
    crew, jobs = crew_of(session, visit), jobs_of(session, visit)
    if whys := visit_crews.why_unfit(session, crew, jobs, now):
        fields = [{"field": where, "zh": why.zh, "en": why.en} for where, why in whys]
        raise Invalid(whys[0][1].zh, whys[0][1].en, fields=fields)
    if visit.is_explained and visit.confirmed_at is None and not unexplained.strip():
        zh = "客户还没有确认说明单,请先请客户确认,或写明为何没有"
        en = "The customer has not confirmed the sheet: have it confirmed, or say why it was not"
        raise wrong("unexplained", zh, en)
    visit.started_at, visit.remind_at = now, None
    shift(session, "started", visit, "on_site", by, now, unexplained=unexplained)


def finish(
    session: Session,
    visit: Visit,
    results: Mapping[int, Mapping[str, Any]],
    *,
    by: str,
    now: datetime,
    note: str = "",
) -> None:
    """Say of every job what came of it: {"is_done": True, …}, or {"is_done": False, "reason": …}.

    The crew is free from now on.
    """
    require("finish", visit)
    jobs = jobs_of(session, visit)
    _check_results(jobs, results)
    for job in jobs:
        told = dict(results[job.id])
        job.state, job.result = ("done" if told["is_done"] else "undone"), told
    crew = [person.name for person in crew_of(session, visit).people]
    visit.finished_at, visit.closing = now, {"note": note, "crew": crew}
    _free_early(session, visit, by, now)
    done = [job.id for job in jobs if job.state == "done"]
    left = [job.id for job in jobs if job.state == "undone"]
    shift(session, "finished", visit, "finished", by, now, done=done, undone=left, note=note)


def of_subject(session: Session, subject: str) -> list[Visit]:
    """Every visit that was planned for it and not cancelled, the oldest first."""
    mine = select(VisitJob.visit_id).where(VisitJob.subject == subject, VisitJob.state != "dropped")
    rows = select(Visit).where(col(Visit.id).in_(mine)).order_by(col(Visit.id))
    return list(session.exec(rows))


def _lock_end(session: Session, site_id: int, customer_id: int | None) -> None:
    """On PostgreSQL the second of two that plan for one end waits here for the first."""
    site = plain_select(col(Site.id)).where(col(Site.id) == site_id)
    if session.execute(site.with_for_update(key_share=True)).first() is None:
        raise NotFound(f"没有编号为 {site_id} 的站点", f"There is no site {site_id}")
    if customer_id is not None and session.get(Customer, customer_id) is None:
        raise NotFound(f"没有编号为 {customer_id} 的客户", f"There is no customer {customer_id}")


def _open_visits(
    session: Session, site_id: int, customer_id: int | None, within: Window | None
) -> Sequence[Visit]:
    mine = select(Visit).where(Visit.site_id == site_id, Visit.customer_id == customer_id)
    mine = mine.where(col(Visit.state).in_(OPEN))
    if within is not None:
        mine = mine.where(
            col(Visit.starts_at) >= within.starts_at, col(Visit.ends_at) <= within.ends_at
        )
    return session.exec(mine.order_by(col(Visit.starts_at), col(Visit.id))).all()


def _fitting(
    session: Session,
    found: Sequence[Visit],
    rows: Sequence[VisitJob],
    window: Window,
    rules: Mapping[str, Any],
) -> Visit | None:
    """The one that has these subjects already; else one near enough in time."""
    subjects = {row.subject for row in rows}
    for visit in found:
        if subjects & {job.subject for job in jobs_of(session, visit)}:
            return visit
    most = timedelta(hours=merge_hours(rules, rows))
    near = (each for each in found if abs(each.starts_at - window.starts_at) <= most)
    return next(near, None)


def _join(
    session: Session,
    visit: Visit,
    rows: Sequence[VisitJob],
    reason: str,
    by: str,
    now: datetime,
) -> None:
    jobs, rules = jobs_of(session, visit), policies.current(session, "visits").content
    new = [row for row in rows if is_new(row, jobs)]
    if not new:
        return
    visit.ordinal = max(visit.ordinal, ordinal_of(session, visit, new))
    is_again = needs_approval(rules, visit, reason)
    ends_at = max(visit.ends_at, visit.starts_at + timedelta(minutes=minutes_of([*jobs, *new])))
    check_window(rules, Window(visit.starts_at, ends_at), [*jobs, *new], now)
    visit.ends_at, visit.is_explained = ends_at, visit.is_explained or wants_sheet(rules, new)
    _add(session, visit, new)
    told = {"jobs": [_told(row) for row in new], "reason": reason, "ordinal": visit.ordinal}
    record(session, "jobs added", visit, by, now, **_span(visit), **told)
    if is_again:
        if visit.state == "crewed":
            visit_crews.release(session, visit, reason=visit.reason, by=by, now=now)
        visit.state = "to_approve"
    else:
        _follow(session, visit, "事项", "What is done", by, now)


def _follow(session: Session, visit: Visit, zh: str, en: str, by: str, now: datetime) -> bool:
    """After a change: the crew is booked anew, and whoever knew of the visit hears of it."""
    is_kept = visit.state == "crewed" and visit_crews.rebook(session, visit, by=by, now=now)
    if not is_kept:
        visit.sequence += 1
        visit_sheets.tell_change(session, visit, zh, en, now=now)
    return is_kept


def _add(session: Session, visit: Visit, rows: Sequence[VisitJob]) -> None:
    for row in rows:
        row.visit_id = visit.id
    session.add_all(rows)
    session.flush()


def _check_results(jobs: Sequence[VisitJob], results: Mapping[int, Mapping[str, Any]]) -> None:
    if unknown := set(results) - {job.id for job in jobs}:
        raise wrong(f"results.{min(unknown)}", "这次上门没有这一项", "This visit has no such job")
    for job in jobs:
        told, path = results.get(job.id), f"results.{job.id}"
        if told is None or not isinstance(told.get("is_done"), bool):
            zh = f"请写明“{job.title}”做了没有"
            raise wrong(f"{path}.is_done", zh, f"Say whether “{job.title}” was done")
        if not told["is_done"] and not str(told.get("reason") or "").strip():
            zh = f"“{job.title}”没有做,请写明原因"
            raise wrong(f"{path}.reason", zh, f"“{job.title}” was not done: say why")
        if told["is_done"] and job.tools and not told.get("measured"):
            zh = f"“{job.title}”要有测试结果,请填 measured"
            raise wrong(f"{path}.measured", zh, f"“{job.title}” wants what was measured")


def _free_early(session: Session, visit: Visit, by: str, now: datetime) -> None:
    """Bookings never change: what is left of them is given back by booking the past anew."""
    crew = crew_of(session, visit)
    rows = bookings.release(session, visit, now=now)
    begun = min((row.starts_at for row in rows), default=now)
    if begun < now:
        ends_at = min(now, max(row.ends_at for row in rows))
        bookings.book(session, crew.taken, starts_at=begun, ends_at=ends_at, by=by, now=now,
                      visit=visit)  # fmt: skip


def _told(row: VisitJob) -> dict[str, Any]:
    return {"subject": row.subject, "kind": row.kind, "title": row.title, "minutes": row.minutes}


def _span(visit: Visit) -> dict[str, str]:
    return {"starts_at": visit.starts_at.isoformat(), "ends_at": visit.ends_at.isoformat()}
