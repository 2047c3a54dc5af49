"""The JSON objects that an OMC streams: alarmStatus 1 raises, 0 clears; alarmSeq rises by one."""

from collections.abc import Mapping
from typing import Any

from tasks.network.alarm_formats.names import cause_of, severity_of, type_of
from tasks.network.alarm_formats.reading import (
    Given,
    Sign,
    Unreadable,
    object_of,
    require_object,
    text_of,
)
from tasks.network.alarm_formats.times import read_time
from tasks.network.alarm_reports import Report

SEVERITIES = {"1": "critical", "2": "major", "3": "minor", "4": "warning", "0": "indeterminate"}
HEARTBEATS = ("heartbeat", "heartBeat", "reqHeartBeat", "ackHeartBeat")


def tell(item: Any, given: Given) -> Report | Sign:
    told = require_object(item)
    if any(name in told for name in HEARTBEATS) or told.get("msgType") in HEARTBEATS:
        return Sign("heartbeat")
    is_clear, title = _is_clear(told), text_of(told, "alarmTitle")
    status = "clearTime" if is_clear else "eventTime"
    return Report(
        source=given.source,
        object=object_of(_device(told, given), text_of(told, "objectName", "locationInfo"), given),
        cause=cause_of(title or text_of(told, "specificProblem", "specificProblemID")),
        raised_at=read_time(text_of(told, status, "eventTime"), given.zone, given.now),
        is_clear=is_clear,
        severity=severity_of(text_of(told, "origSeverity"), SEVERITIES),
        external_id=text_of(told, "alarmId"),
        text=text_of(told, "specificProblem", "addInfo", "alarmTitle")[:2_000],
        alarm_type=type_of(text_of(told, "alarmType")),
        specific_problem=text_of(told, "specificProblem", "alarmTitle")[:200],
        sequence=_sequence(told),
        raw=dict(told),
    )


def _is_clear(told: Mapping[str, Any]) -> bool:
    status = text_of(told, "alarmStatus")
    if status not in ("0", "1"):
        raise Unreadable(
            f"alarmStatus 应为 1 或 0,而非 {status or '空'}",
            f"has the alarmStatus {status or 'none'}, not 1 or 0",
        )
    return status == "0"


def _device(told: Mapping[str, Any], given: Given) -> str:
    """By the id that our inventory has, where the source's settings say which that is."""
    unit, name = text_of(told, "neUID"), text_of(told, "neName")
    return unit if unit in given.devices or not name else name


def _sequence(told: Mapping[str, Any]) -> int | None:
    sequence = told.get("alarmSeq")
    if isinstance(sequence, str) and sequence.isdecimal():
        sequence = int(sequence)
    return sequence if isinstance(sequence, int) and 0 <= sequence < 2**63 else None
