"""JSON: emergency plans. A publication, a review, a withdrawal are created on one."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from bpmn import plans as published
from records import Circuit, Plan, PlanCircuit, PlanVersion
from tasks.faults.intake import find_circuit
from tasks.plans import cases, plans

router = make_router("plans")
SORTS = {"id": (col(Plan.id),), "key": (col(Plan.key),)}
VERSION_SORTS = {"id": (col(PlanVersion.id),)}
CIRCUIT_SORTS = {"circuit_id": (col(PlanCircuit.circuit_id),)}
FILTERS = {"state": col(Plan.state), "owner": col(Plan.owner)}
Name = Annotated[str, Field(max_length=100)]
State = Literal["draft", "published", "withdrawn"]


class Party(Given):
    """Who takes part: what they do, and what they may do."""

    key: str = Field(max_length=60, examples=["field"])
    zh: Name = Field(examples=["外线班组"])
    en: Name = Field("", examples=["Field crew"])
    group: Name = Field("", description="The key of a group", examples=["field"])
    people: int = Field(2, ge=1, le=50, description="How many of it are called at once")
    duties: list[str] = Field([], max_length=30, examples=[["到场、熔接"]])
    duties_en: list[str] = Field([], max_length=30)
    powers: list[Name] = Field(
        [], max_length=30, description="Keys of the policy “plans”", examples=[["enter"]]
    )


class Need(Given):
    kind: Name = Field(examples=["otdr"])
    quantity: int = Field(ge=1, le=1_000_000)
    place: Literal["city", "any"] = Field(
        "city", description="In the city of the fault, or anywhere"
    )


class Times(Given):
    """Minutes."""

    confirm: int | None = Field(None, ge=1, le=1_440, description="Until it is confirmed")
    ack: int | None = Field(None, ge=1, le=1_440, description="Until a call is answered")
    note: int | None = Field(None, ge=5, le=1_440, description="Between two situation notes")
    inform: int | None = Field(None, ge=5, le=1_440, description="Longest without telling")
    restore: int | None = Field(None, ge=5, le=43_200, description="Until the service is back")


class PlanGiven(Given):
    title: str | None = None
    title_en: str | None = None
    purpose: str | None = None
    purpose_en: str | None = None
    table: Name | None = Field(None, description="Activation criteria: a decision of its diagram")
    diagram: Name | None = Field(None, description="The flow with its key nodes")
    parties: list[Party] | None = Field(None, max_length=30, description="Duties and powers")
    resources: list[Need] | None = Field(None, max_length=60)
    times: Times | None = None


class NewPlan(PlanGiven):
    key: str = Field(max_length=60, examples=["cable_cut"])


class PlanChange(PlanGiven):
    owner: str | None = Field(None, max_length=40)


class PlanShown(BaseModel):
    key: str
    title: str
    title_en: str
    state: State
    owner: str
    version: int = Field(description="The one that counts; 0: none yet")
    published_at: datetime | None
    review_at: datetime | None
    drill_at: datetime | None
    drilled_at: datetime | None


class PlanInFull(PlanShown):
    content: dict[str, Any] = Field(description="As it counts; texts are plain")
    draft: dict[str, Any] | None = Field(description="What its next version changes")
    nodes: list[dict[str, Any]] = Field(description="Key nodes, minutes from the activation")
    lacks: list[dict[str, str]] = Field(description="Why it could not be published now")
    is_diagram_newer: bool = Field(
        description="Its diagram was published anew: publish it to use that"
    )


class PlanVersionShown(BaseModel):
    number: int
    content: dict[str, Any]
    nodes: list[dict[str, Any]]
    version_id: int = Field(description="Of the diagrams that it runs by")
    published_at: datetime
    published_by: str
    reason: str


class Fired(BaseModel):
    table: str
    name: str
    rows: list[int] = Field(description="From 1")
    notes: list[str]
    inputs: dict[str, Any]
    result: Any


class CircuitShown(BaseModel):
    circuit: str
    note: str
    added_by: str
    added_at: datetime


class Asking(Given):
    case: dict[str, Any] = Field(examples=[{"impact": "outage", "circuits": 12}])


class Reason(Given):
    reason: str = Field(min_length=1, max_length=2_000)


class Note(Given):
    note: str = Field(min_length=1, max_length=2_000)


class CircuitGiven(Given):
    note: str = Field("", max_length=2_000, description="What helps there: another way, a spare")


class PlanFilter(Asked):
    state: State | None = None
    owner: str | None = Field(None, max_length=40)


@router.get("")
def index(
    asked: Annotated[PlanFilter, Query()], turn: Turn = allow("plans:read")
) -> Page[PlanShown]:
    rows = narrow(select(Plan), asked, FILTERS)
    return page(turn.session, rows, asked, sorts=SORTS, default="key", show=_show)


@router.post("", status_code=201)
def write(given: NewPlan, turn: Turn = allow("plans:write")) -> PlanInFull:
    """A draft; what it lacks is told, and may come later."""

    def make() -> PlanInFull:
        told = _told(given)
        key = told.pop("key")
        return _in_full(turn, plans.write(turn.session, key, told, by=turn.person, now=turn.now))

    return once(turn, make)


@router.get("/{key}")
def show(key: str, turn: Turn = allow("plans:read")) -> PlanInFull:
    return _in_full(turn, plans.find(turn.session, key))


@router.patch("/{key}")
def change(key: str, given: PlanChange, turn: Turn = allow("plans:write")) -> PlanInFull:
    plan = _take(turn, key)
    plans.change(turn.session, plan, _told(given), by=turn.person, now=turn.now)
    return _in_full(turn, plan)


@router.post("/{key}/publication")
def publish(key: str, given: Reason, turn: Turn = allow("plans:publish")) -> PlanInFull:
    """Refused where one of its four parts is missing: each refusal says which, and what to do."""
    plan, told = _take(turn, key), {"reason": given.reason, "now": turn.now}
    published.publish(turn.session, plan, by=turn.person, **told)  # type: ignore[arg-type]
    return _in_full(turn, plan)


@router.post("/{key}/review")
def review(key: str, given: Note, turn: Turn = allow("plans:publish")) -> PlanInFull:
    """It is right as it stands."""
    plan = _take(turn, key)
    plans.review(turn.session, plan, note=given.note, by=turn.person, now=turn.now)
    return _in_full(turn, plan)


@router.post("/{key}/withdrawal")
def withdraw(key: str, given: Reason, turn: Turn = allow("plans:publish")) -> PlanInFull:
    plan = _take(turn, key)
    plans.withdraw(turn.session, plan, reason=given.reason, by=turn.person, now=turn.now)
    return _in_full(turn, plan)


@router.get("/{key}/versions")
def versions(
    key: str, asked: Annotated[Asked, Query()], turn: Turn = allow("plans:read")
) -> Page[PlanVersionShown]:
    rows = select(PlanVersion).where(PlanVersion.plan_id == plans.find(turn.session, key).id)
    return page(
        turn.session, rows, asked, sorts=VERSION_SORTS, default="-id",
        show=lambda row: PlanVersionShown.model_validate(row.model_dump()),
    )  # fmt: skip


@router.post("/{key}/matching")
def match(key: str, given: Asking, turn: Turn = allow("plans:read", readonly=True)) -> Fired:
    """What its table would say of such a case, and which row fires. Nothing begins."""
    _, version = plans.current(turn.session, key)
    case = cases.fill(given.case)
    return Fired.model_validate(published.decide(turn.session, version, case))


@router.get("/{key}/circuits")
def circuits(
    key: str, asked: Annotated[Asked, Query()], turn: Turn = allow("plans:read")
) -> Page[CircuitShown]:
    plan = plans.find(turn.session, key)
    rows = select(PlanCircuit).where(PlanCircuit.plan_id == plan.id)

    def show(row: PlanCircuit) -> CircuitShown:
        code = turn.session.get_one(Circuit, row.circuit_id).code
        return CircuitShown(
            circuit=code, **row.model_dump(include={"note", "added_by", "added_at"})
        )

    return page(turn.session, rows, asked, sorts=CIRCUIT_SORTS, default="circuit_id", show=show)


@router.put("/{key}/circuits/{code}")
def link(
    key: str, code: str, given: CircuitGiven, turn: Turn = allow("plans:write")
) -> CircuitShown:
    """Tickets of this circuit are offered this plan when they open."""
    plan, circuit = _take(turn, key), find_circuit(turn.session, code=code)
    row = plans.link(turn.session, plan, circuit, note=given.note, by=turn.person, now=turn.now)
    told = row.model_dump(include={"note", "added_by", "added_at"})
    return CircuitShown(circuit=circuit.code, **told)


@router.delete("/{key}/circuits/{code}")
def unlink(key: str, code: str, turn: Turn = allow("plans:write")) -> None:
    plan, circuit = _take(turn, key), find_circuit(turn.session, code=code)
    plans.unlink(turn.session, plan, circuit, by=turn.person, now=turn.now)


def _take(turn: Turn, key: str) -> Plan:
    turn.about(f"plan:{key}")
    return plans.find(turn.session, key)


def _told(given: PlanGiven) -> dict[str, Any]:
    told = given.model_dump(exclude_none=True)
    return {key: value for key, value in told.items() if value is not None}


def _show(plan: Plan) -> PlanShown:
    return PlanShown(**_shown(plan))


def _shown(plan: Plan) -> dict[str, Any]:
    content = plans.next_content(plan) if not plan.number else plan.content
    told = plan.model_dump(include=PlanShown.model_fields.keys() - {"title", "title_en"})
    titles = {"title": content.get("title", ""), "title_en": content.get("title_en", "")}
    return {**told, **titles, "version": plan.number}


def _in_full(turn: Turn, plan: Plan) -> PlanInFull:
    turn.session.flush()
    version = plans.find_version(turn.session, plan, plan.number)
    newer = version is not None and published.is_diagram_newer(turn.session, version)
    return PlanInFull(
        **_shown(plan), content=plan.content, draft=plan.draft,
        nodes=version.nodes if version else [],
        lacks=published.find_wrong(turn.session, plan), is_diagram_newer=newer,
    )  # fmt: skip
