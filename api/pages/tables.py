"""Tables as files: CSV that a spreadsheet opens as it is. Called by the pages that offer one."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

from starlette.responses import Response

from api.pages.paper import ZONE
from tasks.archive.import_kinds import FORMULAS


def send_csv(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """UTF-8 with the mark that Excel wants. What a cell says is never a formula."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return send_file(f"{name}.csv", text.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8")


def send_file(name: str, content: bytes, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=headers)


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, str) and value.startswith(FORMULAS):
        return f"'{value}"
    return "" if value is None else value
