"""Reads the XML of single elements: extensions, services, triggers of events. For `parser.py`."""

from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # lxml brings no types along

from bpmn.wall.triggers import Kind, Trigger
from bpmn.wall.troubles import BadDiagram

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"

_CLOCKS = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}
_KINDS: dict[str, Kind] = {
    "timer": "timer",
    "message": "message",
    "signal": "signal",
    "error": "error",
    "escalation": "escalation",
    "cancel": "cancel",
    "terminate": "terminate",
    "link": "link",
}


def read_extensions(node: Any) -> dict[str, Any]:
    """`properties` as a dict, `serviceTaskOperator` as a dict, everything else as its text."""
    found: dict[str, Any] = {}
    for part in node.iterfind(f"{BPMN}extensionElements/{SPIFF}*"):
        name = etree.QName(part).localname
        if name == "properties":
            found[name] = {p.get("name"): p.get("value", "") for p in part.iter(f"{SPIFF}property")}
        elif name == "serviceTaskOperator":
            found[name] = _read_operator(part)
        else:
            found[name] = part.text
    return found


def read_trigger(node: Any, allowed: set[str]) -> Trigger:
    """What the event waits for or throws; refuses what is not in `allowed` at its position."""
    definitions = [part for part in node if str(part.tag).endswith("EventDefinition")]
    if not definitions:
        return _message_of(node) if node.get("messageRef") else Trigger("none")
    kind = etree.QName(definitions[0]).localname.removesuffix("EventDefinition")
    if len(definitions) > 1 or kind not in allowed:
        raise BadDiagram(
            f"元素 {node.get('id')} 的事件类型（{kind}）在此位置不受支持；请换用其他事件。",
            f"The event {node.get('id')} ({kind}) is not supported at this place; use another one.",
            node.get("id"),
        )
    return _read(node, definitions[0], kind)


def _read(node: Any, definition: Any, kind: str) -> Trigger:
    if kind == "timer":
        return _timer_of(node, definition)
    if kind in ("terminate", "cancel"):
        return Trigger(_KINDS[kind])
    if kind == "link":
        return Trigger("link", definition.get("name") or "")
    if kind == "message":
        return _message_of(node, definition)
    return _referred(node, definition, kind)


def _timer_of(node: Any, definition: Any) -> Trigger:
    for tag, clock in _CLOCKS.items():
        part = definition.find(f"{BPMN}{tag}")
        if part is not None and (part.text or "").strip():
            name = node.get("name") or node.get("id")
            return Trigger("timer", name, expression=part.text.strip(), clock=clock)  # type: ignore[arg-type]
    raise BadDiagram(
        f"定时器 {node.get('id')} 没有填写时间；请填写时刻、时长或周期。",
        f"The timer {node.get('id')} has no time; give it an instant, a duration or a repetition.",
        node.get("id"),
    )


def _message_of(node: Any, definition: Any = None) -> Trigger:
    definition = node if definition is None else definition
    message = _definition_of(node, definition.get("messageRef"), "message")
    places = [place for place in (definition, node, message) if place is not None]
    return Trigger(
        "message",
        _name_of(message, node),
        expression=_first_text(places, "messagePayload"),
        variable=_first_text(places, "messageVariable"),
        key=_key_of(node),
    )


def _referred(node: Any, definition: Any, kind: str) -> Trigger:
    """Signals, errors and escalations: name, code and payload are at what `…Ref` points to."""
    meant = _definition_of(node, definition.get(f"{kind}Ref"), kind)
    places = [place for place in (definition, meant) if place is not None]
    return Trigger(
        _KINDS[kind],
        _name_of(meant, node),
        code=None if meant is None else meant.get(f"{kind}Code"),
        expression=_first_text(places, "payloadExpression"),
        variable=_first_text(places, "variableName"),
        key=_key_of(node),
    )


def _definition_of(node: Any, ref: str | None, kind: str) -> Any:
    if ref is None:
        return None
    name = ref.split(":")[-1]
    for found in node.getroottree().getroot().iterfind(f"{BPMN}{kind}"):
        if found.get("id") == name:
            return found
    raise BadDiagram(
        f"元素 {node.get('id')} 引用的 {ref} 不存在；请重新选择。",
        f"The element {node.get('id')} refers to {ref}, which is not there; choose again.",
        node.get("id"),
    )


def _name_of(definition: Any, node: Any) -> str:
    named = node if definition is None else definition
    return str(named.get("name") or named.get("id"))


def _key_of(node: Any) -> str | None:
    return read_extensions(node).get("properties", {}).get("correlationKey")


def _first_text(places: list[Any], tag: str) -> str | None:
    for place in places:
        text = read_extensions(place).get(tag)
        if text and text.strip():
            return str(text.strip())
    return None


def _read_operator(part: Any) -> dict[str, Any]:
    retry = part.find(f"{SPIFF}retry")
    parameters = {
        parameter.get("id"): {"value": parameter.get("value"), "type": parameter.get("type")}
        for parameter in part.iter(f"{SPIFF}parameter")
        if parameter.get("value")
    }
    return {
        "name": part.get("id"),
        "resultVariable": part.get("resultVariable"),
        "parameters": parameters,
        "retries": _whole(retry, "retries"),
        "backoff": _whole(retry, "backoff_base"),
    }


def _whole(retry: Any, name: str) -> int | None:
    text = None if retry is None else retry.get(name)
    return int(text) if text and text.isdecimal() else None
