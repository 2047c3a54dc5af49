"""Lines of syslog: RFC 5424 with the alarm of RFC 5674 in its structured data, and vendors' lines,
whose patterns are the policy “syslog”. A line that is no alarm is none; the delivery keeps it.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from records.policies import Policed
from tasks.network.alarm_formats.mappings import mappings_of
from tasks.network.alarm_formats.names import cause_of, severity_of, type_of
from tasks.network.alarm_formats.reading import Given, Sign, Unreadable, object_of
from tasks.network.alarm_formats.times import read_short, read_time
from tasks.network.alarm_reports import Report
from tasks.network.mapping_checks import as_filter

LONGEST, SEARCHED = 65_536, 4_096  # characters of a line; of these, what patterns look at
FRAMED = re.compile(r"\d{1,5} (?=<\d{1,3}>)")  # octet counting of RFC 6587
HEAD = re.compile(r"<(?P<pri>\d{1,3})>1 (?P<at>\S+) (?P<host>\S+) (?P<app>\S+) \S+ \S+ ?")
ELEMENT = re.compile(r'\[(?P<id>[^ =\]"]+)(?P<told>(?: [^ =\]"]+="(?:[^"\\\]]|\\.)*")*)\]')
PARAMETER = re.compile(r' ([^ =\]"]+)="((?:[^"\\\]]|\\.)*)"')
OLD = re.compile(
    r"(?:<(?P<pri>\d{1,3})>)?(?P<at>[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d)\S* "
    r"(?P<host>\S+) "
)
DOWN = ("DOWN", "IDLE", "CONNECT", "ACTIVE")  # states of links, and of a BGP peer that is lost
CAUSES = {  # IANAItuProbableCause, where a number is told
    "1": "alarmIndicationSignal", "3": "degradedSignal", "4": "remoteDefectIndication",
    "5": "lossOfFrame", "6": "lossOfFrame", "7": "lossOfPointer", "8": "lossOfSignal",
    "10": "transmissionError", "11": "remoteDefectIndication", "12": "excessiveBER",
}  # fmt: skip


def items(text: str, _: Given) -> Iterator[str]:
    for line in text.replace("\N{BYTE ORDER MARK}", "").splitlines():
        if line.strip():
            yield FRAMED.sub("", line.strip(), count=1)[:LONGEST]


def tell(item: Any, given: Given) -> Report | Sign:
    line: str = item
    head = HEAD.match(line)
    if head is None:
        return _vendor(line, given) or Sign("other")
    elements, message = _structured(line[head.end() :])
    at = read_time("" if head["at"] == "-" else head["at"], given.zone, given.now)
    if "alarm" not in elements:
        told = _vendor(line, given, head["host"], at)
        return told or Sign("other")
    alarm = elements["alarm"]
    severity = severity_of(alarm.get("perceivedSeverity", ""))
    cause = alarm.get("probableCause", "")
    device, _, part = alarm.get("resource", "").partition("/")
    return Report(
        source=given.source,
        object=object_of(*_thing(head["host"], device, part), given),
        cause=cause_of(CAUSES.get(cause, cause)),
        raised_at=at,
        is_clear=severity == "cleared",
        severity="indeterminate" if severity == "cleared" else severity,
        text=message[:2_000],
        alarm_type=type_of(alarm.get("eventType", "")),
        specific_problem=head["app"][:200],
        raw={"line": line, **elements},
    )


def _thing(host: str, device: str, part: str) -> tuple[str, str]:
    """The resource names the device and its part; one without a slash is a part of the host."""
    if part or host == "-":
        return device, part
    return host, device


def _structured(text: str) -> tuple[dict[str, dict[str, str]], str]:
    """Elements by their name, without an enterprise number; and the message after them."""
    if text.startswith("-"):
        return {}, text[1:].strip()
    elements, place = {}, 0
    while found := ELEMENT.match(text, place):
        told = {name: re.sub(r'\\(["\\\]])', r"\1", value) for name, value in _of(found)}
        elements[found["id"].partition("@")[0]] = told
        place = found.end()
    if not elements:
        raise Unreadable("结构化数据读不懂", "has structured data that cannot be read")
    return elements, text[place:].strip()


def _of(found: re.Match[str]) -> list[tuple[str, str]]:
    return PARAMETER.findall(found["told"])


def _vendor(line: str, given: Given, host: str = "", at: Any = None) -> Report | None:
    old = OLD.match(line)
    if old:
        host, at = old["host"], _old_time(old["at"], given)
    told = _match(line, mappings_of("syslog", given), given.mapping)
    if told is None:
        return None
    found, cause = told
    parts = found.groupdict()
    state = (parts.get("state") or "down").upper()
    return Report(
        source=given.source,
        object=object_of(host, parts.get("part") or "", given),
        cause=cause,
        raised_at=at or given.now,
        is_clear=state not in DOWN,
        severity=_severity(line),
        text=line[old.end() if old else 0 :][:2_000],
        alarm_type="communicationsAlarm",
        raw={"line": line},
    )


def _match(line: str, known: Policed, wanted: str) -> tuple[re.Match[str], str] | None:
    searched = line[:SEARCHED]
    for is_there, pattern, cause in _patterns(known, wanted):
        if is_there(searched) and (found := pattern.search(searched)):
            return found, cause
    return None


@lru_cache(maxsize=200)
def _patterns(
    known: Policed, wanted: str
) -> list[tuple[Callable[[str], bool], re.Pattern[str], str]]:
    """Each behind a filter whose time grows with the line only: few lines are anybody's."""
    chosen = [one for name, one in known.content.items() if wanted in ("", name)]
    return [
        (as_filter(each["match"]).is_valid, re.compile(each["match"], re.IGNORECASE), each["cause"])
        for one in chosen
        for each in one["patterns"]
    ]


def _severity(line: str) -> str:
    """Vendors' own levels say how loud a line is; a link that is down is major at least."""
    head = re.match(r"<(\d{1,3})>", line)
    return "critical" if head and int(head[1]) % 8 <= 2 else "major"


def _old_time(told: str, given: Given) -> Any:
    words = told.split()
    if len(words) == 4:  # with a year, as VRP may be told to write it
        month, day, year, time = words
        at = read_short(f"{month} {day} {time}", given.zone, given.now)
        return at.replace(year=int(year))
    return read_short(" ".join(words), given.zone, given.now)
