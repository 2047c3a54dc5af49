"""Conversions of expressions: conditions, times, and scripts that are one expression."""

import re
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]  # lxml brings no types along

from bpmn.checks.drawing import BPMN, Xml, is_fact_name
from bpmn.findings import Finding
from bpmn.imports.expressions import inside, to_python
from bpmn.imports.tree import converted, drop, nodes, zeebe

CONDITIONS = ("conditionExpression", "completionCondition", "loopCondition", "loopCardinality")
TIMES = ("timeDate", "timeDuration", "timeCycle")
DURATION = re.compile(r"""\s*(?:duration|date and time)\(\s*["']([^"']+)["']\s*\)\s*""")


def conditions(root: Xml) -> Iterator[Finding]:
    for xml in nodes(root, *CONDITIONS):
        text = _foreign(xml)
        python = to_python(text) if text is not None else None
        if python:
            yield from _write(xml, python)


def times(root: Xml) -> Iterator[Finding]:
    """Bare ISO 8601 texts are times for us too, and stay."""
    for xml in nodes(root, *TIMES):
        text = _foreign(xml)
        if text is not None:
            literal = DURATION.fullmatch(text)
            python = literal[1] if literal else to_python(text)
            if python:
                yield from _write(xml, python)


def scripts(root: Xml) -> Iterator[Finding]:
    for xml in nodes(root, "scriptTask"):
        found = zeebe(xml, "script")
        text = inside(found.get("expression") or "") if found is not None else None
        python = to_python(text) if text else None
        result = found.get("resultVariable") if found is not None else ""
        if python and is_fact_name(result or ""):
            drop(found)
            made = etree.SubElement(xml, f"{{{BPMN}}}script")
            made.text = f"{result} = {python}"
            yield converted(xml, f"脚本改为 {made.text}", f"its script is now {made.text}")


def _foreign(xml: Xml) -> str | None:
    """The expression, if it is in another engine's language."""
    if "FEEL" in xml.get("language", ""):
        return inside(xml.text or "") or xml.text
    return inside(xml.text or "")


def _write(xml: Xml, python: str) -> Iterator[Finding]:
    before = " ".join((xml.text or "").split())[:80]
    xml.text = python
    xml.attrib.pop("language", None)
    at = xml
    while (at.getparent() is not None and not at.get("id")) or at is xml:
        at = at.getparent()
    yield converted(at, f"{before} 改写为 {python}", f"{before} is now {python}")
