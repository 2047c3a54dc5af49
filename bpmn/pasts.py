"""What a run had done, knew and waited for at some moment: its history, read up to there.

Pure; called by the pages. Facts are those of the whole run: where branches write the same name at
once, the latest write is shown.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

REPAIRS = ("retried", "skipped", "corrected")


class Entry(Protocol):
    at: datetime
    by: str
    verb: str
    particulars: dict[str, Any]


@dataclass
class Past:
    """As of the last entry. `done` and `failed` are by element, `orders` by step."""

    done: Counter[str] = field(default_factory=Counter)
    facts: dict[str, Any] = field(default_factory=dict)
    orders: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    failed: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    is_over: bool = False

    @property
    def waiting(self) -> set[str]:
        return {order["element"] for order in self.orders.values()}


def replay(entries: Iterable[Entry]) -> Past:
    """`entries` of one run, in their order."""
    past = Past()
    for entry in entries:
        told = entry.particulars
        if entry.verb == "opened":
            past.orders |= {one["step_id"]: one for one in told.get("orders", ())}
        elif entry.verb == "failed":
            past.failed[told["element"]] = told
        elif entry.verb in REPAIRS:
            past.failed.pop(told["element"], None)
        elif entry.verb == "cancelled":
            past.orders, past.failed, past.is_over = {}, {}, True
        for step in told.get("steps", ()):
            _go(past, step)
        past.is_over |= entry.verb == "finished"
    return past


def _go(past: Past, step: Mapping[str, Any]) -> None:
    past.facts |= step.get("changes", {})
    if step["state"] == "done":
        past.done[step["element"]] += 1
        past.failed.pop(step["element"], None)
    if step["state"] in ("done", "cancelled"):
        past.orders.pop(step["step"], None)
