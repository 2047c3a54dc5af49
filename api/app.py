"""The web application: routes, and which refusal is which status code."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import (
    alarm_groups,
    alarm_sources,
    alarm_states,
    alarms,
    archives,
    article_suggestions,
    articles,
    assets,
    assurance_periods,
    batches,
    bookings,
    burn_list,
    cases,
    certificates,
    circuits,
    customers,
    cutovers,
    devices,
    diagrams,
    discrepancies,
    drafts,
    escalations,
    experts,
    faq_pushes,
    flows,
    groups,
    health,
    hot_issues,
    imports,
    inbox,
    incidents,
    inspections,
    leads,
    notices,
    onboarding,
    pages,
    people,
    plan_drills,
    plan_resources,
    plan_runs,
    planned_works,
    plans,
    points,
    policies,
    promises,
    questions,
    remarks,
    reports,
    risks,
    roles,
    runs,
    seals,
    service_orders,
    sign_ins,
    teams,
    tickets,
    time_spent,
    tokens,
    told_first,
    views,
    visit_sheets,
    visits,
    work_orders,
    worklist,
)
from api import history as history_routes
from api.door import Doorkeeper
from api.pages.pages import refuse as refuse_on_page
from api.pages.static import files
from api.problems import MEDIA_TYPE, answer, tell
from api.wire import SizeLimit, Wire
from records import history
from records.database import open_session
from tasks.access.passwords import HASHER, Hasher
from tasks.access.sign_ins import BadToken, NotSignedIn, TooManyTries
from tasks.refusals import Conflict, Forbidden, Invalid, NotAllowed, NotFound, Refusal

ROUTERS = [
    work_orders.router,  # those that are asked most come first: they are looked for in this order
    alarms.router,
    health.router,
    sign_ins.router,
    sign_ins.me,
    tokens.router,
    people.router,
    roles.router,
    groups.router,
    customers.router,
    archives.router,
    imports.router,
    onboarding.router,
    onboarding.auditing,
    imports.exporting,
    circuits.router,
    devices.router,
    alarm_groups.router,
    alarm_states.router,
    plan_drills.router,
    plan_resources.router,
    plan_runs.router,
    planned_works.router,
    plans.router,
    alarm_sources.router,
    discrepancies.router,
    tickets.router,
    promises.router,
    burn_list.router,
    escalations.router,
    time_spent.router,
    batches.router,
    worklist.router,
    views.router,
    visits.router,
    service_orders.router,
    visit_sheets.router,
    bookings.router,
    inspections.router,
    inspections.needing,
    inspections.finding,
    leads.router,
    assurance_periods.router,
    cutovers.router,
    assets.router,
    certificates.router,
    teams.router,
    remarks.router,
    reports.router,
    risks.router,
    told_first.router,
    runs.router,
    incidents.router,
    notices.router,
    inbox.router,
    diagrams.router,
    drafts.router,
    articles.router,
    experts.router,
    faq_pushes.router,
    points.router,
    questions.router,
    cases.router,
    hot_issues.router,
    article_suggestions.router,
    policies.router,
    history_routes.router,
    seals.router,
    flows.router,
]
STATUS: dict[type[Exception], int] = {
    NotSignedIn: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    IntegrityError: 409,
    NotAllowed: 409,
    StaleDataError: 409,
    DataError: 422,
    Invalid: 422,
    RequestValidationError: 422,
    TooManyTries: 429,
    OperationalError: 503,
    PoolTimeout: 503,
    HTTPException: 0,  # its own
}
NOTED = (BadToken, Forbidden)  # refusals that go into history


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    engine: Engine,
    *,
    clock: Callable[[], datetime] = utc_now,
    hasher: Hasher = HASHER,
) -> FastAPI:
    app = FastAPI(
        title="Baton 接力",
        version=version("baton"),
        summary="Workflows of a telecom operator's service for enterprise customers",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.engine, app.state.clock, app.state.hasher = engine, clock, hasher
    app.state.doorkeeper, app.state.status_of = Doorkeeper(), status_of
    for router in [*ROUTERS, *pages.ROUTERS]:
        app.router.routes.extend(router.routes)
    app.mount("/static", files())
    for kind in STATUS:
        app.add_exception_handler(kind, refuse)
    app.add_middleware(SizeLimit)
    app.add_middleware(Wire)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


def refuse(request: Request, error: Exception) -> Response:
    """The answer to an exception of STATUS. The request's own work is rolled back by now."""
    status, told, headers = status_of(error), tell(error), dict[str, str]()
    if isinstance(error, HTTPException):
        headers = dict(error.headers or {})
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = 'Bearer realm="baton"'
    if isinstance(error, TooManyTries):
        headers["Retry-After"] = str(error.facts["seconds"])
    if isinstance(error, StaleDataError):
        told.facts["first"] = who_was_first(request)
    if isinstance(error, Refusal) and isinstance(error, NOTED):
        request.app.state.doorkeeper.note(request, error, request.app.state.clock())
    is_page = not request.url.path.startswith("/api/")
    return (refuse_on_page if is_page else answer)(request, status, told, headers)


def status_of(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    return next(code for kind, code in STATUS.items() if isinstance(error, kind))


def who_was_first(request: Request) -> str | None:
    """Who last changed what the request was about, where the route said what that is."""
    subject = getattr(request.state, "subject", None)
    if subject is None:
        return None
    with open_session(request.app.state.engine, readonly=True) as session:
        entry = history.last(session, subject)
        return entry.by if entry else None


def describe(app: FastAPI) -> dict[str, Any]:
    """OpenAPI, with our ways to sign in and the media type of a problem."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        schema["components"]["securitySchemes"] = {
            "cookie": {"type": "apiKey", "in": "cookie", "name": "baton"},
            "token": {"type": "http", "scheme": "bearer"},
        }
        for path in schema["paths"].values():
            for operation in path.values():
                content = operation["responses"]["default"]["content"]
                content[MEDIA_TYPE] = content.popitem()[1]  # pages refuse in no other way
        app.openapi_schema = schema
    return app.openapi_schema
