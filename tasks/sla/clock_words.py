"""How a clock explains itself: each line of the arithmetic, in Chinese and English. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from tasks.sla.calendars import Calendar
from tasks.sla.clock_courses import Course, Cycle, Sums
from tasks.sla.clock_definitions import HEARD, KINDS

Line = dict[str, str]
Reasons = Mapping[str, Mapping[str, str]]  # why a ticket may be suspended: zh, en
VERSIONS = {0: ("随附版本", "as shipped")}


def arithmetic(course: Course, cycle: Cycle, due: datetime | None, reasons: Reasons) -> list[Line]:
    """Start, limit, allowances, postponements, pauses, what they come to, and what came of it."""
    sums, calendar = course.sums(cycle), course.calendar_at(cycle.ended_at)
    if sums is None:
        return []
    return [
        *_start(course, cycle, calendar),
        *_limit(course, sums, calendar),
        *_pauses(course, cycle, calendar, reasons),
        _due(due, calendar),
        *_end(course, cycle, sums, calendar),
        *_gaps(course, cycle, due, calendar),
    ]


def _start(course: Course, cycle: Cycle, calendar: Calendar) -> Iterator[Line]:
    of, number = course.definition, course.definition.number
    zh, en = VERSIONS.get(number, (f"第 {number} 版", f"version {number}"))
    yield line(
        f"{of.zh}({KINDS[of.kind]}),定义{zh}",
        f"{of.en} ({of.kind}), definition {en}",
    )
    at = _clock(cycle.started_at, calendar)
    zh, en = f"{at} 起算({HEARD.get(cycle.why, cycle.why)})", f"starts {at} ({cycle.why})"
    yield line(f"第 {cycle.number} 次,{zh}", f"{en}, cycle {cycle.number}")


def _limit(course: Course, sums: Sums, calendar: Calendar) -> Iterator[Line]:
    number = calendar.number
    zh, en = VERSIONS.get(number, (f"第 {number} 版", f"version {number}"))
    by_zh, by_en = f"按“{calendar.zh}”日历({zh})", f"by calendar {calendar.key} ({en})"
    if course.definition.unit == "working_days":
        yield line(
            f"+ {sums.number:g} 个工作日,{by_zh},折合 {_length(sums.base)}",
            f"+ {sums.number:g} working days {by_en}, which is {_length(sums.base)}",
        )
    else:
        yield line(f"+ {sums.number:g} 分钟,{by_zh}", f"+ {sums.number:g} min {by_en}")
    for key, more in sums.allowances:
        name = "路程" if key == "travel" else key
        yield line(f"+ {more / 60:g} 分钟{name}宽限", f"+ {more / 60:g} min allowance for {key}")
    for at, more, reason in sums.lengthened:
        when = _clock(at, calendar)
        yield line(
            f"+ 延期 {_length(more)}({when} 批准:{reason})",
            f"+ postponed {_length(more)} (on {when}: {reason})",
        )


def _pauses(course: Course, cycle: Cycle, calendar: Calendar, reasons: Reasons) -> Iterator[Line]:
    for pause in course.pauses_of(cycle):
        since, why = _clock(pause.started_at, calendar), name_reason(reasons, pause.reason)
        if pause.ended_at is None:
            yield line(
                f"+ 挂起,自 {since} 起({why['zh']})", f"+ suspended since {since} ({why['en']})"
            )
        else:
            counted = _length(calendar.between(pause.started_at, pause.ended_at))
            until = _clock(pause.ended_at, calendar)
            yield line(
                f"+ 挂起 {counted}({since} 至 {until},{why['zh']})",
                f"+ suspended {counted} ({since} to {until}, {why['en']})",
            )


def _due(due: datetime | None, calendar: Calendar) -> Line:
    if due is None:
        return line("= 挂起中,解挂后才有到期时间", "= suspended: due once it goes on")
    at = _clock(due, calendar)
    return line(f"= {at} 到期", f"= due {at}")


def _end(course: Course, cycle: Cycle, sums: Sums, calendar: Calendar) -> Iterator[Line]:
    """What came of a cycle that is over."""
    if cycle.ended_at is None:
        return
    at, left = (
        _clock(cycle.ended_at, calendar),
        sums.seconds - course.elapsed(cycle, cycle.ended_at),
    )
    if cycle.is_cancelled:
        yield line(f"{at} 取消,不再计时", f"cancelled {at}: it counts no more")
    elif left < 0:
        yield line(f"{at} 停止,超时 {_length(-left)}", f"stopped {at}, {_length(-left)} late")
    else:
        yield line(f"{at} 停止,剩余 {_length(left)}", f"stopped {at}, {_length(left)} left")


def _gaps(course: Course, cycle: Cycle, due: datetime | None, calendar: Calendar) -> Iterator[Line]:
    """What the calendar does not know yet."""
    last = max(due or cycle.started_at, cycle.started_at)
    if not calendar.covers(last) or not calendar.covers(cycle.started_at):
        yield line(
            f"注意:日历“{calendar.zh}”到 {calendar.last} 为止,之后只按星期计,请延长日历",
            f"note: calendar {calendar.key} ends {calendar.last}: beyond, weekdays alone count;"
            " extend it",
        )
    elif calendar.is_provisional(last):
        year = last.astimezone(calendar.zone).year
        yield line(
            f"注意:{year} 年的调休尚未公布,公布后请更新日历",
            f"note: the make-up workdays of {year} are not announced yet: update the calendar",
        )


def name_reason(reasons: Reasons, key: str) -> Line:
    """A reason that is in no policy is told as it was given."""
    named = reasons.get(key, {})
    return line(named.get("zh", key), named.get("en", key))


def line(zh: str, en: str) -> Line:
    return {"zh": zh, "en": en}


def _clock(at: datetime, calendar: Calendar) -> str:
    return f"{at.astimezone(calendar.zone):%Y-%m-%d %H:%M:%S}".removesuffix(":00")


def _length(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}" + (f":{left:02}" if left else "")
