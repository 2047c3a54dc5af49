"""Alarms as CSV: alarm_id, device_id, start_timestamp, end_timestamp, as public traces have them;
or with columns of Baton's own names. A line with an end later than its start is over already.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.network.alarm_formats.names import cause_of, severity_of, type_of
from tasks.network.alarm_formats.reading import Given, Unreadable, object_of, text_of
from tasks.network.alarm_formats.times import read_time
from tasks.network.alarm_reports import Report

WANTED = (("device_id", "object", "device"), ("alarm_id", "cause"))


def items(text: str, _: Given) -> Iterator[Any]:
    """Each line once for its start and, if it has ended, once for its end."""
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    if not all(set(names) & set(reader.fieldnames or ()) for names in WANTED):
        raise Unreadable(
            "首行须有列名 device_id、alarm_id、start_timestamp",
            "The first line has to name the columns device_id, alarm_id, start_timestamp",
        )
    try:
        for row in reader:
            if None in row:
                yield Unreadable("列数不对", "has too many columns")
                continue
            yield row
            if text_of(row, "end_timestamp", "cleared_at") and _has_ended(row):
                yield {**row, "is_clear": True}
    except csv.Error as error:
        raise Unreadable(
            f"第 {reader.line_num} 行不是 CSV", f"Line {reader.line_num} is not CSV: {error}"
        ) from error


def tell(item: Any, given: Given) -> Report:
    row: Mapping[str, Any] = item
    is_clear = bool(row.get("is_clear"))
    starts, ends = ("start_timestamp", "raised_at"), ("end_timestamp", "cleared_at")
    device, _, part = text_of(row, *WANTED[0]).partition("/")
    at = text_of(row, *(ends if is_clear else starts))
    return Report(
        source=given.source,
        object=object_of(device, part, given),
        cause=cause_of(text_of(row, *WANTED[1])),
        raised_at=read_time(at, given.zone, given.now),
        is_clear=is_clear,
        severity=severity_of(text_of(row, "severity")),
        external_id=text_of(row, "external_id"),
        text=text_of(row, "text")[:2_000],
        alarm_type=type_of(text_of(row, "alarm_type")),
        specific_problem=text_of(row, "specific_problem")[:200],
        raw={name: value for name, value in row.items() if name != "is_clear"},
    )


def _has_ended(row: Mapping[str, Any]) -> bool:
    return text_of(row, "end_timestamp", "cleared_at") != text_of(
        row, "start_timestamp", "raised_at"
    )
