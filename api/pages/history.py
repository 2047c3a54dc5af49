"""History as pages: what happened to anything, who was refused, and all of a time as a file."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Query
from pydantic import Field
from sqlmodel import col, select
from starlette.responses import Response

from api.deps import Turn, allow
from api.history import FILTERS, SORTS
from api.pages.asking import FromForm, Period
from api.pages.pages import make_pages, show
from api.pages.tables import send_csv, send_file
from api.paging import Asked, narrow, page
from records import Diagram, Entry, Run
from tasks.refusals import wrong
from tasks.timelines import xes

router = make_pages()
MOST = 50_000  # entries of one file
COLUMNS = ("id", "subject", "seq", "at", "by", "verb", "particulars", "hash")


class Narrowed(FromForm):
    """What is looked for."""

    subject: str | None = Field(None, max_length=200)
    by: str | None = Field(None, max_length=100)
    verb: str | None = Field(None, max_length=100)


class Wanted(Period, Narrowed, Asked):
    limit: int = 50


class Taken(Period, Narrowed):
    """What goes into a file."""


class Mined(Period):
    diagram: str | None = Field(None, max_length=100)


@router.get("/history")
def list_entries(asked: Annotated[Wanted, Query()], turn: Turn = allow("history:read")) -> Response:
    rows = narrow(select(Entry), asked, FILTERS)
    if asked.since or asked.until:
        since, until = asked.span(turn.now)
        rows = rows.where(col(Entry.at) >= since, col(Entry.at) < until)
    found = page(turn.session, rows, asked, sorts=SORTS, default="-id", show=_as_it_is)
    verbs = {one.verb for one in found.items} | ({asked.verb} if asked.verb else set())
    facts: dict[str, Any] = {"entries": found.items, "next": found.next, "asked": asked}
    return show(turn, "history/list.html", **facts, verbs=sorted(verbs))


@router.get("/history/files")
def show_files(asked: Annotated[Period, Query()], turn: Turn = allow("history:read")) -> Response:
    since, until = asked.span(turn.now)
    diagrams = {one.key: one.name for one in turn.session.exec(select(Diagram))}
    days = {"since": since, "until": until}
    return show(turn, "history/files.html", asked=asked, **days, diagrams=sorted(diagrams.items()))


@router.get("/history/entries.csv")
def take_entries(asked: Annotated[Taken, Query()], turn: Turn = allow("history:read")) -> Response:
    found = _taken(turn, asked, narrow(select(Entry), asked, FILTERS))  # type: ignore[arg-type]
    return send_csv("history", COLUMNS, map(_row, found))


@router.get("/history/runs.xes")
def take_log(asked: Annotated[Mined, Query()], turn: Turn = allow("history:read")) -> Response:
    """Of the runs that began in these days, all that they did."""
    since, until = asked.span(turn.now)
    began = select(Run).where(col(Run.started_at) >= since, col(Run.started_at) < until)
    if asked.diagram:
        began = began.where(Run.diagram_key == asked.diagram)
    runs = {f"run:{run.id}": run for run in turn.session.exec(began.limit(MOST))}
    about = {
        subject: {"diagram": run.diagram_key, "about": run.subject, "status": run.status}
        for subject, run in runs.items()
    }
    log = xes.write_log(_entries_of(turn, list(runs)), about)
    return send_file("runs.xes", log, "application/xml")


def _entries_of(turn: Turn, subjects: Sequence[str], at_once: int = 500) -> list[Entry]:
    found: list[Entry] = []
    for n in range(0, len(subjects), at_once):
        mine = select(Entry).where(col(Entry.subject).in_(subjects[n : n + at_once]))
        found += turn.session.exec(mine.order_by(col(Entry.subject), col(Entry.seq)))
        _check_size(found)
    return found


def _taken(turn: Turn, asked: Taken, rows: Any) -> list[Entry]:
    since, until = asked.span(turn.now)
    rows = rows.where(col(Entry.at) >= since, col(Entry.at) < until)
    found = list(turn.session.exec(rows.order_by(col(Entry.id)).limit(MOST + 1)))
    _check_size(found)
    return found


def _check_size(found: Sequence[Entry]) -> None:
    if len(found) > MOST:
        zh = f"超过 {MOST} 条,请选更短的时间"
        raise wrong("since", zh, f"there are more than {MOST} entries: choose fewer days")


def _row(entry: Entry) -> list[Any]:
    told = [getattr(entry, name) for name in COLUMNS]
    told[COLUMNS.index("particulars")] = orjson.dumps(entry.particulars).decode()
    told[COLUMNS.index("at")] = _exactly(entry.at)
    return told


def _exactly(at: datetime) -> str:
    return at.isoformat()


def _as_it_is(entry: Entry) -> Entry:
    return entry
