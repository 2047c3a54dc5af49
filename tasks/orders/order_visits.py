"""The visits of an order: every job at one end in one visit, explained before, looked at after.

Called by the services of service_activation.bpmn, by service_orders.py and its neighbours. What a
visit is: visits.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from records import ServiceOrder, Visit, VisitJob
from tasks.faults.impact import ZONE
from tasks.field import visit_sheets, visits
from tasks.field.visit_jobs import Job, Window, jobs_of
from tasks.field.visit_states import OPEN
from tasks.orders.order_states import record, subject_of
from tasks.refusals import wrong

ENDS = {"a": "a_site_id", "z": "z_site_id"}
REMOVAL = "removal"  # as in the policy "visits"
REMOVED_AFTER, LASTS = timedelta(days=5), timedelta(hours=3)
Given = Mapping[str, Any]


def plan(
    session: Session,
    order: ServiceOrder,
    jobs: Mapping[str, Sequence[str]],
    windows: Given,
    *,
    by: str,
    now: datetime,
    reason: str = "",
) -> list[Visit]:
    """`jobs`: their kinds by end, {"a": ["cpe", "test"]}; `windows`: when, by end. One visit for
    each end that has something to do. Doing it twice adds nothing."""
    made = []
    for end, column in ENDS.items():
        kinds = list(dict.fromkeys(jobs.get(end, ())))
        if not kinds:
            continue
        told: dict[str, Any] = {"by": by, "now": now, "reason": reason}
        made.append(
            visits.plan(
                session,
                site_id=getattr(order, column),
                customer_id=order.customer_id,
                jobs=[Job(subject_of(order), kind) for kind in kinds],
                window=_window(windows, end),
                **told,
            )
        )
    numbers = [visit.number for visit in made]
    record(session, "visits planned", order, by, now, visits=numbers, reason=reason)
    return made


def plan_removals(
    session: Session, order: ServiceOrder, sites: Sequence[int], *, by: str, now: datetime
) -> list[Visit]:
    """What stands where the circuit does not end any more comes out, some days after the customer
    has accepted the new place. The order does not wait for it; dispatch finds the hour."""
    day = now.astimezone(ZONE).replace(hour=9, minute=0, second=0, microsecond=0) + REMOVED_AFTER
    made = [
        visits.plan(
            session, site_id=site, customer_id=order.customer_id,
            jobs=[Job(subject_of(order), REMOVAL)], window=Window(day, day + LASTS),
            by=by, now=now,
        )
        for site in sites
    ]  # fmt: skip
    if made:
        numbers = [visit.number for visit in made]
        record(session, "removals planned", order, by, now, visits=numbers)
    return made


def plan_again(
    session: Session, order: ServiceOrder, again: Given, *, by: str, now: datetime
) -> list[Visit]:
    """A second visit: what was left undone at an end, or what is named; it needs a reason, and
    waits for an approval (visit_repeats.py)."""
    end = again["end"]
    kinds = again.get("jobs") or _left(session, order, end) or ["test"]
    told: dict[str, Any] = {"reason": again["reason"], "by": by, "now": now}
    return plan(session, order, {end: kinds}, {end: again.get("window")}, **told)


def explain(
    session: Session, order: ServiceOrder, *, by_phone: bool, by: str, now: datetime
) -> int:
    """Send the sheet of each visit that wants one and has had none; how many."""
    wanted = [
        visit
        for visit in visits.of_subject(session, subject_of(order))
        if visit.state in ("planned", "crewed") and visit.is_explained and not visit.explained_at
    ]
    for visit in wanted:
        visit_sheets.explain(session, visit, by_phone=by_phone, by=by, now=now)
    return len(wanted)


def look(session: Session, order: ServiceOrder) -> dict[str, Any]:
    """What came of the visits: jobs that were not done after all, by the last word on each."""
    last = dict[tuple[int, str], VisitJob]()
    found = visits.of_subject(session, subject_of(order))
    for visit in found:
        for job in jobs_of(session, visit):
            if job.subject == subject_of(order) and visit.state == "finished":
                last[visit.site_id, job.kind] = job
    undone = [job for job in last.values() if job.state == "undone"]
    told = {"undone": len(undone), "visits": sum(each.state == "finished" for each in found)}
    return told | {"reasons": [str(job.result.get("reason", "")) for job in undone]}


def drop(
    session: Session, order: ServiceOrder, *, reason: str, by: str, now: datetime
) -> list[Visit]:
    return visits.drop(session, subject_of(order), reason=reason, by=by, now=now)


def put_off(
    session: Session, order: ServiceOrder, until: datetime, *, reason: str, by: str, now: datetime
) -> list[Visit]:
    """Open visits that would be before `until` are as many whole days later, at the same hour."""
    moved = []
    for visit in visits.of_subject(session, subject_of(order)):
        if visit.state in OPEN and visit.starts_at < until:
            days = timedelta(days=(until - visit.starts_at).days + 1)
            window = Window(visit.starts_at + days, visit.ends_at + days)
            visits.move(session, visit, window, reason=reason, by=by, now=now)
            moved.append(visit)
    return moved


def find_confirmed(session: Session, orders: Sequence[int]) -> list[int]:
    """Of these orders, those without a visit that still waits for the customer's word."""
    return _without(session, orders, _is_unconfirmed())


def find_finished(session: Session, orders: Sequence[int]) -> list[int]:
    """Of these orders, those without a visit that is still to come or going on."""
    return _without(session, orders, col(Visit.state).in_((*OPEN, "on_site")))


def _is_unconfirmed() -> Any:
    waits = col(Visit.state).in_(OPEN) & col(Visit.is_explained)
    return waits & col(Visit.confirmed_at).is_(None)


def _without(session: Session, orders: Sequence[int], waits: Any) -> list[int]:
    subjects = {f"order:{key}": key for key in orders}
    mine = select(VisitJob.subject).join(Visit, col(Visit.id) == col(VisitJob.visit_id))
    is_mine = col(VisitJob.subject).in_(subjects)
    held = set(session.exec(mine.where(is_mine, VisitJob.state != "dropped", waits)))
    return [key for subject, key in subjects.items() if subject not in held]


def _left(session: Session, order: ServiceOrder, end: str) -> list[str]:
    site, kinds = getattr(order, ENDS[end]), list[str]()
    for visit in visits.of_subject(session, subject_of(order)):
        jobs = jobs_of(session, visit) if visit.site_id == site else []
        kinds += [job.kind for job in jobs if job.state == "undone"]
    return list(dict.fromkeys(kinds))


def _window(windows: Given, end: str) -> Window:
    told = windows.get(end) or {}
    path = f"window_{end}"
    if not told.get("starts_at") or not told.get("ends_at"):
        zh = f"{end.upper()} 端要上门,请填时间"
        raise wrong(path, zh, f"There is something to do at end {end.upper()}: say when")
    starts_at, ends_at = (datetime.fromisoformat(told[k]) for k in ("starts_at", "ends_at"))
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        raise wrong(path, "时间要带时区", "These times need an offset")
    return Window(starts_at, ends_at)
