"""What limits and ladders may be, wherever they come from. Pure.

A limit is a row of numbers, most in minutes; a ladder is a list of rungs. Asked when a ticket gets
its limits (urgency.py), when a policy or a diagram is checked, and when clocks are worked out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from tasks.findings import Finding

SHORTEST = 1  # minute: one that repeats would else be told with every tick
LONGEST = 366 * 24 * 60  # minutes, or working days: what is longer is a slip of the pen
MOST_DAYS = 366  # working days: a year and a half
MAY_BE_ZERO = frozenset({"travel"})
TEXTS = frozenset({"calendar"})
PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)%")
AFTER = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,6})M)?)?")  # PT2H, PT90M, P1D
THE_LIMIT = "100%"


def is_length(value: Any) -> bool:
    """Whether it can be a limit: a number of minutes or days, within all reason."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and SHORTEST <= value <= LONGEST


def is_days(value: Any) -> bool:
    return is_length(value) and value == int(value) and value <= MOST_DAYS


def check_limit(limit: Mapping[str, Any], calendars: Mapping[str, Any]) -> Iterator[Finding]:
    """A missing or empty limit sets no clock; any other is within bounds."""
    for key, value in limit.items():
        is_zero = key in MAY_BE_ZERO and value in (0, False)
        if value is None or is_zero or (key in TEXTS and value in calendars):
            continue
        if key in TEXTS:
            known = ", ".join(calendars)
            zh, en = f"没有日历“{value}”,可用:{known}", f"No calendar “{value}”: there are {known}"
            yield Finding(key, zh, en)
        elif key.endswith("_days") and not is_days(value):
            zh = f"“{key}”的工作日 {value!r} 应为 1 至 {MOST_DAYS} 的整数,不设请留空"
            en = f"“{key}”, {value!r}, is a whole number of days, 1 to {MOST_DAYS}, or empty"
            yield Finding(key, zh, en)
        elif not is_length(value):
            zh = f"“{key}”的时限 {value!r} 应为 {SHORTEST} 至 {LONGEST} 的数,不设请留空"
            en = f"The limit “{key}”, {value!r}, is a number, {SHORTEST} to {LONGEST}, or empty"
            yield Finding(key, zh, en)


def check_ladder(ladder: Sequence[Any], clocks: Mapping[str, Any]) -> Iterator[Finding]:
    for place, rung in enumerate(ladder):
        if not isinstance(rung, Mapping):
            yield Finding(f"ladder.{place}", "应为一级阶梯", "This is a rung")
            continue
        if rung.get("clock") not in clocks:
            known, name = ", ".join(clocks), rung.get("clock")
            zh, en = f"没有时钟“{name}”,可用:{known}", f"No clock “{name}”: there are {known}"
            yield Finding(f"ladder.{place}.clock", zh, en)
        if not is_at(rung.get("at")):
            zh = "应为百分比(75%)或超限后的时长(PT2H)"
            yield Finding(f"ladder.{place}.at", zh, "This is 75%, or PT2H after the limit")
        if not isinstance(rung.get("to"), str) or not rung["to"].strip():
            zh, en = "这一级没有写通知谁", "This rung reaches nobody: say whom it tells"
            yield Finding(f"ladder.{place}.to", zh, en)


def is_at(text: Any) -> bool:
    return isinstance(text, str) and offset_of(text, timedelta(hours=1)) is not None


@lru_cache(maxsize=1_024)  # a few ladders, for every ticket
def offset_of(at: str, limit: timedelta) -> timedelta | None:
    """How long after the start a rung is: "75%" of the limit, "0%" at once, "PT2H" beyond it."""
    percent = PERCENT.fullmatch(at)
    if percent:
        share = float(percent[1]) / 100
        return limit * share if share <= 10 else None
    after = AFTER.fullmatch(at)
    if after is None or not any(after.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in after.groups())
    return limit + timedelta(days=days, hours=hours, minutes=minutes)
