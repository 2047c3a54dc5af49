"""Which check a policy has to pass before it is published. Called by policies.py.

A check is pure: it gets the content and yields what is wrong with it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tasks.calendar_checks import check_calendars
from tasks.clock_checks import check_clocks
from tasks.findings import Finding
from tasks.recipient_checks import check_recipients
from tasks.suspension_checks import check_suspensions

CHECKS: dict[str, Callable[[Mapping[str, Any]], Iterator[Finding]]] = {
    "calendars": check_calendars,
    "clocks": check_clocks,
    "recipients": check_recipients,
    "suspensions": check_suspensions,
}
