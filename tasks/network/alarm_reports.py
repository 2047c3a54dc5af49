"""What a source says of an alarm, brought to one form, and what of it could not be kept.

Made by alarm_formats/ and by the doors; kept by alarms.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.refusals import Invalid

SEVERITIES = ("critical", "major", "minor", "warning", "indeterminate")  # X.733, without cleared
FUTURE = timedelta(minutes=10)  # how far a source's clock may be ahead of ours
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # what began before is a slip, or a clock not set
MOST = 1_000  # alarms in one batch


@dataclass(frozen=True)
class Report:
    """What a source says: something is wrong with an object, or no longer."""

    source: str
    object: str
    cause: str
    raised_at: datetime
    is_clear: bool = False
    severity: str = "major"
    external_id: str = ""
    text: str = ""
    raw: dict[str, Any] = field(default_factory=dict)
    alarm_type: str = ""
    specific_problem: str = ""
    sequence: int | None = None  # the source's number of this message
    receipt_id: int | None = None  # the delivery that it came in, if it may come again

    @property
    def key(self) -> str:
        """The source's own id of the alarm; without one, what is wrong with which object."""
        if self.external_id:
            return f"{self.source}|#{self.external_id}"
        return f"{self.source}|{self.object}|{self.cause}"


def check_reports(reports: Sequence[Report], *, now: datetime) -> None:
    if not 0 < len(reports) <= MOST:
        raise Invalid(f"一批须有 1 到 {MOST} 条告警", f"A batch has 1 to {MOST} alarms")
    fields = [
        {"field": f"{place}.{name}", "zh": zh, "en": en}
        for place, report in enumerate(reports)
        for name, zh, en in wrong_fields(report, now)
    ]
    if fields:
        raise Invalid("请更正告警中的这些项", "Please correct these fields", fields=fields)


def wrong_fields(report: Report, now: datetime) -> Iterable[tuple[str, str, str]]:
    """What could not be kept: field, Chinese, English."""
    for name in ("source", "object", "cause"):
        value = getattr(report, name)
        if not 0 < len(value.strip()) <= 200:
            yield name, "须有 1 到 200 个字", "must have 1 to 200 characters"
    if "|" in report.source:  # it parts a key
        yield "source", "不能有 |", "has no |"
    if report.severity not in SEVERITIES:
        known = ", ".join(SEVERITIES)
        yield "severity", f"应为 {known} 之一", f"must be one of {known}"
    if report.raised_at > now + FUTURE:
        yield "raised_at", "时间在未来,请核对设备时钟", "is in the future: check the source's clock"
    if report.raised_at < EARLIEST:
        yield "raised_at", "时间过早,请核对设备时钟", "is too long ago: check the source's clock"
    if len(report.external_id) > 200:
        yield "external_id", "最多 200 个字", "has at most 200 characters"
