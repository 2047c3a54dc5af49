"""The webhook of Prometheus Alertmanager, version 4; and the list of all its alerts."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.network.alarm_formats.names import cause_of, severity_of
from tasks.network.alarm_formats.reading import (
    Given,
    Sign,
    Unreadable,
    load_json,
    object_of,
    require_object,
    text_of,
)
from tasks.network.alarm_formats.times import read_time
from tasks.network.alarm_reports import Report

DEVICE = ("device", "hostname", "node", "host", "sysName", "instance")  # labels, the best first
ALIVE = ("Watchdog", "DeadMansSwitch", "InfoInhibitor")  # alerts that fire while all is well
PART = ("port", "interface", "ifName", "ifDescr")


def items(text: str, _: Given) -> Iterator[Any]:
    """Each alert with its group; and how many alerts of the group Alertmanager cut off."""
    told = load_json(text)
    if isinstance(told, list):
        yield from told
        return
    told = require_object(told)
    if str(told.get("version")) != "4" or not isinstance(told.get("alerts"), list):
        raise Unreadable(
            "不是 Alertmanager 第 4 版的推送:须有 version 4 和 alerts",
            "This is no webhook of Alertmanager version 4: it has version 4 and alerts",
        )
    cut = told.get("truncatedAlerts", 0)
    yield Sign("missing", text_of(told, "groupKey"), cut if isinstance(cut, int) else 0)
    yield from told["alerts"]


def tell(item: Any, given: Given) -> Report | Sign:
    """Labels identify it; the zero `endsAt` of one that fires is no time."""
    alert = require_object(item)
    labels, notes = (require_object(alert.get(name, {})) for name in ("labels", "annotations"))
    name, status = text_of(labels, "alertname"), alert.get("status")
    if name in ALIVE:
        return Sign("heartbeat")
    if isinstance(status, dict):  # in a list, where all are active
        if status.get("state") != "active":  # silenced, inhibited, or not sent yet
            return Sign("there", text_of(alert, "fingerprint"))
        status = "firing"
    is_clear = _is_resolved(status)
    return Report(
        source=given.source,
        object=object_of(_device(labels), text_of(labels, *PART), given),
        cause=cause_of(text_of(labels, "cause", "probableCause") or name),
        raised_at=read_time(alert.get("endsAt" if is_clear else "startsAt"), given.zone, given.now),
        is_clear=is_clear,
        severity=_severity(labels),
        external_id=text_of(alert, "fingerprint"),
        text=text_of(notes, "summary", "description", "message")[:2_000],
        specific_problem=name[:200],
        raw=dict(alert),
    )


def _is_resolved(status: object) -> bool:
    if status not in ("firing", "resolved"):
        raise Unreadable(
            f"status 应为 firing 或 resolved,而非 {status}",
            f"has the status {status}, not firing or resolved",
        )
    return bool(status == "resolved")


def _device(labels: Mapping[str, Any]) -> str:
    """`instance` is HOST:PORT, the port that of the exporter."""
    device = text_of(labels, *DEVICE)
    host, _, port = device.rpartition(":")
    return host if host and port.isdecimal() and device == labels.get("instance") else device


def _severity(labels: Mapping[str, Any]) -> str:
    severity = severity_of(text_of(labels, "severity", "perceivedSeverity"))
    return "indeterminate" if severity == "cleared" else severity
