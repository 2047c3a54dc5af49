"""The decision tables of a draft as grids: cells are typed over, rows added, dropped, moved up."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from starlette.responses import Response

from api.deps import Id, Turn, allow
from api.pages.pages import Typed, again_by, first, go, make_pages, show, typed
from bpmn import drafts, library
from bpmn.dmn import grids
from bpmn.dmn.reading import BadDecisions
from records import Draft
from tasks.access.people import may
from tasks.refusals import Invalid, NotFound

router = make_pages()
ON_ROW: Mapping[str, Callable[[bytes, str, str], bytes]] = {  # what a button does after saving
    "add": grids.add_row,
    "drop": grids.drop_row,
    "up": grids.move_up,
}


@router.get("/drafts/{id}/tables/{name}")
def show_tables(id: Id, name: str, turn: Turn = allow("diagrams:read")) -> Response:
    draft = turn.find(Draft, id)
    try:
        tables = grids.read_grids(_file(draft, name))
    except BadDecisions as problem:
        raise Invalid(problem.zh, problem.en) from problem
    findings = [one for one in drafts.look(turn.session, draft) if _is_of(one.element, tables)]
    return show(
        turn,
        "diagrams/tables.html",
        draft=draft,
        name=name,
        tables=tables,
        findings=findings,
        may_edit=draft.state == "editing" and may(turn.person, "diagrams:draft"),
    )


@router.post("/drafts/{id}/tables/{name}")
@again_by(show_tables)
def save_table(id: Id, name: str, turn: Turn = allow("diagrams:draft", raw=True)) -> Response:
    """All cells of one table; then what its button does to a row."""
    draft, told = turn.find(Draft, id), typed(turn)
    grid, revision = first(told, "table"), first(told, "revision")
    content = grids.write_cells(_file(draft, name), grid, _cells(told))
    for verb, act in ON_ROW.items():
        if row := first(told, verb):
            content = act(content, grid, row)
    drafts.save(
        turn.session,
        draft,
        {name: content},
        revision=int(revision) if revision.isdecimal() else 0,
        by=turn.person.login,
        now=turn.now,
    )
    return go(f"/drafts/{id}/tables/{quote(name)}#{quote(grid)}")


def _file(draft: Draft, name: str) -> bytes:
    files = library.unpack(draft.bundle)
    if name not in files or not name.endswith(".dmn"):
        raise NotFound(f"没有决策表文件“{name}”", f"There is no file of tables “{name}”")
    return files[name]


def _cells(told: Typed) -> dict[str, list[str]]:
    """By the ids of rules; a cell that is empty was not sent at all."""
    found: dict[str, dict[int, str]] = {row: {} for row in told.get("row", [])}
    for field, values in told.items():
        row, _, place = field.removeprefix("cell.").rpartition(".")
        if field.startswith("cell.") and row in found and place.isdecimal():
            found[row][int(place)] = values[0].strip()
    width = int(first(told, "width") or 0)
    return {row: [cells.get(n, "") for n in range(width)] for row, cells in found.items()}


def _is_of(element: str, tables: list[grids.Grid]) -> bool:
    return any(element.startswith(table.id) for table in tables)
