"""What may be done about a group of alarms: the columns of the table alarm_priority, what each may
say, and what counts where a table says something else. Whom it has told: faults/notice_choice.py.

Asked by the gate before a table is published (bpmn/checks/responses.py), and by
bpmn/alarm_groups.py, as a cell may be computed: an alarm is never lost by a table.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tasks.faults.notice_choice import ALL, LONGEST, WORDS, is_choice, is_time

ACTIONS = ("ticket", "at_risk", "discrepancy", "shield", "none")
OPENS = ("ticket", "at_risk", "discrepancy")  # actions that open a ticket
PRIORITIES = ("P1", "P2", "P3", "P4", "")  # the most urgent first
LONGEST_HOLD = 3_600  # seconds
SAFE: dict[str, Any] = {
    "action": "ticket",
    "priority": "P3",
    "hold": 0,
    "notice": ALL,
    "notice_minutes": 0,
}


def _is_hold(told: Any) -> bool:
    is_number = isinstance(told, int | float) and not isinstance(told, bool)
    return is_number and 0 <= told <= LONGEST_HOLD


CHECKS: dict[str, Callable[[Any], bool]] = {
    "action": lambda told: told in ACTIONS,
    "priority": lambda told: told in PRIORITIES,
    "hold": _is_hold,
    "notice": is_choice,
    "notice_minutes": is_time,
}
_GRADES = ", ".join(f'"{word}"' for word in WORDS)
MAY_BE: dict[str, tuple[str, str]] = {
    "action": (f"须为 {', '.join(ACTIONS)} 之一", f"is one of {', '.join(ACTIONS)}"),
    "priority": ("须为 P1 至 P4,不开单时为空", "is P1 to P4, or empty where no ticket is opened"),
    "hold": (f"须为 0 至 {LONGEST_HOLD} 秒", f"is 0 to {LONGEST_HOLD} seconds"),
    "notice": (
        f'须为 {_GRADES} 之一;多个等级写作 "AAA, AA"',
        f'is one of {_GRADES}; several grades are "AAA, AA"',
    ),
    "notice_minutes": (f"须为 0(不限)至 {LONGEST} 分钟", f"is 0 (any time) to {LONGEST} minutes"),
}


def mend(told: Any) -> tuple[dict[str, Any], list[str]]:
    """What counts of what a table said, and the columns where that is SAFE's instead."""
    said = told if isinstance(told, Mapping) else {}
    wrong = [name for name, is_right in CHECKS.items() if not is_right(said.get(name))]
    return {**said, **{name: SAFE[name] for name in wrong}}, wrong
