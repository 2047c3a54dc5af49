"""A draft of a diagram: the editor, the tables and forms beside it, review and publication."""

from inspect import Parameter, signature
from typing import Any
from urllib.parse import quote

from sqlmodel import col, select
from starlette.responses import Response

from api.deps import Id, Turn, allow
from api.pages import painting
from api.pages.diagrams import file_answer
from api.pages.pages import again_by, first, go, make_pages, show, typed
from bpmn import drafts, library
from bpmn.bundles import DECISION
from bpmn.comparing import compare
from records import Diagram, Draft, Group
from tasks.access.people import may
from tasks.services import SERVICES
from tasks.sla import clocks
from tasks.timelines.segments import KINDS
from tasks.timelines.stages import STAGES

router = make_pages()
BESIDE = (".dmn", ".json")  # kinds of files that a diagram uses


@router.get("/drafts/{id}")
def show_draft(id: Id, turn: Turn = allow("diagrams:read")) -> Response:
    draft = turn.find(Draft, id)
    files, changes = library.unpack(draft.bundle), _changes(turn, draft)
    may_edit = draft.state == "editing" and may(turn.person, "diagrams:draft")
    return show(
        turn,
        "diagrams/draft.html",
        draft=draft,
        may_edit=may_edit,
        may_review=draft.state == "offered" and may(turn.person, "diagrams:publish"),
        is_own=turn.person.login in (draft.changed_by, draft.offered_by),
        findings=drafts.look(turn.session, draft),
        changes=changes,
        files=sorted(name for name in files if name.endswith(BESIDE)),
        choices=_choices(turn, files) if may_edit else {},
        marks=painting.marks(changes),
        island="editor" if may_edit else "viewer",
    )


@router.get("/drafts/{id}/files/{name}")
def show_file(id: Id, name: str, turn: Turn = allow("diagrams:read")) -> Response:
    draft = turn.find(Draft, id)
    return file_answer(
        library.unpack(draft.bundle), drafts.main_file(draft) if name == "main" else name
    )


@router.get("/drafts/{id}/texts/{name}")
def show_text(id: Id, name: str, turn: Turn = allow("diagrams:read")) -> Response:
    """A table, a form or the diagram itself as text, for whoever has no script or knows XML."""
    draft = turn.find(Draft, id)
    answer = file_answer(library.unpack(draft.bundle), name)
    text = bytes(answer.body).decode()
    return show(turn, "diagrams/text.html", draft=draft, name=name, text=text)


@router.post("/drafts/{id}/texts/{name}")
@again_by(show_text)
def save_text(id: Id, name: str, turn: Turn = allow("diagrams:draft", raw=True)) -> Response:
    draft, told = turn.find(Draft, id), typed(turn)
    revision = first(told, "revision")
    drafts.save(
        turn.session,
        draft,
        {name: told.get("text", [""])[0].replace("\r\n", "\n").encode()},
        revision=int(revision) if revision.isdecimal() else 0,
        by=turn.person.login,
        now=turn.now,
    )
    return go(f"/drafts/{id}/texts/{quote(name)}")


@router.post("/drafts/{id}/offer")
@again_by(show_draft)
def offer(id: Id, turn: Turn = allow("diagrams:draft", raw=True)) -> Response:
    draft, reason = turn.find(Draft, id), first(typed(turn), "reason")
    drafts.offer(turn.session, draft, reason=reason, by=turn.person.login, now=turn.now)
    return go(f"/drafts/{id}")


@router.post("/drafts/{id}/review")
@again_by(show_draft)
def review(id: Id, turn: Turn = allow("diagrams:publish", raw=True)) -> Response:
    """通过并发布, or 退回."""
    draft, told = turn.find(Draft, id), typed(turn)
    words = first(told, "words")
    if "accept" in told:
        drafts.accept(turn.session, draft, words=words, by=turn.person, now=turn.now)
        return go(f"/diagrams/{draft.diagram_key}")
    drafts.send_back(turn.session, draft, words=words, by=turn.person.login, now=turn.now)
    return go(f"/drafts/{id}")


@router.post("/drafts/{id}/drop")
@again_by(show_draft)
def drop(id: Id, turn: Turn = allow("diagrams:draft", raw=True)) -> Response:
    draft = turn.find(Draft, id)
    drafts.drop(turn.session, draft, by=turn.person.login, now=turn.now)
    return go(f"/diagrams/{draft.diagram_key}" if draft.base_number else "/diagrams")


def _changes(turn: Turn, draft: Draft) -> list[Any]:
    """Against the version that it began from."""
    if not draft.base_number:
        return []
    base = library.find_version(turn.session, draft.diagram_key, draft.base_number)
    return compare(library.unpack(base.bundle), library.unpack(draft.bundle))


def _choices(turn: Turn, files: dict[str, bytes]) -> dict[str, Any]:
    """What the fields of the editor offer."""
    groups = turn.session.exec(select(Group).order_by(col(Group.key)))
    decisions = [name.decode() for text in files.values() for name in DECISION.findall(text)]
    return {
        "groups": [{"value": one.key, "label": f"{one.name} / {one.name_en}"} for one in groups],
        "forms": sorted(name for name in files if name.endswith(".json")),
        "decisions": sorted(set(decisions)),
        "diagrams": sorted(turn.session.exec(select(Diagram.key))),
        "stages": list(STAGES),
        "segments": list(KINDS),
        "clocks": sorted(clocks.definitions(turn.session)),
        "services": [
            {"value": name, "label": name, "parameters": _parameters(service.function)}
            for name, service in sorted(SERVICES.items())
        ],
    }


def _parameters(function: Any) -> list[str]:
    _, *named = signature(function).parameters.values()
    return [one.name for one in named if one.kind is not Parameter.VAR_KEYWORD]
