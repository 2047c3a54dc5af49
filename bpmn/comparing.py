"""What differs between two versions of a diagram and of what it uses: element by element, values of
extensions included. Called by the doors.

A file of XML is taken apart by what has an id; a form by the path of each value in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from lxml import etree  # type: ignore[import-untyped]

from bpmn.wall import Bundle, read_xml

How = Literal["added", "removed", "changed", "moved"]
DRAWN = "http://www.omg.org/spec/BPMN/20100524/DI"
PLACES = "http://www.omg.org/spec/DD/20100524/DC"
OURS = "http://spiffworkflow.org/bpmn/schema/1.0/core"  # ids there are names, not of elements
NOT_SAID = {"incoming", "outgoing", "flowNodeRef"}  # said by the flows and by the lanes already
Facts = dict[str, str]  # what an element says, by where it says it


@dataclass(frozen=True)
class Change:
    """`what` is the attribute or the path within the element; empty where it is all of it."""

    file: str
    element: str
    name: str
    how: How
    what: str = ""
    was: str = ""
    now: str = ""


def compare(old: Bundle, new: Bundle) -> list[Change]:
    """Every difference, file by file, in the order of the new files."""
    names = dict.fromkeys([*new, *old])
    return [
        change for name in names for change in _compare_files(name, old.get(name), new.get(name))
    ]


def _compare_files(name: str, old: bytes | None, new: bytes | None) -> Iterator[Change]:
    if old == new:
        return
    before, after = _read(name, old), _read(name, new)
    for element in dict.fromkeys([*after, *before]):
        yield from _compare_elements(name, element, before.get(element), after.get(element))


def _compare_elements(
    file: str, element: str, before: Facts | None, after: Facts | None
) -> Iterator[Change]:
    name = (after or before or {}).get("name", "")
    if before is None or after is None:
        yield Change(file, element, name, "removed" if after is None else "added")
        return
    for what in dict.fromkeys([*after, *before]):
        was, now = before.get(what, ""), after.get(what, "")
        if was != now:
            how: How = "moved" if what == "place" else "changed"
            yield Change(file, element, name, how, what, was, now)


def _read(name: str, content: bytes | None) -> dict[str, Facts]:
    if content is None:
        return {}
    if name.endswith(".json"):
        return {"": dict(_leaves(orjson.loads(content)))}
    root = read_xml(name, content)
    found = {one.get("id"): _facts(one) for one in _said(root) if _has_id(one)}
    for drawn in root.iter(f"{{{DRAWN}}}BPMNShape"):
        bounds = drawn.find(f"{{{PLACES}}}Bounds")
        if bounds is not None and drawn.get("bpmnElement") in found:
            place = " ".join(
                f"{float(bounds.get(side, 0)):g}" for side in ("x", "y", "width", "height")
            )
            found[drawn.get("bpmnElement")]["place"] = place
    return found


def _said(root: Any) -> Iterator[Any]:
    """All elements but those that only say where something is drawn."""
    for one in root.iterchildren(etree.Element):
        if etree.QName(one).localname not in ("BPMNDiagram", "DMNDI"):
            yield one
            yield from _said(one)


def _facts(element: Any, path: str = "") -> Facts:
    """Its attributes and texts, and those of what is in it and has no id of its own."""
    facts = {
        f"{path}{_local(name)}": value for name, value in element.attrib.items() if name != "id"
    }
    if element.text and element.text.strip():
        facts[path.rstrip(".") or "text"] = element.text.strip()
    for child in element.iterchildren(etree.Element):
        if not _has_id(child):
            facts |= _of_child(child, path)
    return facts


def _of_child(child: Any, path: str) -> Facts:
    kind = _local(child.tag)
    if kind in NOT_SAID:
        return {}
    if kind in ("property", "parameter"):
        return {f"{path}{child.get('name') or child.get('id')}": child.get("value", "")}
    if kind == "serviceTaskOperator":
        return {f"{path}service": child.get("id", ""), **_facts(child, path)}
    if kind in ("extensionElements", "properties", "parameters"):
        return _facts(child, path)
    return _facts(child, f"{path}{kind}.")


def _has_id(element: Any) -> bool:
    return element.get("id") is not None and etree.QName(element).namespace != OURS


def _local(name: str) -> str:
    return str(etree.QName(name).localname)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from _leaves(inside, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for number, inside in enumerate(value, 1):
            yield from _leaves(inside, f"{path}[{number}]")
    else:
        yield path, orjson.dumps(value).decode() if not isinstance(value, str) else value
