"""Conversions of multi-instance steps: the collection, and the name of the item."""

from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]  # lxml brings no types along

from bpmn.checks.drawing import BPMN, Xml, child, is_fact_name
from bpmn.findings import Finding
from bpmn.imports.expressions import inside
from bpmn.imports.tree import converted, drop, foreign, nodes, take, zeebe

ORDER = ("loopDataInputRef", "loopDataOutputRef", "inputDataItem", "outputDataItem")


def instances(root: Xml) -> Iterator[Finding]:
    for xml in nodes(root):
        loop = child(xml, "multiInstanceLoopCharacteristics")
        if loop is not None and child(loop, "loopDataInputRef") is None:
            wanted = _of_zeebe(loop) or _of_camunda(loop)
            if wanted:
                _write(loop, wanted)
                over = wanted["loopDataInputRef"]
                yield converted(xml, f"按集合 {over} 逐个执行", f"it goes through {over}")


def _of_zeebe(loop: Xml) -> dict[str, str] | None:
    found = zeebe(loop, "loopCharacteristics")
    if found is None:
        return None
    wanted = {
        "loopDataInputRef": _name(found.get("inputCollection")),
        "loopDataOutputRef": _name(found.get("outputCollection")),
        "inputDataItem": _name(found.get("inputElement")),
        "outputDataItem": _name(found.get("outputElement")),
    }
    if "" in wanted.values() or not wanted["loopDataInputRef"]:
        return None
    drop(found)
    return {key: value for key, value in wanted.items() if value}


def _of_camunda(loop: Xml) -> dict[str, str] | None:
    over, item = _name(foreign(loop, "collection")), _name(foreign(loop, "elementVariable"))
    if not over or item == "":
        return None
    take(loop, "collection", "elementVariable")
    return {"loopDataInputRef": over} | ({"inputDataItem": item} if item else {})


def _name(text: str | None) -> str | None:
    """A plain name, as such or as an expression; "" for more than that, None for nothing."""
    if text is None:
        return None
    name = (inside(text) or text).strip()
    return name if is_fact_name(name) else ""


def _write(loop: Xml, wanted: dict[str, str]) -> None:
    """In the order of the schema: behind the number of instances, before the condition."""
    before = [each for each in loop if str(each.tag).endswith(("documentation", "Elements"))]
    at = loop.index(before[-1]) + 1 if before else 0
    for tag in (tag for tag in ORDER if tag in wanted):
        made = etree.Element(f"{{{BPMN}}}{tag}")
        if tag.startswith("loop"):
            made.text = wanted[tag]
        else:
            made.set("id", wanted[tag])
            made.set("name", wanted[tag])
        loop.insert(at, made)
        at += 1
