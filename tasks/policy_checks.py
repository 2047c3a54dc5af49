"""Which check a policy has to pass before it is published. Called by policies.py.

A check is pure: it gets the content and yields what is wrong with it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from notifications.policy import check_notices
from notifications.words import check_words
from tasks.calendar_checks import check_calendars
from tasks.clock_checks import check_clocks
from tasks.findings import Finding
from tasks.recipient_checks import check_recipients
from tasks.suspension_checks import check_suspensions

CHECKS: dict[str, Callable[[Any], Iterable[Finding]]] = {
    "calendars": check_calendars,
    "clocks": check_clocks,
    "notices": check_notices,
    "recipients": check_recipients,
    "suspensions": check_suspensions,
    "words": check_words,
}
