"""What a policy of calendars must be, so that every limit can be worked out by it.

Called when one is published (policy_checks.py). What the content means: calendars.py.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tasks.findings import Finding, expect_known, expect_map, expect_names
from tasks.sla.calendars import WEEK, hours_of

NEEDED = ("24x7", "office")  # clocks name these where nothing else is said
SETTINGS = {"zh", "en", "is_always", "week", "make_up", "years"}
OF_A_YEAR = {"holidays", "workdays", "is_provisional", "source"}
LEAST = timedelta(hours=5)  # of a week
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def check_calendars(content: Mapping[str, Any]) -> Iterator[Finding]:
    yield from expect_known("", content, {"zone", "calendars"})
    yield from _zone(content.get("zone"))
    found = content.get("calendars")
    yield from expect_map("calendars", found)
    if not isinstance(found, Mapping):
        return
    for key in NEEDED:
        if key not in found:
            yield Finding(f"calendars.{key}", f"缺少日历“{key}”", f"The calendar “{key}” is needed")
    for key, calendar in found.items():
        yield from _calendar(f"calendars.{key}", calendar)


def _zone(zone: Any) -> Iterator[Finding]:
    try:
        ZoneInfo(zone)
    except (ValueError, TypeError, OSError, LookupError):
        zh = "时区无效,请填如 Asia/Shanghai"
        yield Finding("zone", zh, "This is no time zone: write, say, Asia/Shanghai")


def _calendar(path: str, calendar: Any) -> Iterator[Finding]:
    yield from expect_map(path, calendar)
    if not isinstance(calendar, Mapping):
        return
    yield from expect_names(path, calendar)
    yield from expect_known(path, calendar, SETTINGS)
    if calendar.get("is_always") is not True:
        yield from _week(path, calendar)
        yield from _years(path, calendar.get("years"))


def _week(path: str, calendar: Mapping[str, Any]) -> Iterator[Finding]:
    week = calendar.get("week")
    if not isinstance(week, Mapping):
        week = {}
    for day in sorted(week.keys() - set(WEEK)):
        zh, en = f"星期应为 {', '.join(WEEK)} 之一", f"A weekday is one of {', '.join(WEEK)}"
        yield Finding(f"{path}.week.{day}", zh, en)
    if _worked(week) < LEAST:
        zh, en = (
            "一周的工作时间不足 5 小时,时限遥遥无期",
            "Less than 5 hours are worked in a week",
        )
        yield Finding(f"{path}.week", f"{zh},请补充", f"{en}: no limit would end, add some")
    for day, spans in week.items():
        yield from _hours(f"{path}.week.{day}", spans)
    yield from _hours(f"{path}.make_up", calendar.get("make_up", []))
    if not calendar.get("make_up") and _has_workdays(calendar):
        zh, en = "有调休上班日,请填它的工作时间", "Say what hours make-up workdays have"
        yield Finding(f"{path}.make_up", zh, en)


def _hours(path: str, spans: Any) -> Iterator[Finding]:
    if not _is_spans(spans):
        zh = '工作时间应写成 [["08:30", "12:00"], …]'
        yield Finding(path, zh, 'Write working hours as [["08:30", "12:00"], …]')
        return
    ends = [end for span in hours_of(spans) for end in span]
    if any(later <= earlier for earlier, later in pairwise(ends)):
        zh = "工作时间须从早到晚,不能重叠"
        yield Finding(path, zh, "Working hours go from early to late and do not overlap")


def _worked(week: Mapping[str, Any]) -> timedelta:
    spans = [span for day in week.values() if _is_spans(day) for span in hours_of(day)]
    return sum((closes - opens for opens, closes in spans), timedelta())


def _is_spans(spans: Any) -> bool:
    return isinstance(spans, list) and all(
        isinstance(span, list)
        and len(span) == 2
        and all(isinstance(end, str) and CLOCK.fullmatch(end) for end in span)
        for span in spans
    )


def _years(path: str, years: Any) -> Iterator[Finding]:
    if not isinstance(years, Mapping) or not years:
        zh = "请至少给出一年的节假日"
        yield Finding(f"{path}.years", zh, "Give the holidays of at least one year")
        return
    numbers = sorted(int(year) for year in years if re.fullmatch(r"(19|20|21)\d\d", year))
    if len(numbers) < len(years):
        yield Finding(f"{path}.years", "年份应为四位数", "A year has four digits")
    for earlier, later in pairwise(numbers):
        if later != earlier + 1:
            zh, en = f"缺少 {earlier + 1} 年", f"There is a gap: {earlier + 1} is missing"
            yield Finding(f"{path}.years.{earlier + 1}", f"{zh},日历不能有缺口", en)
    for year, told in years.items():
        yield from _year(f"{path}.years.{year}", year, told)


def _year(path: str, year: str, told: Any) -> Iterator[Finding]:
    if not isinstance(told, Mapping):
        yield Finding(path, "请写明 holidays 和 workdays", "Give holidays and workdays")
        return
    yield from expect_known(path, told, OF_A_YEAR)
    kinds = {kind: told.get(kind) for kind in ("holidays", "workdays")}
    for kind, days in kinds.items():
        if not isinstance(days, Mapping):
            zh, en = "请写成 日期: 名称", "Write it as date: name"
            yield Finding(f"{path}.{kind}", zh, en)
        else:
            yield from _days(f"{path}.{kind}", year, days)
    if all(isinstance(days, Mapping) for days in kinds.values()):
        for day in sorted(told["holidays"].keys() & told["workdays"].keys()):
            zh, en = f"{day} 既放假又上班", f"{day} is both a holiday and a workday"
            yield Finding(f"{path}.workdays.{day}", zh, en)
        if not told["holidays"]:
            zh, en = f"{year} 年没有一天放假", f"{year} has not one holiday"
            yield Finding(f"{path}.holidays", f"{zh},请补齐", f"{en}: complete it")


def _days(path: str, year: str, days: Mapping[str, Any]) -> Iterator[Finding]:
    for day in days:
        try:
            is_right = date.fromisoformat(day).isoformat() == day and day.startswith(year)
        except ValueError:
            is_right = False
        if not is_right:
            zh, en = f"“{day}”不是 {year} 年的日期", f"“{day}” is no day of {year}"
            yield Finding(f"{path}.{day}", zh, en)


def _has_workdays(calendar: Mapping[str, Any]) -> bool:
    years = calendar.get("years")
    told = years.values() if isinstance(years, Mapping) else ()
    return any(isinstance(each, Mapping) and each.get("workdays") for each in told)
