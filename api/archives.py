"""JSON: customers' archives: sections, consent, readiness; and what gear should be replaced."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from records import ArchiveSection, Consent, Customer, Device, Readiness, Replacement
from tasks.archive import archives, consents, readiness, replacements
from tasks.archive.archives import look

router = make_router("archives")
Section = Literal["business", "topology", "contacts", "consent", "history", "plans"]
Grade = Literal["AAA", "AA", "A", "std"]
SORTS = {
    "due_at": (col(ArchiveSection.due_at), col(ArchiveSection.id)),
    "completeness": (col(ArchiveSection.completeness), col(ArchiveSection.id)),
    "id": (col(ArchiveSection.id),),
}
SCORES = {
    "score": (col(Readiness.score), col(Readiness.id)),
    "accuracy": (col(Readiness.accuracy), col(Readiness.id)),
    "id": (col(Readiness.id),),
}
RANKS = {"score": (col(Replacement.score), col(Replacement.id)), "id": (col(Replacement.id),)}


class SectionShown(BaseModel):
    customer_id: int
    section: str
    zh: str
    en: str
    completeness: int = Field(description="Percent")
    missing: list[str]
    missing_zh: list[str]
    missing_en: list[str]
    facts: dict[str, Any] = Field(description="What is kept by hand")
    confirmed_at: datetime | None
    confirmed_by: str
    due_at: datetime | None
    is_stale: bool
    run_id: int | None = Field(description="The work that was opened about it last")


class ConsentShown(BaseModel):
    id: int
    scope: str
    given_by: str
    document: str
    given_at: datetime
    expires_at: datetime
    noted_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str
    reason: str
    is_valid: bool


class ReadinessShown(BaseModel):
    customer_id: int
    reach: float = Field(description="How much of the circuits element managers see")
    accuracy: float = Field(description="How much of what is recorded is right")
    linkage: float = Field(description="How well work about the customer finds its way")
    score: float = Field(description="The product of the three")
    audited: int = Field(
        description="Circuits audited lately; 0: accuracy is thought, not measured"
    )
    facts: dict[str, Any]
    counted_at: datetime


class ArchiveShown(BaseModel):
    customer_id: int
    code: str
    name: str
    grade: str
    completeness: int = Field(description="Of all sections; percent")
    sections: list[SectionShown]
    consents: list[ConsentShown]
    readiness: ReadinessShown


class ReplacementShown(BaseModel):
    id: int
    device: str
    kind: str
    score: int
    circuits: int
    customers: int
    key_customers: int
    faults: int
    state: str
    state_zh: str
    state_en: str
    planned_for: datetime | None
    note: str
    decided_by: str


class SectionFilter(Asked):
    section: Section | None = None
    grade: Grade | None = None
    customer: int | None = None
    below: int | None = Field(None, ge=0, le=100, description="Less complete than so many percent")
    due_before: AwareDatetime | None = None


class ReadinessFilter(Asked):
    grade: Grade | None = None
    city: str | None = Field(None, max_length=100)
    least: float | None = Field(None, ge=0, le=1)


class ReplacementFilter(Asked):
    state: Literal["open", "planned", "declined", "done"] | None = None


class Confirmation(Given):
    sections: list[Section] = Field(min_length=1, max_length=6)
    note: str = Field("", max_length=2_000)


class Kept(Given):
    facts: dict[str, str | None] = Field(max_length=50)


class ConsentGiven(Given):
    scope: str = Field(max_length=40, examples=["run_analysis"])
    given_by: str = Field(min_length=1, max_length=200, description="Who signed, at the customer's")
    document: str = Field("", max_length=200)
    given_at: AwareDatetime
    expires_at: AwareDatetime


class Withdrawal(Given):
    reason: str = Field(max_length=2_000)


class Decision(Given):
    state: Literal["planned", "declined"]
    note: str = Field(max_length=2_000)
    planned_for: AwareDatetime | None = None


@router.get("", summary="Sections of archives, filtered: what is due, what is incomplete")
def index(
    asked: Annotated[SectionFilter, Query()], turn: Turn = allow("archives:read")
) -> Page[SectionShown]:
    rows: Any = select(ArchiveSection).join(
        Customer, col(Customer.id) == col(ArchiveSection.customer_id)
    )
    filters = {"section": col(ArchiveSection.section), "grade": col(Customer.grade)}
    rows = narrow(rows, asked, filters | {"customer": col(Customer.id)})
    if asked.below is not None:
        rows = rows.where(col(ArchiveSection.completeness) < asked.below)
    if asked.due_before or "due_at" in (asked.sort or ""):
        rows = rows.where(col(ArchiveSection.due_at).is_not(None))
    if asked.due_before:
        rows = rows.where(col(ArchiveSection.due_at) <= asked.due_before)

    def show(section: ArchiveSection) -> SectionShown:
        return _show_section(turn, section)

    return page(turn.session, rows, asked, sorts=SORTS, default="completeness", show=show)


@router.get("/readiness", summary="How ready customers are, as counted last night")
def list_readiness(
    asked: Annotated[ReadinessFilter, Query()], turn: Turn = allow("archives:read")
) -> Page[ReadinessShown]:
    rows: Any = select(Readiness).join(Customer, col(Customer.id) == col(Readiness.customer_id))
    rows = narrow(rows, asked, {"grade": col(Customer.grade), "city": col(Customer.city)})
    if asked.least is not None:
        rows = rows.where(col(Readiness.score) >= asked.least)
    return page(turn.session, rows, asked, sorts=SCORES, default="score", show=_show_readiness)


@router.get("/replacements", summary="Gear that no element manager sees, by whom it carries")
def list_replacements(
    asked: Annotated[ReplacementFilter, Query()], turn: Turn = allow("archives:read")
) -> Page[ReplacementShown]:
    rows: Any = select(Replacement, Device).join(
        Device, col(Device.id) == col(Replacement.device_id)
    )
    rows = narrow(rows, asked, {"state": col(Replacement.state)})
    return page(turn.session, rows, asked, sorts=RANKS, default="-score", show=_show_replacement)


@router.put("/replacements/{id}/decision", summary="Plan or decline a replacement")
def decide(id: Id, given: Decision, turn: Turn = allow("archives:keep")) -> ReplacementShown:
    told: dict[str, Any] = {**given.model_dump(), "by": turn.person, "now": turn.now}
    row = replacements.decide(turn.session, id, **told)
    return _show_replacement(row, turn.session.get_one(Device, row.device_id))


@router.post("/consents/{id}/withdrawal", summary="A consent counts no longer")
def withdraw(id: Id, given: Withdrawal, turn: Turn = allow("archives:keep")) -> ConsentShown:
    told: dict[str, Any] = {"by": turn.person, "now": turn.now}
    return _show_consent(turn, consents.withdraw(turn.session, id, given.reason, **told))


@router.get("/{customer_id}", summary="One customer's archive, counted now")
def show(customer_id: Id, turn: Turn = allow("archives:read")) -> ArchiveShown:
    customer = turn.find(Customer, customer_id)
    sections = [_show_section(turn, each) for each in look(turn.session, customer, now=turn.now)]
    given = select(Consent).where(Consent.customer_id == customer_id)
    return ArchiveShown(
        customer_id=customer.id,
        code=customer.code,
        name=customer.name,
        grade=customer.grade,
        completeness=sum(each.completeness for each in sections) // max(1, len(sections)),
        sections=sections,
        consents=[
            _show_consent(turn, each)
            for each in turn.session.exec(given.order_by(col(Consent.expires_at).desc()))
        ],
        readiness=_show_readiness(readiness.look(turn.session, customer_id, now=turn.now)),
    )


@router.post("/{customer_id}/confirmations", status_code=201, summary="These are right")
def confirm(
    customer_id: Id, given: Confirmation, turn: Turn = allow("archives:keep")
) -> ArchiveShown:
    def make() -> ArchiveShown:
        customer = turn.find(Customer, customer_id)
        told: dict[str, Any] = {"by": turn.person, "now": turn.now, "note": given.note}
        archives.confirm(turn.session, customer, given.sections, **told)
        turn.session.flush()
        return show(customer_id, turn)

    return once(turn, make)


@router.put("/{customer_id}/sections/{section}", summary="What is kept by hand; null takes away")
def keep(
    customer_id: Id, section: Section, given: Kept, turn: Turn = allow("archives:keep")
) -> SectionShown:
    customer = turn.find(Customer, customer_id)
    told: dict[str, Any] = {"by": turn.person, "now": turn.now}
    return _show_section(turn, archives.keep(turn.session, customer, section, given.facts, **told))


@router.post("/{customer_id}/consents", status_code=201, summary="Note what was signed")
def give(customer_id: Id, given: ConsentGiven, turn: Turn = allow("archives:keep")) -> ConsentShown:
    def make() -> ConsentShown:
        customer = turn.find(Customer, customer_id)
        told: dict[str, Any] = {**given.model_dump(), "by": turn.person, "now": turn.now}
        return _show_consent(turn, consents.give(turn.session, customer, **told))

    return once(turn, make)


def _show_section(turn: Turn, row: ArchiveSection) -> SectionShown:
    name = archives.rules_of(turn.session)["sections"].get(row.section, {})
    told = row.model_dump(exclude={"id"})
    return SectionShown(
        **told,
        zh=name.get("zh", row.section),
        en=name.get("en", row.section),
        missing_zh=archives.describe_missing(row.missing, "zh"),
        missing_en=archives.describe_missing(row.missing, "en"),
        is_stale=row.due_at is not None and row.due_at <= turn.now,
    )


def _show_consent(turn: Turn, row: Consent) -> ConsentShown:
    is_valid = row.withdrawn_at is None and row.given_at <= turn.now < row.expires_at
    return ConsentShown(**row.model_dump(exclude={"customer_id"}), is_valid=is_valid)


def _show_readiness(row: Readiness) -> ReadinessShown:
    return ReadinessShown(**row.model_dump(exclude={"id"}))


def _show_replacement(row: Replacement, device: Device) -> ReplacementShown:
    zh, en = replacements.STATES[row.state]
    told = row.model_dump(exclude={"device_id", "counted_at"})
    return ReplacementShown(**told, device=device.code, kind=device.kind, state_zh=zh, state_en=en)
