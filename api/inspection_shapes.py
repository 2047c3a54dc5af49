"""What inspections look like from outside: what is given to their routes, and what these show. Used
by inspections.py.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from api.deps import Given
from api.paging import Asked
from records import Finding, Inspection, InspectionNeed
from tasks.inspections import findings
from tasks.inspections.inspection_states import KINDS, STATES

Kind = Literal["opening", "assurance", "periodic", "request"]
State = Literal["due", "planned", "sent", "inspected", "signed", "reported", "done", "cancelled"]


class InspectionShown(BaseModel):
    id: int
    number: str
    customer_id: int
    customer: str
    site: str
    city: str
    kind: str
    kind_zh: str
    kind_en: str
    room: str
    state: State
    state_zh: str
    state_en: str
    by_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    visit_id: int | None
    run_id: int | None
    inspected_at: datetime | None
    signed_at: datetime | None
    report_by_at: datetime | None
    reported_at: datetime | None
    done_at: datetime | None


class NeedShown(BaseModel):
    id: int
    key: str
    kind: Kind
    cause: str
    customer_id: int
    site_id: int
    from_at: datetime
    by_at: datetime
    state: str
    inspection_id: int | None


class FindingShown(BaseModel):
    id: int
    inspection_id: int
    customer_id: int
    site_id: int
    item: str
    object: str
    what: str
    nature: str
    nature_zh: str
    nature_en: str
    severity: str
    severity_zh: str
    severity_en: str
    action: str
    outcome: str = Field(description="What came of it: ticket:5")
    state: str
    state_zh: str
    state_en: str
    due_at: datetime | None
    found_at: datetime
    mended_by: str
    fixed_at: datetime | None
    fixed_by: str
    note: str


class MeasurementShown(BaseModel):
    item: str
    object: str
    value: float | None
    said: str
    unit: str
    recorded: str
    last: float | None
    verdict: str
    measured_at: datetime


class InspectionInFull(InspectionShown):
    needs: list[NeedShown]
    measurements: list[MeasurementShown]
    findings: list[FindingShown]
    signature: dict[str, Any]
    remarks: dict[str, Any]


class LineShown(BaseModel):
    item: str
    object: str
    zh: str
    en: str
    kind: str
    unit: str
    recorded: str
    first: float | None
    last: float | None


class LineGiven(Given):
    item: str = Field(max_length=100)
    object: str = Field("", max_length=200)
    value: float | None = None
    said: str = Field("", max_length=2_000)


class ResultsGiven(Given):
    measured: list[LineGiven] = Field(max_length=400)


class Looked(BaseModel):
    measured: int
    not_good: list[str]


class DayShown(BaseModel):
    day: str
    planned: int
    sent: int
    held: int


class AskGiven(Given):
    customer: str = Field(max_length=100, description="Its code")
    site: str = Field(max_length=100, description="Its code")
    by_at: AwareDatetime


class Cancellation(Given):
    reason: str = Field(max_length=2_000)


class InspectionFilter(Asked):
    state: State | None = None
    kind: Kind | None = None
    customer: int | None = None
    city: str | None = Field(None, max_length=100)
    since: AwareDatetime | None = Field(None, description="Begins then or later")
    until: AwareDatetime | None = None


class NeedFilter(Asked):
    state: Literal["open", "planned", "met", "missed", "declined", "dropped"] | None = None
    kind: Kind | None = None
    customer: int | None = None


class FindingFilter(Asked):
    state: Literal["open", "mended", "fixed", "dropped"] | None = None
    nature: Literal["danger", "ageing", "data", "need"] | None = None
    severity: Literal["urgent", "major", "minor"] | None = None
    customer: int | None = None
    due_before: AwareDatetime | None = None


class Span(Given):
    since: AwareDatetime
    until: AwareDatetime


def show_inspection(row: Inspection, customer: str, site: str, city: str) -> InspectionShown:
    told = row.model_dump() | {"number": row.number, "customer": customer}
    told |= {"site": site, "city": city}
    told |= dict(zip(("state_zh", "state_en"), STATES[row.state], strict=True))
    return InspectionShown(**told | dict(zip(("kind_zh", "kind_en"), KINDS[row.kind], strict=True)))


def show_need(row: InspectionNeed) -> NeedShown:
    return NeedShown(**row.model_dump())


def show_finding(row: Finding) -> FindingShown:
    names = {"nature": findings.NATURES, "severity": findings.SEVERITIES, "state": findings.STATES}
    told = row.model_dump()
    for key, pairs in names.items():
        told[f"{key}_zh"], told[f"{key}_en"] = pairs[told[key]]
    return FindingShown(**told)
