"""Decision tables as grids of text, for people who change them cell by cell. Called by the doors.

What a cell may say is for the gate to judge; whatever else a file has stays as it is.
"""

# mypy: disable-error-code="import-untyped"
# (lxml ships no types)

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from lxml import etree

from bpmn.dmn.reading import parsed
from tasks.refusals import Conflict, NotFound

CELLS = ("inputEntry", "outputEntry", "annotationEntry")


@dataclass(frozen=True)
class Column:
    """`kind`: input, output, annotation. `says` is the expression or the name of the output."""

    kind: str
    label: str
    says: str


@dataclass(frozen=True)
class Grid:
    """One decision table. `rows`: the id of each rule, with its cells in the order of columns."""

    id: str
    name: str
    hit_policy: str
    columns: list[Column]
    rows: dict[str, list[str]]


def read_grids(xml: bytes) -> list[Grid]:
    """Raises BadDecisions."""
    return [_grid(table) for table in _tables(parsed(xml))]


def write_cells(xml: bytes, grid: str, rows: dict[str, list[str]]) -> bytes:
    """With these cells in the rules by their ids. Conflict where a rule is not there any more."""
    root = parsed(xml, comments=True)
    rules = {rule.get("id"): rule for rule in _children(_table(root, grid), "rule")}
    if missing := rows.keys() - rules.keys():
        raise Conflict(
            "表格的行已被别人改过,请重新打开",
            f"Rows {', '.join(sorted(missing))} are not there any more: open the table again",
        )
    for key, cells in rows.items():
        for entry, text in zip(_entries(rules[key]), cells, strict=False):
            _say(entry, text)
    return _written(root)


def add_row(xml: bytes, grid: str, after: str) -> bytes:
    """A row like `after`, beneath it; the first one of a table that has none has to be written."""
    root = parsed(xml, comments=True)
    rule = _rule(root, grid, after)
    new = deepcopy(rule)
    taken = {one.get("id") for one in root.iter(etree.Element)}
    number = next(n for n in range(1, 10_000) if f"{grid}_row_{n}" not in taken)
    new.set("id", f"{grid}_row_{number}")
    for place, entry in enumerate(_entries(new), 1):
        if entry.get("id"):
            entry.set("id", f"{grid}_row_{number}_cell_{place}")
    rule.addnext(new)
    return _written(root)


def drop_row(xml: bytes, grid: str, row: str) -> bytes:
    root = parsed(xml, comments=True)
    rule = _rule(root, grid, row)
    rule.getparent().remove(rule)
    return _written(root)


def move_up(xml: bytes, grid: str, row: str) -> bytes:
    """Before the row above it: under FIRST and PRIORITY the order decides."""
    root = parsed(xml, comments=True)
    rule = _rule(root, grid, row)
    above = rule.getprevious()
    if above is not None and _local(above) == "rule":
        above.addprevious(rule)
    return _written(root)


def _grid(table: Any) -> Grid:
    decision = table.getparent()
    return Grid(
        id=decision.get("id", ""),
        name=decision.get("name", ""),
        hit_policy=table.get("hitPolicy", "UNIQUE"),
        columns=list(_columns(table)),
        rows={rule.get("id", ""): _texts(rule) for rule in _children(table, "rule")},
    )


def _columns(table: Any) -> Iterator[Column]:
    for one in table.iterchildren(etree.Element):
        kind = _local(one)
        if kind == "input":
            expression = next(_children(one, "inputExpression"), None)
            yield Column(
                kind, one.get("label", ""), "" if expression is None else _text(expression)
            )
        elif kind == "output":
            yield Column(kind, one.get("label", ""), one.get("name", ""))
        elif kind == "annotation":
            yield Column(kind, one.get("name", ""), "")


def _texts(rule: Any) -> list[str]:
    return [_text(entry) for entry in _entries(rule)]


def _entries(rule: Any) -> list[Any]:
    return [one for one in rule.iterchildren(etree.Element) if _local(one) in CELLS]


def _text(entry: Any) -> str:
    inside = next(_children(entry, "text"), None)
    return "" if inside is None else (inside.text or "")


def _say(entry: Any, text: str) -> None:
    inside = next(_children(entry, "text"), None)
    if inside is None:
        inside = etree.SubElement(entry, f"{{{etree.QName(entry).namespace}}}text")
    inside.text = text


def _tables(root: Any) -> Iterator[Any]:
    for decision in _children(root, "decision"):
        yield from _children(decision, "decisionTable")


def _table(root: Any, grid: str) -> Any:
    for table in _tables(root):
        if table.getparent().get("id") == grid:
            return table
    raise NotFound(f"文件里没有决策表“{grid}”", f"There is no decision table “{grid}” in the file")


def _rule(root: Any, grid: str, row: str) -> Any:
    for rule in _children(_table(root, grid), "rule"):
        if rule.get("id") == row:
            return rule
    raise NotFound(f"没有第“{row}”行", f"There is no row “{row}”: open the table again")


def _children(element: Any, name: str) -> Iterator[Any]:
    return (one for one in element.iterchildren(etree.Element) if _local(one) == name)


def _local(element: Any) -> str:
    return str(etree.QName(element).localname)


def _written(root: Any) -> bytes:
    written: bytes = etree.tostring(
        root.getroottree(), xml_declaration=True, encoding="UTF-8", pretty_print=False
    )
    return written
