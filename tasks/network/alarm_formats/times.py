"""Times as sources write them, made into instants. Called by the readers beside this."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from tasks.network.alarm_formats.reading import Unreadable

LAYOUTS = (  # %z where there is one; else the source's zone
    "%Y-%m-%d,%H:%M:%S.%f,%z",  # Huawei's northbound interface
    "%Y-%m-%d,%H:%M:%S,%z",
    "%Y-%m-%d,%H:%M:%S.%f",
    "%Y-%m-%d,%H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y%m%d%H%M%S",  # of 14 digits only: others are seconds
)
SHORT_ZONE = re.compile(r"([+-])(\d):(\d\d)$")  # +8:0 and +8:00 are +08:00
SHORTER_ZONE = re.compile(r"([+-]\d{1,2}):(\d)$")
OCTETS = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}[ :]?){8}(?:(?:[0-9a-fA-F]{2}[ :]?){3})?)")
MILLISECONDS = 10**11  # a number of seconds would be in the year 5138
YEAR_AGO = timedelta(days=1)  # a date without a year may be so far ahead before it is last year's


def read_time(told: object, zone: str, now: datetime) -> datetime:
    """ISO 8601, seconds or milliseconds since 1970, or how vendors write it. None told: `now`."""
    text = str(told if told is not None else "").strip()
    if not text:
        return now
    found = _iso(text) or _layouts(text) or _octets(text) or _number(text)
    if found is None:
        raise Unreadable(f"时间“{text[:60]}”读不懂", f"the time “{text[:60]}” cannot be read")
    return _instant(found, zone)


def read_short(month_day_time: str, zone: str, now: datetime) -> datetime:
    """ "Jun 18 04:24:32", the time of syslog before RFC 5424: it has no year."""
    here = now.astimezone(ZoneInfo(zone))
    try:
        found = _strptime(f"{here.year} {month_day_time}", "%Y %b %d %H:%M:%S")
        at = _instant(found, zone)
        return _instant(found.replace(year=here.year - 1), zone) if at > now + YEAR_AGO else at
    except ValueError:  # also the 29th of February of a year that has none
        return now


def _instant(found: datetime, zone: str) -> datetime:
    aware = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
    try:
        return aware.astimezone(UTC)
    except (OverflowError, ValueError):  # the year 1 east of Greenwich
        return datetime.min.replace(tzinfo=UTC)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if "-" in text[:5] else None
    except ValueError:
        return None


def _layouts(text: str) -> datetime | None:
    told = SHORTER_ZONE.sub(r"\1:0\2", text)
    told = SHORT_ZONE.sub(r"\g<1>0\2:\3", told)
    if told.isdecimal() and len(told) != 14:
        return None
    for layout in LAYOUTS:
        try:
            return _strptime(told, layout)
        except ValueError:
            continue
    return None


def _octets(text: str) -> datetime | None:
    """DateAndTime of SNMPv2-TC: 8 octets, or 11 with the zone."""
    told = OCTETS.fullmatch(text)
    octets = bytes.fromhex(re.sub("[ :]", "", told[1])) if told else b""
    if len(octets) not in (8, 11):
        return None
    year, (month, day, hour, minute, second, tenth) = int.from_bytes(octets[:2]), octets[2:8]
    try:
        text = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{tenth % 10}00"
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(octets) == 8:
        return found
    sign = -1 if octets[8:9] == b"-" else 1
    return found.replace(
        tzinfo=timezone(sign * timedelta(hours=octets[9] % 24, minutes=octets[10] % 60))
    )


def _strptime(text: str, layout: str) -> datetime:
    return datetime.strptime(text, layout)  # noqa: DTZ007 - the source's zone is put to it later


def _number(text: str) -> datetime | None:
    try:
        seconds = float(text)
        return datetime.fromtimestamp(
            seconds / 1000 if abs(seconds) >= MILLISECONDS else seconds, UTC
        )
    except (ValueError, OverflowError, OSError):
        return None
