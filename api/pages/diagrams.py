"""The library of diagrams: what there is, its versions, where their runs stand and wait.

Drafts, which become the next version: drafts.py. What is painted on a diagram: painting.py.
"""

from typing import Annotated

from fastapi import Query
from sqlmodel import col, select
from starlette.responses import JSONResponse, Response

from api.deps import Id, Turn, allow
from api.pages import painting
from api.pages.pages import again_by, first, go, make_pages, show, typed
from bpmn import drafts, library
from bpmn.comparing import compare
from records import Diagram, Draft, Version
from tasks.refusals import NotFound

router = make_pages()
NEWEST = 50  # versions and drafts that are listed
XML = "application/xml"


@router.get("/diagrams")
def list_diagrams(turn: Turn = allow("diagrams:read")) -> Response:
    rows = select(Diagram, Version).join(
        Version, col(Version.id) == col(Diagram.current_version_id)
    )
    found = turn.session.exec(rows.order_by(col(Diagram.key))).all()
    changed = select(Draft).where(col(Draft.state).in_(drafts.OPEN))
    return show(
        turn,
        "diagrams/list.html",
        diagrams=found,
        drafts={one.diagram_key: one for one in turn.session.exec(changed)},
        open=painting.count_open(turn.session),
    )


@router.get("/diagrams/{key}")
def show_diagram(
    key: str, version: int | None = None, turn: Turn = allow("diagrams:read")
) -> Response:
    current = library.current_version(turn.session, key)
    shown = library.find_version(turn.session, key, version) if version else current
    return show(
        turn,
        "diagrams/show.html",
        key=key,
        current=current,
        version=shown,
        name=turn.session.get_one(Diagram, shown.diagram_id).name,
        versions=_versions(turn, shown.diagram_id),
        draft=drafts.find_open(turn.session, key),
        files=sorted(library.unpack(shown.bundle)),
        steps=painting.steps_of(turn.session, key, now=turn.now),
        island="viewer",
    )


@router.get("/diagrams/{key}/versions/{number}/files/{name}")
def show_file(key: str, number: Id, name: str, turn: Turn = allow("diagrams:read")) -> Response:
    """One file of it, as text; also where no editor can open it."""
    files = library.unpack(library.find_version(turn.session, key, number).bundle)
    return file_answer(files, library.file_of(files, key) if name == "main" else name)


@router.get("/diagrams/{key}/paint")
def paint(key: str, turn: Turn = allow("diagrams:read")) -> Response:
    """Where its open runs wait now, and where time is lost before somebody takes an order."""
    return JSONResponse(painting.paint(painting.steps_of(turn.session, key, now=turn.now)))


@router.get("/diagrams/{key}/changes")
def show_changes(
    key: str,
    old: Annotated[int, Query(ge=1)],
    new: Annotated[int, Query(ge=1)],
    turn: Turn = allow("diagrams:read"),
) -> Response:
    """Two versions beside each other: painted, and each value that differs."""
    before, after = (
        library.unpack(library.find_version(turn.session, key, number).bundle)
        for number in (old, new)
    )
    changes = compare(before, after)
    places = [f"/diagrams/{key}/versions/{number}/files/main" for number in (old, new)]
    return show(
        turn,
        "diagrams/changes.html",
        key=key,
        titles=[str(old), str(new)],
        places=places,
        changes=changes,
        marks=painting.marks(changes),
        island="viewer",
    )


@router.post("/diagrams/{key}/versions/{number}/return")
@again_by(show_diagram)
def roll_back(key: str, number: Id, turn: Turn = allow("diagrams:publish", raw=True)) -> Response:
    """回退: new runs use it again."""
    reason = first(typed(turn), "reason")
    by, now = turn.person.login, turn.now
    library.roll_back(turn.session, key, number, reason=reason, by=by, now=now)
    return go(f"/diagrams/{key}")


@router.post("/diagrams/{key}/drafts")
@again_by(show_diagram)
def begin(key: str, turn: Turn = allow("diagrams:draft", raw=True)) -> Response:
    draft = drafts.begin(turn.session, key, by=turn.person.login, now=turn.now)
    return go(f"/drafts/{draft.id}")


def file_answer(files: dict[str, bytes], name: str) -> Response:
    if name not in files:
        raise NotFound(f"没有文件“{name}”", f"There is no file “{name}”")
    kind = XML if name.endswith((".bpmn", ".dmn")) else "application/json"
    told = {
        "Content-Disposition": f'inline; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(files[name], media_type=kind, headers=told)


def _versions(turn: Turn, diagram_id: int) -> list[Version]:
    all_of_it = select(Version).where(Version.diagram_id == diagram_id)
    return list(turn.session.exec(all_of_it.order_by(col(Version.number).desc()).limit(NEWEST)))
