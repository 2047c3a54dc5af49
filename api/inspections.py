"""JSON: inspections of rooms, why they are needed, what was found, and their reports.

Leads: leads.py. Assurance periods and cutovers have files of their own.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import func
from sqlmodel import col, select
from starlette.responses import Response

from api import inspection_papers
from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.pages import paper
from api.paging import Asked, Page, narrow, page
from bpmn import inspections as inspection_runs
from records import Customer, Finding, Inspection, InspectionNeed, Measurement, Site
from tasks.inspections import findings, inspection_reports, needs, results
from tasks.inspections.checklists import wanted
from tasks.inspections.inspection_states import KINDS, STATES
from tasks.refusals import NotFound

router = make_router("inspections")
needing = make_router("inspection-needs")
finding = make_router("findings")
SORTS = {"by_at": (col(Inspection.by_at), col(Inspection.id)), "id": (col(Inspection.id),)}
NEEDS = {"by_at": (col(InspectionNeed.by_at), col(InspectionNeed.id))}
FOUND = {"id": (col(Finding.id),)}
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


@router.get("", summary="Inspections, planned and held")
def index(
    asked: Annotated[InspectionFilter, Query()], turn: Turn = allow("inspections:read")
) -> Page[InspectionShown]:
    filters: dict[str, Any] = {"state": col(Inspection.state), "kind": col(Inspection.kind)}
    filters |= {"customer": col(Inspection.customer_id), "city": col(Site.city)}
    rows: Any = narrow(_rows(), asked, filters)
    if asked.since:
        rows = rows.where(col(Inspection.starts_at) >= asked.since)
    if asked.until:
        rows = rows.where(col(Inspection.starts_at) < asked.until)
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=_show)


@router.post("", status_code=201, summary="A customer wants one")
def ask(given: AskGiven, turn: Turn = allow("inspections:plan")) -> NeedShown:
    """The planner finds the time."""

    def make() -> NeedShown:
        customer = _by_code(turn, Customer, given.customer, "客户", "customer")
        site = _by_code(turn, Site, given.site, "站点", "site")
        told: dict[str, Any] = {"by_at": given.by_at, "by": turn.person, "now": turn.now}
        return _show_need(needs.ask(turn.session, customer, site.id, **told))

    return once(turn, make)


@router.get("/plan", summary="How many each day, in a span of 100 days at most")
def plan(asked: Annotated[Span, Query()], turn: Turn = allow("inspections:read")) -> list[DayShown]:
    """Days are those of Shanghai, as the crews'."""
    rows = select(Inspection.starts_at, Inspection.state).where(
        col(Inspection.starts_at).between(asked.since, asked.until),
        Inspection.state != "cancelled",
    )
    days: dict[str, dict[str, int]] = {}
    for at, state in turn.session.exec(rows.limit(100_000)):
        told = days.setdefault(paper.day(at), {"planned": 0, "sent": 0, "held": 0})  # type: ignore[arg-type]
        told[state if state in told else "held"] += 1
    return [DayShown(day=day, **told) for day, told in sorted(days.items())]


@router.get("/{id}", summary="One, with what was measured and found")
def show(id: Id, turn: Turn = allow("inspections:read")) -> InspectionInFull:
    row = turn.find(Inspection, id)
    session, mine = turn.session, col(Measurement.inspection_id) == id
    why = select(InspectionNeed).where(InspectionNeed.inspection_id == id)
    told = _show(*session.execute(_rows().where(col(Inspection.id) == id)).one())
    measured = session.exec(select(Measurement).where(mine).order_by(col(Measurement.id)))
    return InspectionInFull(
        **told.model_dump(),
        needs=[_show_need(each) for each in session.exec(why.order_by(col(InspectionNeed.id)))],
        measurements=[MeasurementShown(**each.model_dump()) for each in measured],
        findings=[_show_finding(each) for each in findings.of_inspection(session, row)],
        signature=row.signature,
        remarks=row.remarks,
    )


@router.get("/{id}/checklist", summary="What to measure there, beside the record and the last time")
def checklist(id: Id, turn: Turn = allow("inspections:read")) -> list[LineShown]:
    return [
        LineShown(
            item=one.item, object=one.object, zh=one.rule["zh"], en=one.rule["en"],
            kind=one.rule["kind"], unit=one.rule.get("unit", ""), recorded=one.recorded,
            first=one.first, last=one.last,
        )
        for one in wanted(turn.session, turn.find(Inspection, id))
    ]  # fmt: skip


@router.post("/{id}/check", summary="Is everything measured? Keeps nothing")
def check(
    id: Id, given: ResultsGiven, turn: Turn = allow("work-orders:advance", readonly=True)
) -> Looked:
    told = given.model_dump()
    lines = results.check(turn.session, turn.find(Inspection, id), told)
    bad = [f"{line.one.item} {line.one.object}".strip() for line in lines if line.verdict != "good"]
    return Looked(measured=len(lines), not_good=bad)


@router.post("/{id}/cancellation", summary="Nobody goes there")
def cancel(id: Id, given: Cancellation, turn: Turn = allow("inspections:plan")) -> InspectionInFull:
    told: dict[str, Any] = {"reason": given.reason, "by": turn.person.login, "now": turn.now}
    inspection_runs.call_off(turn.session, turn.find(Inspection, id), **told)
    turn.session.flush()
    return show(id, turn)


@router.get("/{id}/report", summary="The report as a page, or with ?as=pdf as a file")
def report(
    id: Id,
    turn: Turn = allow("inspections:read"),
    as_: Annotated[Literal["html", "pdf"], Query(alias="as")] = "html",
) -> Response:
    """409 until all is measured and the customer has signed."""
    row = turn.find(Inspection, id)
    told = inspection_reports.report_of(turn.session, row)
    if as_ == "html":
        return paper.draw(turn.request, "inspections/report.html", told)
    file = inspection_papers.write(told, paper.spoken(turn.request))
    headers = {"Content-Disposition": f'attachment; filename="{row.number}.pdf"'}
    return Response(file, media_type="application/pdf", headers=headers)


@needing.get("", summary="Why rooms are inspected, and until when")
def list_needs(
    asked: Annotated[NeedFilter, Query()], turn: Turn = allow("inspections:read")
) -> Page[NeedShown]:
    filters: dict[str, Any] = {"state": col(InspectionNeed.state), "kind": col(InspectionNeed.kind)}
    filters |= {"customer": col(InspectionNeed.customer_id)}
    rows = narrow(select(InspectionNeed), asked, filters)
    return page(turn.session, rows, asked, sorts=NEEDS, default="by_at", show=_show_need)


@finding.get("", summary="What inspections found")
def list_findings(
    asked: Annotated[FindingFilter, Query()], turn: Turn = allow("inspections:read")
) -> Page[FindingShown]:
    names = ("state", "nature", "severity")
    filters = {name: col(getattr(Finding, name)) for name in names}
    rows: Any = narrow(select(Finding), asked, filters | {"customer": col(Finding.customer_id)})
    if asked.due_before:
        rows = rows.where(col(Finding.due_at) <= asked.due_before, col(Finding.fixed_at).is_(None))
    return page(turn.session, rows, asked, sorts=FOUND, default="-id", show=_show_finding)


def _rows() -> Any:
    return (
        select(Inspection, Customer.name, Site.name, Site.city)
        .join(Customer, col(Customer.id) == col(Inspection.customer_id))
        .join(Site, col(Site.id) == col(Inspection.site_id))
    )


def _show(row: Inspection, customer: str, site: str, city: str) -> InspectionShown:
    told = row.model_dump() | {"number": row.number, "customer": customer}
    told |= {"site": site, "city": city}
    told |= dict(zip(("state_zh", "state_en"), STATES[row.state], strict=True))
    return InspectionShown(**told | dict(zip(("kind_zh", "kind_en"), KINDS[row.kind], strict=True)))


def _show_need(row: InspectionNeed) -> NeedShown:
    return NeedShown(**row.model_dump())


def _show_finding(row: Finding) -> FindingShown:
    names = {"nature": findings.NATURES, "severity": findings.SEVERITIES, "state": findings.STATES}
    told = row.model_dump()
    for key, pairs in names.items():
        told[f"{key}_zh"], told[f"{key}_en"] = pairs[told[key]]
    return FindingShown(**told)


def _by_code(turn: Turn, table: Any, code: str, zh: str, en: str) -> Any:
    row = turn.session.exec(select(table).where(func.lower(table.code) == code.lower())).first()
    if row is None:
        raise NotFound(f"没有编码为 {code} 的{zh}", f"There is no {en} {code}")
    return row
