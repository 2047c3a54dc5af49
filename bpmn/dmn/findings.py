"""Overlaps, gaps and rows that are never reached: a search over the classes of each column.

`DecisionTable.findings` calls it, for the gate. Rows with computed cells cannot be compared and are
left out, with a note.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bpmn.dmn.columns import bits
from bpmn.dmn.policies import SINGLE_HIT, is_equal
from bpmn.dmn.search import Search, TooMany
from bpmn.findings import Finding, Severity

if TYPE_CHECKING:
    from bpmn.dmn.tables import DecisionTable, Row

PAIRS = 20  # overlaps told of one table
GAPS = 3


def analysed(table: "DecisionTable") -> list[Finding]:
    return [*computed_rows(table), *overlaps(table), *unreachable(table), *gaps(table)]


def computed_rows(table: "DecisionTable") -> Iterator[Finding]:
    if table.computed:
        numbers = listed(bits(table.computed))
        yield finding(
            table,
            "note",
            "dmn-computed",
            f"第 {numbers} 行有计算的单元格，未检查它们是否重叠或能补上空缺。",
            f"Rows {numbers} have computed cells: not checked for overlaps, nor for filling gaps.",
        )


def overlaps(table: "DecisionTable") -> Iterator[Finding]:
    """Two rows overlap when they share a class in every column."""
    if table.policy not in ("UNIQUE", "ANY"):
        return
    search = Search(table.columns, plain(table))
    pairs = [pair for pair in search.pairs() if table.policy == "UNIQUE" or differ(table, *pair)]
    for one, other in pairs[:PAIRS]:
        zh, en = search.told(search.shared(one, other))
        severity: Severity = "error" if table.policy == "UNIQUE" else "warning"
        yield finding(
            table,
            severity,
            "dmn-overlap",
            f"第 {one + 1} 行与第 {other + 1} 行重叠:{zh}。请改窄其中一行，或改用 FIRST。",
            f"Rows {one + 1} and {other + 1} overlap: {en}. Narrow one of them, or use FIRST.",
            table.rows[other],
        )


def differ(table: "DecisionTable", one: int, other: int) -> bool:
    """Whether two rows of an ANY table surely give different results."""
    pairs = zip(table.rows[one].outputs, table.rows[other].outputs, strict=True)
    return any(
        not is_equal(a.literal, b.literal)
        for a, b in pairs
        if a.expression is None and b.expression is None
    )


def unreachable(table: "DecisionTable") -> Iterator[Finding]:
    search = Search(table.columns, plain(table))
    for row in bits(plain(table)):
        if not search.is_possible(row):
            zh = f"第 {row + 1} 行没有一个允许的取值能匹配，请改正或删除。"
            en = f"Row {row + 1} matches no value that is allowed: correct it or take it out."
        elif table.policy == "FIRST" and search.is_shadowed(row):
            zh = f"第 {row + 1} 行被前面的行完全遮住，请上移或删除。"
            en = f"Row {row + 1} is hidden by the rows above it: move it up or take it out."
        else:
            continue
        yield finding(table, "warning", "dmn-unreachable-row", zh, en, table.rows[row])


def gaps(table: "DecisionTable") -> Iterator[Finding]:
    if table.policy not in SINGLE_HIT or table.defaults or not table.rows:
        return
    search = Search(table.columns, plain(table))
    try:
        found = search.gaps(GAPS)
    except TooMany:
        yield not_searched(table)
        return
    severity: Severity = "note" if table.computed else "warning"
    for each in found:
        zh, en = search.told(each)
        zh, en = f"没有一行适用于 {zh}，结果将为空。", f"No row for {en}: the result is empty."
        yield finding(table, severity, "dmn-gap", zh, en)
    if found:
        yield no_catch_all(table, severity)


def no_catch_all(table: "DecisionTable", severity: Severity) -> Finding:
    if table.policy == "FIRST":
        zh = "没有兜底的行。请在最后加一行全为“-”的规则。"
        en = "There is no catch-all row: add a last one with '-' in all cells."
    else:
        zh = "没有兜底的行。请补上缺少的行，或改用 FIRST 并在最后加一行全为“-”的规则。"
        en = "There is no catch-all row: add what is missing, or use FIRST and a last row of '-'."
    return finding(table, severity, "dmn-no-catch-all", zh, en)


def not_searched(table: "DecisionTable") -> Finding:
    return finding(
        table,
        "note",
        "dmn-bound",
        "组合太多，未能查完空缺。请在最后加一行兜底的规则。",
        "Too many combinations to look for gaps in all: add a catch-all row at the end.",
    )


def plain(table: "DecisionTable") -> int:
    """A bit for each row without computed cells."""
    return (1 << len(table.rows)) - 1 & ~table.computed


def listed(rows: Iterator[int]) -> str:
    numbers = [str(row + 1) for row in rows]
    return ", ".join(numbers[:10]) + (" …" if len(numbers) > 10 else "")


def finding(
    table: "DecisionTable",
    severity: Severity,
    code: str,
    zh: str,
    en: str,
    row: "Row | None" = None,
) -> Finding:
    return Finding(severity, code, row.element if row else table.id, table.name, zh, en)
