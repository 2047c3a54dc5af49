"""Which checks a policy has to pass before it is published. Called by policies.py.

A check is pure: it gets the content and yields what is wrong with it. What published diagrams name
of a policy: bpmn/policies.py.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from notifications.policy import check_notices
from notifications.words import check_words
from tasks.archive.archive_checks import check_archives
from tasks.cases.case_checks import check_cases
from tasks.cases.hot_issue_checks import check_hot_issues
from tasks.field.crew_checks import check_crews
from tasks.field.distance_checks import check_distances
from tasks.field.visit_checks import check_visits
from tasks.findings import Finding
from tasks.inspections.checklist_checks import check_checklists, check_inspections
from tasks.learning.knowledge_checks import check_knowledge, check_points
from tasks.network.alarm_checks import check_alarms
from tasks.network.mapping_checks import check_snmp, check_syslog
from tasks.orders.order_checks import check_orders
from tasks.plans.plan_policy_checks import check_plans
from tasks.recipient_checks import check_recipients
from tasks.sla.calendar_checks import check_calendars
from tasks.sla.clock_checks import check_clocks
from tasks.sla.suspension_checks import check_suspensions

CHECKS: dict[str, Callable[[Any], Iterable[Finding]]] = {
    "alarms": check_alarms,
    "archives": check_archives,
    "calendars": check_calendars,
    "cases": check_cases,
    "checklists": check_checklists,
    "clocks": check_clocks,
    "crews": check_crews,
    "distances": check_distances,
    "hot_issues": check_hot_issues,
    "inspections": check_inspections,
    "knowledge": check_knowledge,
    "notices": check_notices,
    "orders": check_orders,
    "plans": check_plans,
    "points": check_points,
    "recipients": check_recipients,
    "snmp": check_snmp,
    "suspensions": check_suspensions,
    "syslog": check_syslog,
    "visits": check_visits,
    "words": check_words,
}


def check_alone(key: str, content: Any) -> list[Finding]:
    """What is wrong with it, whatever the other policies are."""
    if not isinstance(content, Mapping):
        return [Finding("", "须为 JSON 对象", "This has to be a JSON object")]
    return list(CHECKS[key](content))


def check_beside(
    key: str, content: Mapping[str, Any], other: Callable[[str], Mapping[str, Any]]
) -> Iterator[Finding]:
    """Every calendar that a clock counts by is there; `other` has the policies that count now."""
    told = {each: content if each == key else other(each) for each in ("clocks", "calendars")}
    calendars = told["calendars"]["calendars"]
    for name, clock in told["clocks"]["clocks"].items():
        calendar = clock.get("calendar")
        if not calendar or calendar in calendars:
            continue
        elif key == "clocks":
            some = ", ".join(calendars)
            zh, en = (
                f"没有日历“{calendar}”,可用:{some}",
                f"No calendar “{calendar}”: there are {some}",
            )
            yield Finding(f"clocks.{name}.calendar", zh, en)
        else:
            zh = f"时钟“{clock['zh']}”按日历“{calendar}”计时,请保留,或先改时钟"
            en = f"The clock {name} counts by {calendar}: keep it, or change the clock first"
            yield Finding(f"calendars.{calendar}", zh, en)
