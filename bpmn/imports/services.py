"""Conversions of service steps: jobs of Camunda 8, topics and delegates of Camunda 7."""

import re
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]  # lxml brings no types along

from bpmn.checks.drawing import BPMN, SPIFF, Xml, extension, is_fact_name
from bpmn.checks.foreign import ZEEBE
from bpmn.findings import Finding
from bpmn.imports.expressions import inside, to_python
from bpmn.imports.tree import converted, drop, extend, foreign, nodes, set_property, take, zeebe

BEAN = re.compile(r"\s*(\w+)(?:\.\w+\(.*\))?\s*")
RESULT = "result"


def jobs(root: Xml) -> Iterator[Finding]:
    for xml in nodes(root, "serviceTask", "sendTask"):
        if extension(xml, "serviceTaskOperator") is None and (service := _service(xml)):
            if xml.tag == f"{{{BPMN}}}sendTask":
                xml.tag = f"{{{BPMN}}}serviceTask"  # a job without a message is a call
            result = take(xml, "resultVariable", "resultVariableName") or RESULT
            operator = extend(xml, "serviceTaskOperator", id=service, resultVariable=result)
            etree.SubElement(operator, f"{{{SPIFF}}}parameters")
            yield converted(xml, f"调用服务 {service}", f"it calls the service {service}")


def inputs(root: Xml) -> Iterator[Finding]:
    """Inputs of Camunda 8 become parameters, if all of them can."""
    for xml in nodes(root, "serviceTask"):
        mapped, operator = zeebe(xml, "ioMapping"), extension(xml, "serviceTaskOperator")
        if mapped is None or operator is None or not all(_parameter(each) for each in mapped):
            continue
        parameters = operator.find(f"{{{SPIFF}}}parameters")
        for each in mapped:
            name, value = _parameter(each) or ("", "")
            made = etree.SubElement(parameters, f"{{{SPIFF}}}parameter", id=name, type="any")
            made.set("value", value)
        names = ", ".join(each.get("target") for each in mapped)
        drop(mapped)
        yield converted(xml, f"输入改为参数 {names}", f"its inputs are now the parameters {names}")


def keys(root: Xml) -> Iterator[Finding]:
    """Camunda 8 writes the correlation key to the message; we write it to who waits for it."""
    for message in nodes(root, "message"):
        found = zeebe(message, "subscription")
        text = inside(found.get("correlationKey") or "") if found is not None else None
        key = to_python(text) if text else None
        if key:
            drop(found)
            for xml in _catching(root, message.get("id")):
                set_property(xml, "correlationKey", key)
                yield converted(xml, f"关联键为 {key}", f"its correlation key is {key}")


def _service(xml: Xml) -> str | None:
    return _job(xml) or _topic(xml) or _bean(xml) or (take(xml, "class") or "").split(".")[-1]


def _job(xml: Xml) -> str | None:
    defined = zeebe(xml, "taskDefinition")
    kind = defined.get("type") or "" if defined is not None else ""
    if not kind or inside(kind) is not None:
        return None
    drop(defined)
    take(xml, "topic", "type")  # a file for both: they say the same
    return str(kind)


def _topic(xml: Xml) -> str | None:
    if foreign(xml, "topic"):
        take(xml, "type")
    return take(xml, "topic")


def _bean(xml: Xml) -> str | None:
    text = foreign(xml, "delegateExpression", "expression") or ""
    found = BEAN.fullmatch(inside(text) or text)
    if found:
        take(xml, "delegateExpression", "expression")
    return found[1] if found else None


def _parameter(xml: Xml) -> tuple[str, str] | None:
    """An input as name and expression. An output, or what goes beyond, is None."""
    name, source = xml.get("target") or "", xml.get("source") or ""
    if xml.tag != f"{{{ZEEBE}}}input" or not is_fact_name(name):
        return None
    feel = inside(source)
    value = repr(source) if feel is None else to_python(feel)
    return (name, value) if value else None


def _catching(root: Xml, message: str) -> Iterator[Xml]:
    for xml in nodes(root):
        is_receiving = xml.tag == f"{{{BPMN}}}receiveTask" and xml.get("messageRef") == message
        events = xml.findall(f"{{{BPMN}}}messageEventDefinition")
        is_throwing = xml.tag in (f"{{{BPMN}}}endEvent", f"{{{BPMN}}}intermediateThrowEvent")
        if is_receiving or (
            not is_throwing and any(e.get("messageRef") == message for e in events)
        ):
            yield xml
