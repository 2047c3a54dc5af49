"""CSV files: bytes to rows, as far as that needs no database. Called by imports.py.

UTF-8, or GB18030 as a Chinese Excel writes it. A file whose columns are wrong, or that ends in the
middle of a row, is refused as a whole; what is wrong in a row is said of that row (imports.py).
"""

import csv
from io import StringIO
from itertools import zip_longest
from typing import NamedTuple

from tasks.archive.import_kinds import Kind
from tasks.refusals import wrong

ENCODINGS = ("utf-8-sig", "gb18030")
Cells = dict[str, str]


class File(NamedTuple):
    """The rows, and for each key the first row that has it."""

    rows: list[Cells | None]  # none: a row with more or fewer cells than the header
    firsts: dict[tuple[str, ...], int]


def read_file(kind: Kind, content: bytes, expected: int | None = None) -> File:
    """`expected`: how many rows there should be, where the sender knows."""
    header, rows = _split(_decode(content))
    _check_header(kind, header)
    if rows and len(rows[-1]) < len(header):
        raise _torn()
    if expected is not None and expected != len(rows):
        raise wrong(
            "rows",
            f"应有 {expected} 行,实有 {len(rows)} 行:文件不完整,请重新导出",
            f"There should be {expected} rows, and there are {len(rows)}: export the file again",
        )
    if not rows:
        raise wrong("body", "文件没有数据行", "The file has no rows")
    told = [_cells(header, row) for row in rows]
    firsts: dict[tuple[str, ...], int] = {}
    for n, cells in enumerate(told, 1):
        if cells is not None:
            firsts.setdefault(key_of(kind, cells), n)
    return File(told, firsts)


def key_of(kind: Kind, cells: Cells) -> tuple[str, ...]:
    return tuple(cells[name] for name in kind.key)


def _decode(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            pass
    raise wrong("body", "编码无法识别,请存为 UTF-8 或 GB18030", "Save the file as UTF-8 or GB18030")


def _split(text: str) -> tuple[list[str], list[list[str]]]:
    try:
        rows = [row for row in csv.reader(StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise _torn() from error
    if not rows:
        raise wrong("body", "文件是空的", "The file is empty")
    return [name.strip() for name in rows[0]], rows[1:]


def _check_header(kind: Kind, header: list[str]) -> None:
    known = [column.name for column in kind.columns]
    needed = [column.name for column in kind.columns if column.is_required]
    lacking = [name for name in needed if name not in header]
    odd = [name for name in header if name not in known]
    if lacking or odd or len(set(header)) < len(header):
        told = f"{','.join(odd)[:200] or '-'}; {','.join(lacking) or '-'}"
        raise wrong(
            "header",
            f"列不对(多余;缺少):{told}。可用列:{','.join(known)}",
            f"Wrong columns (odd; lacking): {told}. There are {','.join(known)}, each once",
        )


def _cells(header: list[str], row: list[str]) -> Cells | None:
    if len(row) != len(header):
        return None
    return {name: cell.strip() for name, cell in zip_longest(header, row)}


def _torn() -> Exception:
    return wrong(
        "body",
        "文件在一行中间断开或引号不成对,请重新导出后再导入",
        "The file ends in the middle of a row, or a quote is not closed: export it again",
    )
