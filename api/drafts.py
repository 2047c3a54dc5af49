"""JSON: drafts of diagrams, for the editor and for programs that bring files of their own."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from api.deps import Given, Id, Turn, allow, make_router
from api.diagrams import Files, FindingShown, VersionShown, bundle_of, show_version
from api.once import once
from bpmn import drafts
from bpmn.checks import is_publishable
from records import Draft

router = make_router("drafts")


class DraftShown(BaseModel):
    id: int
    diagram_key: str
    base_number: int = Field(description="The version that it began from; 0: none")
    state: str = Field(description="editing, offered, published, dropped")
    revision: int
    begun_by: str
    begun_at: datetime
    changed_by: str
    changed_at: datetime
    held_until: datetime = Field(description="Until then only `changed_by` may save it")
    reason: str
    offered_by: str
    words: str = Field(description="Of whoever looked at it")
    settled_by: str
    settled_at: datetime | None
    version_number: int | None


class Beginning(Given):
    diagram: str = Field(max_length=200, description="Its key", examples=["fault_handling"])


class Changed(Given):
    """What changed: the diagram itself, or files beside it by their names."""

    diagram: str | None = Field(None, description="The text of the diagram's own file")
    files: dict[str, str] = Field({}, description="File name to text")


class Saved(Changed):
    revision: int = Field(ge=1, description="Of the draft that this was made from")


class Offer(Given):
    reason: str = Field(max_length=4_000, examples=["复测改为必填"])


class Words(Given):
    words: str = Field("", max_length=4_000, examples=["同意"])


class Looked(BaseModel):
    is_publishable: bool
    findings: list[FindingShown]


@router.post("", status_code=201)
def begin(given: Beginning, turn: Turn = allow("diagrams:draft")) -> DraftShown:
    """A draft of the version that counts now. Of each diagram one is open at a time."""
    by = turn.person.login
    return once(
        turn, lambda: _shown(drafts.begin(turn.session, given.diagram, by=by, now=turn.now))
    )


@router.post("/uploads", status_code=201)
def begin_with(given: Files, turn: Turn = allow("diagrams:draft")) -> DraftShown:
    """Of files from elsewhere. Those of other modelers are met half way."""

    def make() -> DraftShown:
        bundle, _ = bundle_of(given)
        told: dict[str, Any] = {"by": turn.person.login, "now": turn.now}
        return _shown(drafts.begin_new(turn.session, bundle, **told))

    return once(turn, make)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("diagrams:read")) -> DraftShown:
    return _shown(turn.find(Draft, id))


@router.put("/{id}/files")
def save(id: Id, given: Saved, turn: Turn = allow("diagrams:draft")) -> DraftShown:
    draft = turn.find(Draft, id)
    told: dict[str, Any] = {"by": turn.person.login, "now": turn.now}
    drafts.save(turn.session, draft, _files(draft, given), revision=given.revision, **told)
    return _shown(draft)


@router.post("/{id}/checks")
def look(id: Id, given: Changed, turn: Turn = allow("diagrams:draft", readonly=True)) -> Looked:
    """What the gate says of it with these changes. Nothing is stored."""
    draft = turn.find(Draft, id)
    findings = drafts.look(turn.session, draft, _files(draft, given))
    told = [FindingShown(**vars(found)) for found in findings]
    return Looked(is_publishable=is_publishable(findings), findings=told)


@router.post("/{id}/offer")
def offer(id: Id, given: Offer, turn: Turn = allow("diagrams:draft")) -> DraftShown:
    """提交评审."""
    draft = turn.find(Draft, id)
    by, now = turn.person.login, turn.now
    drafts.offer(turn.session, draft, reason=given.reason, by=by, now=now)
    return _shown(draft)


@router.post("/{id}/acceptance")
def accept(id: Id, given: Words, turn: Turn = allow("diagrams:publish")) -> VersionShown:
    """评审通过并发布."""
    draft = turn.find(Draft, id)
    told: dict[str, Any] = {"words": given.words, "by": turn.person, "now": turn.now}
    return show_version(drafts.accept(turn.session, draft, **told))


@router.post("/{id}/return")
def send_back(id: Id, given: Words, turn: Turn = allow("diagrams:publish")) -> DraftShown:
    """退回修改."""
    draft = turn.find(Draft, id)
    by, now = turn.person.login, turn.now
    drafts.send_back(turn.session, draft, words=given.words, by=by, now=now)
    return _shown(draft)


@router.delete("/{id}")
def drop(id: Id, turn: Turn = allow("diagrams:draft")) -> DraftShown:
    """放弃."""
    draft = turn.find(Draft, id)
    drafts.drop(turn.session, draft, by=turn.person.login, now=turn.now)
    return _shown(draft)


def _files(draft: Draft, given: Changed) -> dict[str, bytes]:
    files = {name: text.encode() for name, text in given.files.items()}
    if given.diagram is not None:
        files[drafts.main_file(draft)] = given.diagram.encode()
    return files


def _shown(draft: Draft) -> DraftShown:
    return DraftShown.model_validate(draft.model_dump(exclude={"bundle"}))
