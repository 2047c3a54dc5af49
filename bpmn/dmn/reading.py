"""Reads decision tables from DMN XML. A file that is none is refused; what is wrong inside one is
a finding of its table, with the id of the cell.
"""

# mypy: disable-error-code="import-untyped"
# (lxml ships no types)

from typing import Any

from lxml import etree

from bpmn.dmn.checks import checked
from bpmn.dmn.rows import TableReader
from bpmn.dmn.tables import DecisionTable
from bpmn.findings import Finding

SIZE = 1_000_000  # bytes of one file
DECISIONS = 50
NAMESPACES = ("http://www.omg.org/spec/DMN/", "https://www.omg.org/spec/DMN/")  # 1.1 to 1.5


class BadDecisions(Exception):
    """Not a DMN file that can be read; nothing of it is kept."""

    def __init__(self, zh: str, en: str, element: str = "") -> None:
        super().__init__(en)
        self.zh, self.en, self.element = zh, en, element


def read_tables(xml: bytes) -> dict[str, DecisionTable]:
    """Each decision of the file, by its id, compiled. Ask for `findings()` before using it."""
    root = parsed(xml)
    space = etree.QName(root).namespace
    tables: dict[str, DecisionTable] = {}
    wanted: list[tuple[DecisionTable, str]] = []
    for element in root.iterchildren(f"{{{space}}}decision"):
        reader = TableReader(element, space)
        table = reader.read()
        add(tables, table)
        wanted += [(table, other) for other in reader.required()]
    for table, other in wanted:
        link(tables, table, other)
    for table in tables.values():
        table.problems += checked(table)
    return tables


def parsed(xml: bytes, *, comments: bool = False) -> Any:
    """The root. Without `comments` those are left out, which no rule has to look past then."""
    if len(xml) > SIZE:
        raise BadDecisions(f"文件超过 {SIZE} 字节。", f"The file is larger than {SIZE} bytes.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, remove_comments=not comments
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadDecisions(f"不是有效的 XML:{error}。", f"Not valid XML: {error}.") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadDecisions("文件不能带 DTD，请删除 DOCTYPE。", "No DTD here: take the DOCTYPE out.")
    name = etree.QName(root)
    if name.localname != "definitions" or not (name.namespace or "").startswith(NAMESPACES):
        raise BadDecisions("不是 DMN 1.1 至 1.5 的文件。", "Not a DMN 1.1 to 1.5 file.")
    return root


def add(tables: dict[str, DecisionTable], table: DecisionTable) -> None:
    if not table.id or table.id in tables:
        raise BadDecisions(
            f"决策“{table.name}”没有 id，或 id 重复。",
            f"The decision {table.name} has no id, or one that is used twice.",
            table.id,
        )
    if len(tables) == DECISIONS:
        raise BadDecisions(
            f"一个文件最多 {DECISIONS} 个决策，请拆分。",
            f"At most {DECISIONS} decisions in one file: split it.",
        )
    tables[table.id] = table


def link(tables: dict[str, DecisionTable], table: DecisionTable, other: str) -> None:
    if other in tables:
        table.requires.append(tables[other])
    else:
        zh = f"所需的决策“{other}”不在本文件中，请加入它，或去掉这个依赖。"
        en = f"The required decision {other} is not in this file: add it, or drop the link."
        finding = Finding("error", "dmn-requirement", table.id, table.name, zh, en)
        table.problems.append(finding)
