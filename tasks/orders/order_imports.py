"""Orders from a CSV file: how its rows are read. Called by bpmn/service_orders.py, which takes in
the order of each.

A row is known by its `external_key`: a file that is sent twice changes nothing the second time.
"""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tasks.refusals import wrong

NEEDED = ("external_key", "kind", "customer")
COLUMNS = (
    *NEEDED,
    *("circuit", "product", "megabits", "grade", "is_protected", "a_site", "z_site"),
    *("promised_at", "interface", "contact", "phone", "access_hours"),
)
DETAILS = ("interface", "contact", "phone", "access_hours")
MOST_ROWS = 1_000
YES, NO = {"1", "true", "yes", "是"}, {"0", "false", "no", "否", ""}


def read_rows(text: str) -> list[tuple[int, dict[str, Any] | list[dict[str, str]]]]:
    """Each line with what an order is opened from, or with what is wrong in it. A file with wrong
    columns, or that ends within a row, is refused as a whole."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        lines = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        zh = f"文件第 {reader.line_num} 行不完整,请重新导出"
        en = f"The file breaks off or is no CSV at line {reader.line_num}: export it again"
        raise wrong("text", zh, en) from error
    if not lines:
        raise wrong("text", "文件是空的", "The file is empty")
    head = [name.strip() for name in lines[0][1]]
    _check_head(head)
    if len(lines) > MOST_ROWS + 1:
        zh = f"一次最多 {MOST_ROWS} 行,请分几个文件"
        raise wrong("text", zh, f"{MOST_ROWS} rows at most: split the file")
    return [(line, _read(head, row)) for line, row in lines[1:]]


def _check_head(head: list[str]) -> None:
    unknown = [name for name in head if name not in COLUMNS]
    missing = [name for name in NEEDED if name not in head]
    if unknown or missing or len(set(head)) != len(head):
        some = ", ".join(COLUMNS)
        zh = f"列名应为:{some};缺 {missing},不认识或重复 {unknown}"
        en = f"The columns are {some}; missing {missing}, unknown or doubled {unknown}"
        raise wrong("text", zh, en)


def _read(head: list[str], row: list[str]) -> dict[str, Any] | list[dict[str, str]]:
    if len(row) != len(head):
        zh, en = f"应有 {len(head)} 列,这里有 {len(row)}", f"has {len(row)} cells, not {len(head)}"
        return [{"field": "", "zh": zh, "en": en}]
    cells = {name: cell.strip() for name, cell in zip(head, row, strict=True)}
    wrongs = list(_wrong_cells(cells))
    if wrongs:
        return wrongs
    given: dict[str, Any] = {k: v for k, v in cells.items() if v and k not in DETAILS}
    if "megabits" in given:
        given["megabits"] = int(given["megabits"])
    if "is_protected" in given:
        given["is_protected"] = given["is_protected"].lower() in YES
    if "promised_at" in given:
        given["promised_at"] = datetime.fromisoformat(given["promised_at"])
    return given | {"details": {k: cells[k] for k in DETAILS if cells.get(k)}}


def _wrong_cells(cells: dict[str, str]) -> Iterator[dict[str, str]]:
    for name in NEEDED:
        if not cells[name]:
            yield {"field": name, "zh": "请填写", "en": "This is needed"}
    speed = cells.get("megabits", "")
    if speed and not (speed.isascii() and speed.isdecimal() and len(speed) < 8):
        yield {"field": "megabits", "zh": "应为整数", "en": "This is a whole number"}
    if cells.get("is_protected", "").lower() not in YES | NO:
        yield {"field": "is_protected", "zh": "应为 是 或 否", "en": "This is yes or no"}
    if cells.get("promised_at") and not _is_time(cells["promised_at"]):
        zh = "应为带时区的时间,如 2026-03-20T18:00:00+08:00"
        yield {"field": "promised_at", "zh": zh, "en": "This is a time with its offset"}


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
