"""Alarms of TM Forum's TMF642, version 4: bare ones, and the events that its hub sends."""

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

EVENTS = (
    "AlarmCreateEvent",
    "AlarmStateChangeEvent",
    "AlarmAttributeValueChangeEvent",
    "AlarmChangeEvent",
)
OTHERS = ("AlarmDeleteEvent", "AckAlarms", "UnAckAlarms", "CommentAlarms", "GroupAlarms")


def tell(item: Any, given: Given) -> Report | Sign:
    told = require_object(item)
    if "eventType" not in told:
        return _report(told, given)
    kind = str(told["eventType"])
    if kind in EVENTS:
        event = require_object(told.get("event", {}))
        return _report(require_object(event.get("alarm", event)), given)
    if kind.startswith(OTHERS):
        return Sign("other")
    raise Unreadable(f"不认识事件 {kind}", f"is an event of an unknown kind, {kind}")


def _report(alarm: Mapping[str, Any], given: Given) -> Report:
    severity = severity_of(text_of(alarm, "perceivedSeverity"))
    is_clear = severity == "cleared" or text_of(alarm, "state").lower() == "cleared"
    is_clear = is_clear or bool(text_of(alarm, "alarmClearedTime"))
    at = ("alarmClearedTime", "alarmChangedTime") if is_clear else ()
    times = *at, "alarmRaisedTime", "alarmReportingTime"
    specific = text_of(alarm, "specificProblem")
    return Report(
        source=given.source,
        object=object_of(*_thing(alarm), given),
        cause=cause_of(text_of(alarm, "probableCause") or specific),
        raised_at=read_time(text_of(alarm, *times), given.zone, given.now),
        is_clear=is_clear,
        severity="indeterminate" if severity == "cleared" else severity,
        external_id=text_of(alarm, "externalAlarmId", "id"),
        text=text_of(alarm, "alarmDetails", "specificProblem")[:2_000],
        alarm_type=type_of(text_of(alarm, "alarmType")),
        specific_problem=specific[:200],
        raw=dict(alarm),
    )


def _thing(alarm: Mapping[str, Any]) -> tuple[str, str]:
    """The id of what it is about: "DEVICE" or "DEVICE/part"."""
    thing = alarm.get("alarmedObject")
    told = (
        text_of(thing, "id", "name") if isinstance(thing, dict) else text_of(alarm, "alarmedObject")
    )
    device, _, part = told.partition("/")
    return device, part
