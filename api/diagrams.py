"""JSON: diagrams, their versions, checking and publishing."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, page
from bpmn import library
from bpmn.checks import Finding, check, is_publishable
from bpmn.comparing import compare
from bpmn.imports import convert
from records import Diagram, Version
from tasks.refusals import NotFound

router = make_router("diagrams")
SORTS = {"key": (col(Diagram.key),)}


class DiagramShown(BaseModel):
    key: str
    name: str
    current_version_id: int | None


class VersionShown(BaseModel):
    id: int
    number: int
    content_hash: str
    published_at: datetime
    published_by: str
    reason: str


class VersionInFull(VersionShown):
    files: dict[str, str]
    findings: list[dict[str, Any]]


class Files(Given):
    """A diagram with the decisions and forms that it uses."""

    files: dict[str, str] = Field(min_length=1, description="File name to text")


class Publication(Files):
    reason: str = Field(min_length=1, max_length=4_000, examples=["复测改为必填"])


class RollBack(Given):
    reason: str = Field(max_length=4_000, examples=["新版漏了复测"])


class ChangeShown(BaseModel):
    file: str
    element: str
    name: str
    how: str = Field(description="added, removed, changed, moved")
    what: str = Field(description="The attribute or the path within; empty for all of it")
    was: str
    now: str


class FindingShown(BaseModel):
    severity: str
    code: str
    element: str
    name: str
    zh: str
    en: str


class Checked(BaseModel):
    is_publishable: bool
    findings: list[FindingShown]


@router.get("")
def list_diagrams(
    asked: Annotated[Asked, Query()], turn: Turn = allow("diagrams:read")
) -> Page[DiagramShown]:
    return page(turn.session, select(Diagram), asked, sorts=SORTS, default="key", show=show_diagram)


@router.post("/checks")
def check_files(given: Files, turn: Turn = allow("diagrams:read", readonly=True)) -> Checked:
    """What the gate says of it. Nothing is stored."""
    bundle, conversions = bundle_of(given)
    findings = [*check(bundle, library.known(turn.session)), *conversions]
    told = [FindingShown(**vars(found)) for found in findings]
    return Checked(is_publishable=is_publishable(findings), findings=told)


@router.post("", status_code=201)
def publish(given: Publication, turn: Turn = allow("diagrams:publish")) -> VersionShown:
    """Make it what new runs use, if the gate lets it pass. Open runs keep their version."""

    def make() -> VersionShown:
        bundle, conversions = bundle_of(given)
        told: dict[str, Any] = {"reason": given.reason, "conversions": conversions}
        by, now = turn.person.login, turn.now
        return show_version(library.publish(turn.session, bundle, by=by, now=now, **told))

    return once(turn, make)


@router.get("/{key}/versions")
def list_versions(key: str, turn: Turn = allow("diagrams:read")) -> list[VersionShown]:
    versions = (
        select(Version)
        .join(Diagram, col(Diagram.id) == col(Version.diagram_id))
        .where(Diagram.key == key)
        .order_by(col(Version.number).desc())
    )
    found = turn.session.exec(versions).all()
    if not found:
        raise NotFound(f"没有发布过“{key}”这张图", f"No diagram “{key}” has been published")
    return [show_version(version) for version in found]


@router.get("/{key}/versions/{number}")
def show(key: str, number: Id, turn: Turn = allow("diagrams:read")) -> VersionInFull:
    version = library.find_version(turn.session, key, number)
    files = {name: text.decode() for name, text in library.unpack(version.bundle).items()}
    told = show_version(version).model_dump()
    return VersionInFull(**told, files=files, findings=version.findings)


@router.get("/{key}/changes")
def compare_versions(
    key: str, old: int, new: int, turn: Turn = allow("diagrams:read")
) -> list[ChangeShown]:
    """What version `new` says otherwise than `old`, element by element."""
    bundles = [
        library.unpack(library.find_version(turn.session, key, number).bundle)
        for number in (old, new)
    ]
    return [ChangeShown(**vars(change)) for change in compare(*bundles)]


@router.post("/{key}/versions/{number}/return")
def roll_back(
    key: str, number: Id, given: RollBack, turn: Turn = allow("diagrams:publish")
) -> VersionShown:
    """回退: new runs use that version again. Open runs keep theirs."""
    told: dict[str, Any] = {"reason": given.reason, "by": turn.person.login, "now": turn.now}
    return show_version(library.roll_back(turn.session, key, number, **told))


def show_diagram(diagram: Diagram) -> DiagramShown:
    return DiagramShown.model_validate(diagram.model_dump())


def show_version(version: Version) -> VersionShown:
    return VersionShown.model_validate(version.model_dump(exclude={"bundle"}))


def bundle_of(given: Files) -> tuple[dict[str, bytes], list[Finding]]:
    """The files, those of other modelers met half way, and what was converted in them."""
    files = {name: text.encode() for name, text in given.files.items()}
    findings: list[Finding] = []
    for name in files:
        if name.endswith(".bpmn"):
            files[name], found = convert(files[name])
            findings += found
    return files, findings
