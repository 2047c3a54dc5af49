"""How each kind of source tells its alarms, all brought to one form: tasks.network.alarms.Report.

One module for each kind, pure: text in, reports out. Called by tasks/network/receipts.py.
"""

import logging
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

import orjson

from tasks.network.alarm_formats import alertmanager, csv_lines, omc, snmp, syslog, tmf642
from tasks.network.alarm_formats.reading import (
    MOST,
    Given,
    Items,
    Parsed,
    Sign,
    Tell,
    Unreadable,
    decode,
    load_objects,
)
from tasks.network.alarm_reports import EARLIEST, FUTURE, Report, wrong_fields

FORMATS: dict[str, tuple[Items, Tell]] = {  # how to find the items, how to read one
    "alertmanager": (alertmanager.items, alertmanager.tell),
    "tmf642": (load_objects, tmf642.tell),
    "omc": (load_objects, omc.tell),
    "snmp": (load_objects, snmp.tell),
    "syslog": (syslog.items, syslog.tell),
    "csv": (csv_lines.items, csv_lines.tell),
}
SHOWN = 5  # alarms that could not be read, told one by one
log = logging.getLogger(__name__)


def parse(kind: str, body: bytes, charset: str, given: Given) -> Parsed:
    """Never raises. An empty delivery is a sign of life."""
    parsed, (find, tell) = Parsed(), FORMATS[kind]
    if not body.strip():
        parsed.signs.append(Sign("heartbeat"))
        return parsed
    try:
        given = replace(given, charset=charset)
        found = list(islice(find(decode(body, charset), given), MOST + 1))
        if len(found) > MOST:
            raise Unreadable(f"一次超过 {MOST} 条", f"More than {MOST} alarms at once")
        _read_all(parsed, found, tell, given)
    except Unreadable as error:
        parsed.refusal = error.zh, error.en
    except Exception as error:  # a fault of ours must not keep the deliveries behind it waiting
        log.exception("a delivery of kind %s broke its reader", kind)
        name = type(error).__name__
        parsed.refusal = f"读的时候出错({name}),请告知管理员", f"Reading it broke ({name}): tell us"
    return parsed


def _read_all(parsed: Parsed, found: list[object], tell: Tell, given: Given) -> None:
    wrong: list[tuple[int, str, str]] = []
    for place, item in enumerate(found, 1):
        try:
            if isinstance(item, Unreadable):
                raise item
            _add(parsed, item if isinstance(item, Sign) else tell(item, given), given)
        except Unreadable as error:
            wrong.append((place, error.zh, error.en))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            name = type(error).__name__
            wrong.append((place, f"读不懂({name})", f"cannot be read ({name})"))
    if wrong:
        parsed.refusal = _refusal(wrong, len(parsed.reports))


def _add(parsed: Parsed, told: Report | Sign, given: Given) -> None:
    if isinstance(told, Sign):
        parsed.signs.append(told)
        return
    told = replace(told, receipt_id=given.receipt_id, raw=_storable(told.raw))
    report = _set_right(told, given.now)
    wrong = next(iter(wrong_fields(report, given.now)), None)
    if wrong:
        name, zh, en = wrong
        raise Unreadable(f"{name} {zh}", f"{name} {en}")
    if not told.is_clear and told.raised_at >= EARLIEST:
        parsed.skews.append((given.now - told.raised_at).total_seconds())
    parsed.reports.append(report)


def _storable(raw: dict[str, Any]) -> dict[str, Any]:
    """What is nested beyond all reason must not cost the alarm, nor those beside it."""
    try:
        orjson.dumps(raw)
    except (TypeError, RecursionError):
        return {"left_out": sorted(raw)[:100]}
    return raw


def _set_right(report: Report, now: datetime) -> Report:
    """A time that cannot be is taken for the time of receipt, and noted."""
    if EARLIEST <= report.raised_at <= now + FUTURE:
        return report
    raw = {**report.raw, "told_at": report.raised_at.isoformat()}
    return replace(report, raised_at=now, raw=raw)


def _refusal(wrong: list[tuple[int, str, str]], kept: int) -> tuple[str, str]:
    zh = ";".join(f"第 {place} 条{why}" for place, why, _ in wrong[:SHOWN])
    en = "; ".join(f"item {place} {why}" for place, _, why in wrong[:SHOWN])
    return (
        f"{len(wrong)} 条读不懂,{kept} 条已收下:{zh}。请更正后重放",
        f"{len(wrong)} cannot be read, {kept} are kept: {en}. Correct it and replay",
    )
