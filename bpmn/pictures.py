"""A diagram as it was drawn: where each element stands and where each flow goes (BPMN DI).

Called by the pages, which draw it. Names are as in the diagram, “中文 / English”.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from bpmn.checks.drawing import BY_HAND, EVENTS, GATEWAYS, SUBPROCESSES
from bpmn.wall import Bundle, read_xml

NS = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "di": "http://www.omg.org/spec/BPMN/20100524/DI",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "dd": "http://www.omg.org/spec/DD/20100524/DI",
}
FORMS = {  # what is drawn for which element; all else is a box
    **dict.fromkeys(EVENTS, "circle"),
    **dict.fromkeys(GATEWAYS, "diamond"),
    **dict.fromkeys(SUBPROCESSES, "frame"),
    **dict.fromkeys(("participant", "lane"), "lane"),
    **dict.fromkeys(("textAnnotation", "dataObjectReference", "dataStoreReference"), "note"),
}
SIGNS = {  # what stands in it, by its own kind or that of its definition
    "exclusiveGateway": "×",
    "parallelGateway": "+",
    "inclusiveGateway": "○",
    "eventBasedGateway": "⬠",
    "timerEventDefinition": "◷",
    "messageEventDefinition": "✉",
    "signalEventDefinition": "△",
    "errorEventDefinition": "ϟ",
    "escalationEventDefinition": "⇧",
    "conditionalEventDefinition": "≡",
    "linkEventDefinition": "➔",
    "terminateEventDefinition": "●",
    "compensateEventDefinition": "⏪",
}
BEHIND = {"lane": 0, "frame": 1, "note": 2}  # drawn first
MARGIN = 10


class Box(NamedTuple):
    x: float
    y: float
    width: float
    height: float


class Shape(NamedTuple):
    """One element. `label`: where its name stands, if not inside of it."""

    id: str
    kind: str
    form: str  # box, circle, diamond, frame, lane, note
    name: str
    sign: str
    box: Box
    label: Box | None
    is_by_hand: bool


class Line(NamedTuple):
    """One flow; `points` as SVG has them."""

    id: str
    name: str
    points: str
    label: Box | None


class Picture(NamedTuple):
    view: Box
    shapes: list[Shape]
    lines: list[Line]


def draw(bundle: Bundle, key: str) -> Picture | None:
    """None where the process of that key is not drawn."""
    for name, content in bundle.items():
        if name.endswith(".bpmn") and (picture := _read(content, key)):
            return picture
    return None


@lru_cache(maxsize=64)
def _read(content: bytes, key: str) -> Picture | None:
    root = read_xml("", content)
    if root.find(f".//bpmn:process[@id='{key}']", NS) is None:
        return None
    parts = {one.get("id"): one for one in root.iter() if one.get("id")}
    shapes = sorted(_shapes(root, parts), key=lambda one: BEHIND.get(one.form, 9))
    return Picture(_view(shapes), shapes, list(_lines(root, parts))) if shapes else None


def _shapes(root: Any, parts: Mapping[str, Any]) -> Iterator[Shape]:
    for drawn in root.iterfind(".//bpmndi:BPMNShape", NS):
        part, box = parts.get(drawn.get("bpmnElement")), _box(drawn.find("dc:Bounds", NS))
        if part is None or box is None:
            continue
        kind = _tag(part)
        name = part.get("name") or part.findtext("bpmn:text", "", NS)
        label = _box(drawn.find("bpmndi:BPMNLabel/dc:Bounds", NS))
        form = FORMS.get(kind, "box")
        yield Shape(part.get("id"), kind, form, name, _sign(part), box, label, kind in BY_HAND)


def _lines(root: Any, parts: Mapping[str, Any]) -> Iterator[Line]:
    for drawn in root.iterfind(".//bpmndi:BPMNEdge", NS):
        part = parts.get(drawn.get("bpmnElement"))
        points = [f"{one.get('x')},{one.get('y')}" for one in drawn.iterfind("dd:waypoint", NS)]
        if part is not None and len(points) > 1:
            label = _box(drawn.find("bpmndi:BPMNLabel/dc:Bounds", NS))
            yield Line(part.get("id"), part.get("name", ""), " ".join(points), label)


def _sign(part: Any) -> str:
    own = [_tag(part), *(_tag(one) for one in part if isinstance(one.tag, str))]
    return next((SIGNS[kind] for kind in own if kind in SIGNS), "")


def _view(shapes: list[Shape]) -> Box:
    left, top = (min(one.box[n] for one in shapes) - MARGIN for n in (0, 1))
    right = max(one.box.x + one.box.width for one in shapes) + MARGIN
    bottom = max(one.box.y + one.box.height for one in shapes) + MARGIN
    return Box(left, top, right - left, bottom - top)


def _box(bounds: Any) -> Box | None:
    if bounds is None:
        return None
    try:
        return Box(*(float(bounds.get(name)) for name in ("x", "y", "width", "height")))
    except (TypeError, ValueError):  # another modeler's
        return None


def _tag(part: Any) -> str:
    return str(part.tag).rpartition("}")[2]
