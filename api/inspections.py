"""JSON: inspections of rooms, why they are needed, what was found, and their reports.

Leads: leads.py. Assurance periods and cutovers have files of their own.
"""

from typing import Annotated, Any, Literal

from fastapi import Query
from sqlalchemy import func
from sqlmodel import col, select
from starlette.responses import Response

from api import inspection_papers
from api.deps import Id, Turn, allow, make_router
from api.inspection_shapes import (
    AskGiven,
    Cancellation,
    DayShown,
    FindingFilter,
    FindingShown,
    InspectionFilter,
    InspectionInFull,
    InspectionShown,
    LineShown,
    Looked,
    MeasurementShown,
    NeedFilter,
    NeedShown,
    ResultsGiven,
    Span,
    show_finding,
    show_inspection,
    show_need,
)
from api.once import once
from api.pages import paper
from api.paging import Page, narrow, page
from bpmn import inspections as inspection_runs
from records import Customer, Finding, Inspection, InspectionNeed, Measurement, Site
from tasks.inspections import findings, inspection_reports, needs, results
from tasks.inspections.checklists import wanted
from tasks.refusals import NotFound

router = make_router("inspections")
needing = make_router("inspection-needs")
finding = make_router("findings")
SORTS = {"by_at": (col(Inspection.by_at), col(Inspection.id)), "id": (col(Inspection.id),)}
NEEDS = {"by_at": (col(InspectionNeed.by_at), col(InspectionNeed.id))}
FOUND = {"id": (col(Finding.id),)}


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
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=show_inspection)


@router.post("", status_code=201, summary="A customer wants one")
def ask(given: AskGiven, turn: Turn = allow("inspections:plan")) -> NeedShown:
    """The planner finds the time."""

    def make() -> NeedShown:
        customer = _by_code(turn, Customer, given.customer, "客户", "customer")
        site = _by_code(turn, Site, given.site, "站点", "site")
        told: dict[str, Any] = {"by_at": given.by_at, "by": turn.person, "now": turn.now}
        return show_need(needs.ask(turn.session, customer, site.id, **told))

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
    told = show_inspection(*session.execute(_rows().where(col(Inspection.id) == id)).one())
    measured = session.exec(select(Measurement).where(mine).order_by(col(Measurement.id)))
    return InspectionInFull(
        **told.model_dump(),
        needs=[show_need(each) for each in session.exec(why.order_by(col(InspectionNeed.id)))],
        measurements=[MeasurementShown(**each.model_dump()) for each in measured],
        findings=[show_finding(each) for each in findings.of_inspection(session, row)],
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
    return page(turn.session, rows, asked, sorts=NEEDS, default="by_at", show=show_need)


@finding.get("", summary="What inspections found")
def list_findings(
    asked: Annotated[FindingFilter, Query()], turn: Turn = allow("inspections:read")
) -> Page[FindingShown]:
    names = ("state", "nature", "severity")
    filters = {name: col(getattr(Finding, name)) for name in names}
    rows: Any = narrow(select(Finding), asked, filters | {"customer": col(Finding.customer_id)})
    if asked.due_before:
        rows = rows.where(col(Finding.due_at) <= asked.due_before, col(Finding.fixed_at).is_(None))
    return page(turn.session, rows, asked, sorts=FOUND, default="-id", show=show_finding)


def _rows() -> Any:
    return (
        select(Inspection, Customer.name, Site.name, Site.city)
        .join(Customer, col(Customer.id) == col(Inspection.customer_id))
        .join(Site, col(Site.id) == col(Inspection.site_id))
    )


def _by_code(turn: Turn, table: Any, code: str, zh: str, en: str) -> Any:
    row = turn.session.exec(select(table).where(func.lower(table.code) == code.lower())).first()
    if row is None:
        raise NotFound(f"没有编码为 {code} 的{zh}", f"There is no {en} {code}")
    return row
