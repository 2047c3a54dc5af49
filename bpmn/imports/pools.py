"""Conversions of the whole drawing: which pool is executed, and spellings that mean the same."""

from collections.abc import Iterator

from bpmn.checks.drawing import NODES, Xml, children, local, part
from bpmn.checks.identity import YES_OR_NO
from bpmn.checks.saying import note
from bpmn.findings import Finding
from bpmn.imports.tree import converted, nodes

LOCAL = ("attachedToRef", "calledElement", "default", "sourceRef", "targetRef")


def executable(root: Xml) -> Iterator[Finding]:
    """Modelers mark new pools as not executable. With one process, it is clear which is meant."""
    drawn = [process for process in children(root, "process") if _has_steps(process)]
    if len(drawn) == 1 and drawn[0].get("isExecutable") == "false":
        drawn[0].set("isExecutable", "true")
        yield converted(drawn[0], "已改为可执行", "it is now marked as executable")
    for process in children(root, "process"):
        if process not in drawn and process.get("isExecutable", "true") == "true":
            process.set("isExecutable", "false")
            yield converted(process, "没有步骤的泳池不执行", "a pool without steps is not executed")


def spellings(root: Xml) -> Iterator[Finding]:
    is_any = False
    for xml in root.iter("{*}*"):
        for name in YES_OR_NO:
            value = xml.get(name)
            if local(xml) and value is not None and value not in ("true", "false"):
                xml.set(name, "true" if value.strip() in ("true", "1") else "false")
                is_any = True
    if is_any:
        zh = "是与否已统一写成 true 和 false。"
        yield note("conversion", part(root), zh, "Yes and no are now spelt true and false.")


def prefixes(root: Xml) -> Iterator[Finding]:
    """References such as tns:Task_1, where Task_1 is in the same file."""
    ids = {xml.get("id") for xml in root.iter("{*}*")}
    is_any = False
    for xml in nodes(root, *NODES, "sequenceFlow"):
        for name in LOCAL:
            _, colon, ref = xml.get(name, "").partition(":")
            if colon and ref in ids:
                xml.set(name, ref)
                is_any = True
    if is_any:
        zh = "引用里的前缀已去掉。"
        yield note("conversion", part(root), zh, "Prefixes in references were taken away.")


def _has_steps(process: Xml) -> bool:
    return any(local(xml) in NODES for xml in children(process))
