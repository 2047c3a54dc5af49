"""What runs when: the whole of timed work on one page. Times of day are those of Shanghai."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from workflows import (
    alarm_states,
    alarms,
    archives,
    articles,
    child_tickets,
    clocks,
    experts,
    faq_pushes,
    hot_issues,
    imports,
    inspections,
    notices,
    planned_works,
    plans,
    points,
    questions,
    receipts,
    repeats,
    reports,
    resync,
    runs,
    seals,
    segments,
    service_calls,
    service_orders,
    upkeep,
    visits,
    work_orders,
)

Work = Callable[[Engine, datetime], int]


@dataclass(frozen=True)
class Job:
    """Does what is due at `now`; a shift looks every so many seconds, all day.

    Jobs of one lane wait for each other; a lane waits for no other lane.
    """

    work: Work
    seconds: float
    lane: str


@dataclass(frozen=True)
class Flow:
    """Has its time ("02:10" each day, ":07" each hour) and, in Prefect, runs of its own.

    Doing it twice changes nothing. What was missed is made up for, once.
    """

    work: Work
    at: str
    retries: int = 3
    delay: int = 60  # seconds between two tries


OUTSIDE = {"calls", "notices", "sources"}  # lanes that wait for other machines

SCHEDULE: dict[str, Job | Flow] = {
    "fire clocks": Job(clocks.fire_clocks, 0.25, "clocks"),
    "fire timers": Job(runs.fire_timers, 0.5, "timers"),
    "resume work orders": Job(work_orders.resume_orders, 1.0, "timers"),
    "read deliveries": Job(receipts.parse_receipts, 0.25, "alarms"),
    "open and end planned works": Job(planned_works.turn_windows, 1.0, "alarms"),
    "wake shelved alarms": Job(alarm_states.wake_shelved, 5.0, "alarms"),
    "note lapsed acknowledgements": Job(alarm_states.note_lapses, 5.0, "alarms"),
    "open tickets for alarms": Job(alarms.open_tickets, 0.5, "alarms"),
    "tell tickets of repeats": Job(repeats.tell_tickets, 5.0, "alarms"),
    "tell that alarms are clear": Job(alarms.watch_clears, 2.0, "alarms"),
    "open child tickets": Job(child_tickets.open_children, 0.5, "children"),
    "tell child tickets": Job(child_tickets.tell_children, 1.0, "children"),
    "tell parent tickets": Job(child_tickets.tell_parents, 1.0, "children"),
    "watch sources of alarms": Job(receipts.watch_sources, 5.0, "alarms"),
    "watch gaps of sources": Job(receipts.watch_gaps, 15.0, "alarms"),
    "ask sources for all alarms": Job(resync.ask_sources, 5.0, "sources"),
    "remind of visits": Job(visits.remind_of_visits, 30.0, "timers"),
    "go on with service orders": Job(service_orders.go_on, 2.0, "orders"),
    "watch service orders": Job(service_orders.watch, 5.0, "orders"),
    "open tickets for findings": Job(inspections.open_tickets, 5.0, "orders"),
    "tell of overdue findings": Job(inspections.tell_overdue, 60.0, "orders"),
    "make service calls": Job(service_calls.make_calls, 0.5, "calls"),
    "keep segments": Job(segments.keep, 30.0, "segments"),
    "offer plans": Job(plans.offer, 1.0, "plans"),
    "watch plans that run": Job(plans.watch_runs, 5.0, "plans"),
    "raise questions": Job(questions.raise_questions, 10.0, "knowledge"),
    "remind of FAQ pushes": Job(faq_pushes.remind, 30.0, "knowledge"),
    "count themes of cases": Job(hot_issues.count_themes, 300.0, "knowledge"),
    "begin onboardings": Job(archives.begin_onboardings, 5.0, "imports"),
    "go on with imports": Job(imports.go_on, 1.0, "imports"),
    "send notices": Job(notices.send_notices, 0.5, "notices"),
    "seal history": Flow(seals.seal_history, ":07"),
    "foretell breaches": Flow(reports.foretell, ":37"),
    "report hand-offs": Flow(reports.report_hand_offs, "00:20"),
    "count archives": Flow(archives.count_archives, "01:10"),
    "count readiness": Flow(archives.count_readiness, "01:30"),
    "refresh archives": Flow(archives.refresh_archives, "07:10"),
    "audit inventory": Flow(archives.audit_inventory, "02:20"),
    "plan inspections": Flow(inspections.plan, "03:30"),
    "rank replacements": Flow(archives.rank_replacements, "01:50"),
    "watch certificates": Flow(visits.watch_certificates, "07:40"),
    "watch calibrations": Flow(visits.watch_calibrations, "07:45"),
    "watch calendars": Flow(upkeep.watch_calendars, "08:30"),
    "watch plans": Flow(plans.watch_plans, "08:15"),
    "watch resources of plans": Flow(plans.watch_resources, "08:20"),
    "watch articles": Flow(articles.watch, "08:10"),
    "end terms of experts": Flow(experts.end_terms, "02:40"),
    "report points": Flow(points.report_month, "00:50"),
    "forget what is old": Flow(upkeep.forget_old, "03:10"),
}


def jobs() -> dict[str, Job]:
    return {name: one for name, one in SCHEDULE.items() if isinstance(one, Job)}


def flows() -> dict[str, Flow]:
    return {name: one for name, one in SCHEDULE.items() if isinstance(one, Flow)}
