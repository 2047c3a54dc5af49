"""JSON and CSV: bring files into inventory (dry run first), see what became of each row; export."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select
from starlette.responses import Response

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from records import Import, ImportRow
from tasks.archive import exports, imports

router = make_router("imports")
exporting = make_router("exports")
Kind = Literal["customers", "contacts", "sites", "devices", "circuits"]
SORTS = {"id": (col(Import.id),)}
ROWS = {"row": (col(ImportRow.row),)}


class ImportShown(BaseModel):
    id: int
    kind: Kind
    name: str
    is_dry_run: bool
    state: str
    state_zh: str
    state_en: str
    total: int = Field(description="Rows of the file")
    done: int = Field(description="Rows that were looked at so far")
    added: int
    changed: int
    same: int
    refused: int
    given_by: str
    given_at: datetime
    finished_at: datetime | None


class RowShown(BaseModel):
    row: int = Field(description="1 is the first after the header")
    key: str
    outcome: str
    fields: list[dict[str, str]] = Field(description="Why it was refused; or what was, and is")


class ImportFilter(Asked):
    kind: Kind | None = None
    state: Literal["running", "stopped", "done"] | None = None


class RowFilter(Asked):
    outcome: Literal["added", "changed", "same", "refused"] | None = None


class FileTold(Given):
    kind: Kind
    name: str = Field("", max_length=200)
    dry_run: bool = Field(False, description="Say what would become of each row; change nothing")
    rows: int | None = Field(None, ge=1, description="How many there are: finds half a file")


@router.post("", status_code=201, summary="A CSV file as the body; worked through at once")
def take(
    told: Annotated[FileTold, Query()], turn: Turn = allow("inventory:import", raw=True)
) -> ImportShown:
    def make() -> ImportShown:
        by: dict[str, Any] = {"by": turn.person, "now": turn.now}
        by |= {"name": told.name, "is_dry_run": told.dry_run, "expected": told.rows}
        return _show(imports.take(turn.session, told.kind, turn.body, **by))

    return once(turn, make)


@router.get("", summary="Imports, the newest first")
def index(
    asked: Annotated[ImportFilter, Query()], turn: Turn = allow("inventory:import")
) -> Page[ImportShown]:
    rows = narrow(select(Import), asked, {"kind": col(Import.kind), "state": col(Import.state)})
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=_show)


@router.get("/{id}", summary="How far it is")
def show(id: Id, turn: Turn = allow("inventory:import")) -> ImportShown:
    return _show(turn.find(Import, id))


@router.get("/{id}/rows", summary="What became of each row")
def list_rows(
    id: Id, asked: Annotated[RowFilter, Query()], turn: Turn = allow("inventory:import")
) -> Page[RowShown]:
    turn.find(Import, id)
    rows = select(ImportRow).where(ImportRow.import_id == id)
    rows = narrow(rows, asked, {"outcome": col(ImportRow.outcome)})
    return page(turn.session, rows, asked, sorts=ROWS, default="row", show=_show_row)


@router.post("/{id}/stop", summary="Stop after the part that is at work")
def stop(id: Id, turn: Turn = allow("inventory:import")) -> ImportShown:
    return _show(imports.stop(turn.session, id, by=turn.person, now=turn.now))


@router.post("/{id}/continuation", summary="Go on where it was stopped")
def go_on(id: Id, turn: Turn = allow("inventory:import")) -> ImportShown:
    return _show(imports.go_on(turn.session, id, by=turn.person, now=turn.now))


@exporting.get("/{kind}", summary="All of them as CSV, in the columns that an import takes")
def export(kind: Kind, turn: Turn = allow("inventory:import")) -> Response:
    named = {"Content-Disposition": f'attachment; filename="{kind}.csv"'}
    content = exports.write_file(turn.session, kind)
    return Response(content, headers=named, media_type="text/csv; charset=utf-8")


def _show(row: Import) -> ImportShown:
    zh, en = imports.STATES[row.state]
    return ImportShown(**row.model_dump(exclude={"sha256"}), state_zh=zh, state_en=en)


def _show_row(row: ImportRow) -> RowShown:
    return RowShown(**row.model_dump(exclude={"import_id"}))
